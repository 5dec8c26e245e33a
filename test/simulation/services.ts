/** The services as every process reaches them: in memory, wired to one another, and looked at while they work. */
import type { MemoryPorts } from '@fzip/testing';
import { watchEvents } from './watch-events.ts';
import { watchedJobs } from './watch-jobs.ts';
import type { World } from './world.ts';

export const servicesOf = (world: World): MemoryPorts => {
  const { memory } = world;
  return {
    ...memory,
    jobs: watchedJobs(world),
    queues: {
      ...memory.queues,
      send: async (step, messages, user, { delaySeconds = 0 } = {}) => {
        for (const message of messages) world.queues.send(step, JSON.stringify(message), user, delaySeconds * 1_000);
      },
    },
    events: {
      ...memory.events,
      publish: async (event, jobType) => {
        await memory.events.publish(event, jobType);
        await watchEvents(world, event);
        // The one subscription that is ours.
        if (event.type === 'restore.completed')
          world.queues.send('analytics-refresh', JSON.stringify(event), event.data.userId);
      },
    },
  };
};
