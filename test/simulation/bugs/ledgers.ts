/** Mistakes with the ledger, leases and locks. */
import { messagesTwice, pausing } from '../faults.ts';
import { inProcesses, type SeenBug, strict, wild } from './shared.ts';

export const ledgers: readonly SeenBug[] = [
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
    // A writer that sleeps within its time, while its restore is canceled.
    faults: (seed) => pausing('restore-accounts', seed, 80_000),
    stories: ['canceledLate'],
    within: 20,
  },
];
