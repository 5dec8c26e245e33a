/** What happens by the clock: the sweep. */
import { sweepEverySeconds } from '../packages/core/src/topology.ts';
import { trustOf } from './defaults.ts';
import type { Functions } from './functions.ts';
import { nameOf } from './names.ts';

export const schedule = ({ sweep }: Functions): void => {
  // sst.aws.Cron makes rules of the older EventBridge and is deprecated; CronV2 makes schedules.
  new sst.aws.CronV2('SweepSchedule', {
    schedule: `rate(${sweepEverySeconds / 60} minutes)`,
    function: sweep.arn,
    transform: {
      schedule: (args) => {
        args.name = nameOf('sweep');
        // A sweep that could not begin is made up for by the next.
        args.target = $output(args.target).apply((target) => ({
          ...target,
          retryPolicy: { maximumEventAgeInSeconds: sweepEverySeconds, maximumRetryAttempts: 0 },
        }));
      },
      role: { assumeRolePolicy: trustOf('scheduler.amazonaws.com') },
    },
  });
};
