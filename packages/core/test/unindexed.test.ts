/** Rows that HouseF3's own index does not show, and objects without a row: none is lost in silence. */
import { fc, test as prop } from '@fast-check/vitest';
import { createBackup, type Job } from '@fzip/core';
import {
  bufferSource,
  checkVolume,
  compareSortKeys,
  type EntityKind,
  idOf,
  kindRules,
  openVolume,
  type Row,
  type SortKey,
  sortKey,
} from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill } from './drive.ts';
import { find, user } from './examining.ts';

const lackable = ['transactions', 'accounts', 'categories'] as const;
type Lackable = (typeof lackable)[number];

/** A profile of which some rows lack what the index orders them by. */
const profileLacking = async (
  lacks: (kind: Lackable, n: number) => boolean,
): Promise<{ ports: MemoryPorts; ids: Record<Lackable, string[]> }> => {
  const ports = memoryPorts({ limits: { chunkRows: 7, handOverMs: 0 }, pageRows: 5 });
  await fill(ports, user, { transactions: 40, files: 3 });
  await fill(ports, 'bob', { transactions: 10, files: 1, seed: 9 });
  const ids: Record<Lackable, string[]> = { transactions: [], accounts: [], categories: [] };
  for (const kind of lackable) {
    for (const [n, row] of ports.profiles.rows(kind).entries()) {
      if (!lacks(kind, n) || !canBeFound(ports, kind, row)) continue;
      const { [kindRules[kind].rangeKey ?? '']: _, ...rest } = row;
      ports.profiles.put(kind, [rest]);
      if (row.userId === user) ids[kind].push(idOf(kind, row) ?? '');
    }
  }
  return { ports, ids };
};

/** Nothing at all would know of a row that nobody names. */
const canBeFound = (ports: MemoryPorts, kind: Lackable, row: Row): boolean => {
  if (kind === 'transactions') return true;
  const id = idOf(kind, row) ?? '';
  if (kind === 'categories' && typeof row.parentCategoryId === 'string') return true;
  return ports.profiles
    .rows('transactions')
    .some((transaction) => transaction.userId === row.userId && JSON.stringify(transaction).includes(id));
};

const backedUp = async (ports: MemoryPorts): Promise<Job> => {
  const parameters = { backupType: 'complete', expiresInHours: 24 } as const;
  const { job } = await createBackup(ports, { userId: user, parameters });
  await drain(ports);
  return find(ports, job.jobId);
};

const rowsIn = async (ports: MemoryPorts, job: Job): Promise<Map<EntityKind, string[]>> => {
  const found = new Map<EntityKind, string[]>();
  const keys = new Map<EntityKind, SortKey>();
  for (const { key } of job.packages ?? []) {
    const bytes = ports.packages.objects.get(key)?.bytes;
    if (!bytes) throw new Error(`no ${key}`);
    const check = await checkVolume(await openVolume(bufferSource(bytes)), {
      onRow: (kind, { row }) => {
        const before = keys.get(kind);
        // Where a row was found is no matter of its place.
        if (before) expect(compareSortKeys(before, sortKey(kind, row)), kind).toBeLessThan(0);
        keys.set(kind, sortKey(kind, row));
        found.set(kind, [...(found.get(kind) ?? []), idOf(kind, row) ?? '']);
      },
    });
    expect(check.errors).toEqual([]);
  }
  return found;
};

const idsOf = (ports: MemoryPorts, kind: EntityKind): string[] =>
  ports.profiles
    .rows(kind)
    .filter(({ userId }) => userId === user)
    .map((row) => idOf(kind, row) ?? '');

describe('rows that are in no list', () => {
  prop.prop([fc.infiniteStream(fc.integer({ min: 0, max: 3 }))], { numRuns: 25 })(
    'are found, taken, and named, whichever they are',
    async (coins) => {
      const { ports, ids } = await profileLacking(() => coins.next().value === 0);
      const job = await backedUp(ports);
      expect(job, JSON.stringify(job.error)).toMatchObject({ status: 'backup_completed' });
      const packaged = await rowsIn(ports, job);
      for (const kind of lackable) {
        expect(packaged.get(kind)?.toSorted() ?? [], kind).toEqual(idsOf(ports, kind).toSorted());
        const issue = job.validation?.issues.find(
          (text) => text.includes("HouseF3's own list") && text.includes(`of the ${kind} `),
        );
        if (ids[kind].length === 0) expect(issue).toBeUndefined();
        else {
          expect(issue).toMatch(new RegExp(`^${ids[kind].length} of the ${kind}`));
          const named = ids[kind].filter((id) => issue?.includes(id)).length;
          expect(named).toBe(Math.min(10, ids[kind].length));
        }
      }
    },
  );

  test('of others are never taken', async () => {
    const { ports } = await profileLacking(() => true);
    const mine = ports.profiles.rows('transactions').find(({ userId }) => userId === user);
    if (!mine) throw new Error('no row');
    const { date: _, ...undated } = mine;
    ports.profiles.put('transactions', [{ ...undated, transactionId: 'of-bob', userId: 'bob' }]);
    const packaged = await rowsIn(ports, await backedUp(ports));
    expect(packaged.get('transactions')).not.toContain('of-bob');
    expect(packaged.get('transactions')?.toSorted()).toEqual(idsOf(ports, 'transactions').toSorted());
  });

  test('do not hide that a listed one was lost', async () => {
    const { ports } = await profileLacking((kind, n) => kind === 'transactions' && n === 3);
    const parameters = { backupType: 'complete', expiresInHours: 24 } as const;
    const { job } = await createBackup(ports, { userId: user, parameters });
    const [lost] = (await ports.profiles.page({ userId: user, kind: 'transactions' })).rows;
    const page: typeof ports.profiles.page = async (query) => {
      const found = await ports.profiles.page(query);
      return { ...found, rows: found.rows.filter((row) => row.transactionId !== lost?.transactionId) };
    };
    await drain(ports, { ...ports, profiles: { ...ports.profiles, page } });
    const done = await find(ports, job.jobId);
    expect(done.validation?.issues.join()).toContain(
      'transactions: 39 rows were counted at the beginning, 38 collected',
    );
    expect(done.validation?.overall_quality).not.toBe('excellent');
  });

  test('and objects without a row are named, and those of others are not', async () => {
    const { ports } = await profileLacking(() => false);
    await ports.files.put(`${user}/gone/statement.csv`, Buffer.from('a'));
    await ports.files.put('bob/gone/statement.csv', Buffer.from('b'));
    const { status, error, validation } = await backedUp(ports);
    expect([status, error]).toEqual(['backup_completed', undefined]);
    const issue = validation?.issues.find((text) => text.includes('in the storage'));
    expect(issue).toBe(
      `1 file is in the storage without a row that names it; it is not in the package: ${user}/gone/statement.csv`,
    );
  });
});
