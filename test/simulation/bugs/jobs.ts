/** Mistakes in what is saved and told. */
import { endingOf, type Job } from '@fzip/core';
import { inProcesses, type SeenBug, strict, swallowed, wild } from './shared.ts';

export const jobs: readonly SeenBug[] = [
  {
    name: 'event before save',
    ports: inProcesses(({ jobs: store, events }) => ({
      jobs: {
        ...store,
        change: async (job, patch) => {
          const ending = patch.status && endingOf({ ...job, ...patch } as Job);
          if (ending) await events.publish(ending, job.jobType);
          return store.change(job, patch);
        },
      },
    })),
    ...strict,
    stories: ['backup'],
    within: 3,
  },
  {
    name: 'second initiated event with a random id',
    ports: inProcesses(({ events, newId }) => ({
      events: {
        publish: (event, jobType) =>
          events.publish(event.type.endsWith('.initiated') ? { ...event, id: newId() } : event, jobType),
      },
    })),
    ...wild,
    stories: ['backup', 'restore'],
    within: 40,
  },
  {
    name: 'event that is lost counts as published',
    ports: inProcesses(({ events }) => ({
      events: { publish: (event, jobType) => swallowed(events.publish(event, jobType)) },
    })),
    ...wild,
    stories: ['backup', 'backup', 'restore'],
    within: 40,
  },
  {
    name: 'job saved whatever its version',
    services: (services) => ({
      ...services,
      jobs: {
        ...services.jobs,
        change: async (job, patch) => {
          const { version = job.version } = (await services.jobs.find(job.jobId)) ?? {};
          return services.jobs.change({ ...job, version }, patch);
        },
      },
    }),
    ...wild,
    stories: ['canceled', 'canceled'],
    within: 60,
  },
  {
    name: 'progress written unguarded',
    services: (services) => ({
      ...services,
      jobs: {
        ...services.jobs,
        report: async (jobId, _, updatedAt, { percent }) => {
          const job = await services.jobs.find(jobId);
          // Written as it comes, which the type of a patch forbids.
          if (job) await services.jobs.change(job, { updatedAt, progress: percent as 0 });
        },
      },
    }),
    ...wild,
    stories: ['backup', 'restore'],
    within: 40,
  },
  {
    name: 'deleted job not remembered',
    ports: inProcesses(({ ledger }) => ({
      ledger: { ...ledger, get: async (scope, n) => (scope.kind === 'deleted' ? undefined : ledger.get(scope, n)) },
    })),
    ...wild,
    stories: ['removed', 'removed', 'removed'],
    within: 60,
  },
];
