/** Mistakes with a user's profile. */
import type { EntityKind, Row } from '@fzip/format';
import { isOf } from '../process.ts';
import { inProcesses, type SeenBug, strict, swallowed, wild } from './shared.ts';

export const profiles: readonly SeenBug[] = [
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
    within: 300,
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
