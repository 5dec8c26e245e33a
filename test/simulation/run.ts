/** Runs a world until everything in it has come to rest. */
import { atRest, sweepEverySeconds } from '@fzip/core';
import { noFaults } from './faults.ts';
import { startSweep } from './invocations.ts';
import { isIdle, violated, type World } from './world.ts';

const hour = 3_600_000;
/** Longer than anything waits, and more than any run takes; whoever needs more does not end. */
const [mostMs, mostSteps] = [100 * hour, 150_000];

/** Lets a world go on until nothing is under way and every job rests; sweeps run as they do in the cloud. */
export const runToRest = async (world: World): Promise<void> => {
  const { timeline, violations } = world;
  let isOver = false;
  const tick = (): void => {
    const idle = isIdle(world);
    const moving = world.memory.jobs.all().filter(({ status }) => !atRest(status));
    if (idle && moving.length === 0) {
      isOver = true;
      return;
    }
    if (timeline.now() - world.start > mostMs) {
      for (const { jobId, status } of moving) violated(world, `job ${jobId} never ended: it is ${status}`);
      if (moving.length === 0) violated(world, 'it never came to rest');
      isOver = true;
      return;
    }
    startSweep(world);
    // Where nothing else is under way, the sweeps between would change nothing.
    timeline.after(idle ? hour / 2 : sweepEverySeconds * 1_000, tick);
  };
  timeline.after(world.chance.pick([world.chance.between(200, 8_000), sweepEverySeconds * 1_000]), tick);
  for (let steps = 0; !isOver && violations.size === 0; steps += 1) {
    if (steps > mostSteps) violated(world, `it never came to rest: ${mostSteps} things happened`);
    if (!(await timeline.step())) return;
  }
};

/** The time after: nothing fails any more, the retry window passes, and what is left is swept. */
export const runToEnd = async (world: World): Promise<void> => {
  const { timeline, violations } = world;
  world.faults = noFaults;
  for (const wait of [26 * hour, 73 * hour, hour]) {
    let swept = false;
    timeline.after(wait, () => {
      swept = true;
      startSweep(world);
    });
    while (violations.size === 0 && (!swept || !isIdle(world))) if (!(await timeline.step())) break;
  }
};
