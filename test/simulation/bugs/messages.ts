/** Mistakes on the way from one step to the next. */
import type { Job } from '@fzip/core';
import { messagesTwice, outage } from '../faults.ts';
import { inProcesses, type SeenBug, strict, wild } from './shared.ts';

export const messages: readonly SeenBug[] = [
  { name: 'acknowledge before send', acknowledgesFirst: true, ...strict, stories: ['restore'], within: 20 },
  {
    name: 'lost continuation',
    ports: inProcesses(
      ({ queues }) => ({
        queues: {
          send: async (step, sent, user, options) => {
            const isContinued = sent.some((one) => 'cursor' in one || 'recheck' in one);
            if (step !== 'backup-collect' || !isContinued) await queues.send(step, sent, user, options);
          },
        },
      }),
      'backup-collect',
    ),
    ...strict,
    stories: ['backup'],
    within: 20,
  },
  {
    name: 'continuation off by one',
    ports: inProcesses(
      ({ queues }) => ({
        queues: {
          send: (step, sent, user, options) => {
            const further = (sent as unknown as { chunk: number }[]).map((one) => ({
              ...one,
              chunk: one.chunk + Math.sign(one.chunk),
            }));
            return queues.send(
              step,
              step === 'backup-collect' ? (further as unknown as typeof sent) : sent,
              user,
              options,
            );
          },
        },
      }),
      'backup-collect',
    ),
    ...strict,
    stories: ['backup'],
    within: 20,
  },
  {
    name: 'no attempt in a message',
    received: (body, world) => {
      const message = JSON.parse(body) as Partial<Job>;
      const job = message.jobId === undefined ? undefined : world.seen.get(message.jobId);
      return job ? JSON.stringify({ ...message, attempt: job.attempt }) : body;
    },
    ...wild,
    faults: (seed) => messagesTwice(2 + (seed % 5)),
    stories: ['retried'],
    within: 10,
  },
  {
    name: 'dead letter ignored',
    ignoresDeadLetters: true,
    ...wild,
    faults: () => outage('profiles', 3 * 3_600_000),
    stories: ['backup'],
    within: 3,
  },
];
