/** Mistakes that one could make, each made on purpose. A simulator that does not see them would see nothing. */
import { endingOf, type Job, type Ports } from '@fzip/core';
import type { EntityKind, Row } from '@fzip/format';
import type { Bug } from './bug.ts';
import { type Faults, messagesTwice } from './faults.ts';
import { isOf, type Process } from './process.ts';
import type { StoryName } from './scenarios.ts';
import type { Mode } from './simulate.ts';

/** `within`: so many seeds, from 1 on, see it. */
export type SeenBug = Bug & {
  within: number;
  mode: Mode;
  stories: readonly StoryName[];
  /** Instead of what the seed chooses. */
  faults?: (seed: number) => Faults;
};

/** Changes the ports of the processes of some step, or of all. */
const inProcesses =
  (change: (ports: Ports, process: Process) => Partial<Ports>, ...of: readonly string[]): NonNullable<Bug['ports']> =>
  (ports, process) =>
    of.length > 0 && !of.some((name) => isOf(process, name)) ? ports : { ...ports, ...change(ports, process) };

const swallowed = async (work: Promise<unknown>): Promise<void> => {
  await work.catch(() => undefined);
};

const strict = { mode: 'strict' } as const;
const wild = { mode: 'wild' } as const;

/** On the way from one step to the next. */
const messages: readonly SeenBug[] = [
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
  { name: 'dead letter ignored', ignoresDeadLetters: true, ...wild, stories: ['restore', 'backup'], within: 60 },
];

/** Of what is saved and told. */
const jobs: readonly SeenBug[] = [
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

/** Of the ledger, leases and locks. */
const ledgers: readonly SeenBug[] = [
  {
    name: 'a counter instead of a set in the ledger',
    services: (services) => {
      const counts = new Map<string, number>();
      return {
        ...services,
        ledger: {
          ...services.ledger,
          mark: async (scope, page) => {
            const place = JSON.stringify([scope, page]);
            counts.set(place, (counts.get(place) ?? 0) + 1);
            return counts.get(place) ?? 0;
          },
        },
      };
    },
    ...strict,
    faults: (seed) => messagesTwice(2 + (seed % 5)),
    stories: ['restore'],
    within: 10,
  },
  {
    name: 'lock not released',
    ports: inProcesses(({ ledger }) => ({ ledger: { ...ledger, unlockProfile: async () => undefined } })),
    ...strict,
    stories: ['restore'],
    within: 3,
  },
  {
    name: 'leases that never end',
    ports: inProcesses(({ ledger }) => ({
      ledger: {
        ...ledger,
        lease: (scope, n, lease) => ledger.lease(scope, n, { ...lease, until: lease.until * 2 }),
      },
    })),
    ...strict,
    stories: ['restore'],
    within: 60,
  },
  {
    name: 'rollback without waiting for leases',
    ports: inProcesses(
      ({ ledger }) => ({ ledger: { ...ledger, leaseUntil: async () => undefined } }),
      'restore-rollback',
    ),
    ...wild,
    stories: ['canceled', 'canceled', 'canceled'],
    within: 400,
  },
];

/** Of a user's profile. */
const profiles: readonly SeenBug[] = [
  {
    name: 'unconditional put',
    ports: inProcesses(({ profiles: store }) => ({
      profiles: {
        ...store,
        putOwn: async (_, kind, rows) => {
          await store.putFresh(kind, rows);
          return { conflicts: 0 };
        },
      },
    })),
    ...wild,
    stories: ['samePackage'],
    within: 20,
  },
  {
    name: 'no recheck of the empty profile',
    ports: inProcesses(
      ({ profiles: store }) => ({ profiles: { ...store, count: async () => ({ count: 0, exact: true }) } }),
      'restore-check',
      'api start',
    ),
    ...wild,
    stories: ['twoRestores'],
    within: 60,
  },
  {
    name: 'rollback by user instead of by key',
    ports: (ports, process, { memory }) =>
      isOf(process, 'restore-rollback')
        ? {
            ...ports,
            profiles: {
              ...ports.profiles,
              deleteOwn: (userId: string, kind: EntityKind) => {
                const all: Row[] = memory.profiles.rows(kind).filter((row) => row.userId === userId);
                return ports.profiles.deleteOwn(userId, kind, all);
              },
            },
          }
        : ports,
    ...wild,
    stories: ['filled'],
    within: 100,
  },
  {
    name: 'unprocessed items dropped',
    ports: inProcesses(({ profiles: store }) => ({
      profiles: { ...store, putFresh: (kind, rows) => swallowed(store.putFresh(kind, rows)) },
    })),
    ...strict,
    stories: ['restore'],
    within: 120,
  },
  {
    name: 'verify skipped, where a batch loses a row',
    ports: inProcesses(
      ({ profiles: store }) => ({
        profiles: {
          ...store,
          get: async (_, keys) => [...keys],
          putFresh: (kind, rows) => store.putFresh(kind, rows.slice(0, -1)),
        },
      }),
      'restore-verify',
      'restore-transactions',
    ),
    ...strict,
    stories: ['restore'],
    within: 3,
  },
  {
    name: 'reading ends with the first page',
    ports: inProcesses(
      ({ profiles: store }) => ({
        profiles: { ...store, page: async (query) => ({ rows: (await store.page(query)).rows }) },
      }),
      'backup-collect',
    ),
    ...strict,
    stories: ['backup'],
    within: 3,
  },
];

/** Of the storage. */
const objects: readonly SeenBug[] = [
  {
    name: 'multipart upload not aborted',
    ports: inProcesses(({ packages }) => ({ packages: { ...packages, abort: async () => undefined } })),
    ...wild,
    stories: ['backup', 'backup', 'backup'],
    within: 60,
  },
  {
    name: 'the sweep deletes staging of a job that works',
    ports: inProcesses(
      ({ packages }) => ({
        packages: {
          ...packages,
          folders: async function* (prefix) {
            for await (const folder of packages.folders(prefix)) {
              for await (const { key } of packages.list(folder)) await packages.delete([key]);
              yield folder;
            }
          },
        },
      }),
      'sweep',
    ),
    ...strict,
    stories: ['restore'],
    within: 20,
  },
];

export const bugs: readonly SeenBug[] = [...messages, ...jobs, ...ledgers, ...profiles, ...objects];
