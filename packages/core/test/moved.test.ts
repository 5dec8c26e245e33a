/** Rows that move while a backup reads them: named, counted, and never taken for whole. */
import { createBackup, type Job, type Limits } from '@fzip/core';
import { bufferSource, idOf, openVolume } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions } from '../src/backup/moved.ts';
import { drain, fill } from './drive.ts';

const user = 'alice';

const world = async (limits: Partial<Limits> = {}): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { chunkRows: 7, ...limits }, pageRows: 5 });
  await fill(ports, user, { transactions: 30, files: 3 });
  return ports;
};

const run = async (ports: MemoryPorts): Promise<Job> => {
  const { job } = await createBackup(ports, {
    userId: user,
    parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
  });
  await drain(ports);
  const done = await ports.jobs.find(job.jobId);
  if (!done) throw new Error('no job');
  return done;
};

const snapshotOf = async (ports: MemoryPorts, job: Job) => {
  const stored = ports.packages.objects.get(job.packages?.[0]?.key ?? '');
  if (!stored) throw new Error('no package');
  const { snapshot } = (await openVolume(bufferSource(stored.bytes))).manifest;
  if (!snapshot) throw new Error('no snapshot');
  return snapshot;
};

/** Does something whenever transactions were read in full: after the reading, before the look afterwards. */
const afterReading = (ports: MemoryPorts, times: number, act: (nth: number) => void) => {
  const page = ports.profiles.page;
  let acted = 0;
  ports.profiles.page = async (query) => {
    const answer = await page(query);
    if (query.kind === 'transactions' && !query.attributes && answer.cursor === undefined && acted < times) {
      acted += 1;
      act(acted);
    }
    return answer;
  };
};

/** Every pass sees the profile otherwise than the look afterwards. */
const always = Number.POSITIVE_INFINITY;

describe('a row that moves while a backup reads it', () => {
  test('once is read again, and nothing need be said', async () => {
    const ports = await world();
    const [row = {}] = ports.profiles.rows('transactions');
    afterReading(ports, 1, () => ports.profiles.put('transactions', [{ ...row, updatedAt: 1_800_000_000_000 }]));
    const job = await run(ports);
    expect(job.validation?.issues).toEqual([]);
    expect(await snapshotOf(ports, job)).toMatchObject({ passes: 2, moved: { count: 0, ids: [] } });
  });

  test('all the time is named: changed, deleted and added, each counted once', async () => {
    const ports = await world();
    const rows = ports.profiles.rows('transactions');
    const added = (nth: number) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`;
    afterReading(ports, always, (nth) => {
      ports.profiles.put('transactions', [
        { ...rows[0], updatedAt: 1_800_000_000_000 + nth },
        { ...rows[1], transactionId: added(nth) },
      ]);
      const gone = rows[10 + nth];
      if (gone) ports.profiles.remove('transactions', gone);
    });
    const job = await run(ports);
    const id = (n: number) => String(rows[n]?.transactionId);
    const { passes, moved } = await snapshotOf(ports, job);
    expect(passes).toBe(3);
    expect(moved.count).toBe(3);
    expect([...moved.ids].sort()).toEqual([id(0), id(13), added(3)].sort());
    const issue = job.validation?.issues.find((each) => each.includes('changed while'));
    expect(issue).toMatch(/^3 rows changed while they were read: /);
    for (const each of moved.ids) expect(issue).toContain(each);
    expect(job.validation?.score).toBeLessThan(100);
  });

  test('is named by an invocation of its own when the one that found it has no time left', async () => {
    const ports = await world();
    const [row = {}] = ports.profiles.rows('transactions');
    afterReading(ports, always, (nth) =>
      ports.profiles.put('transactions', [{ ...row, updatedAt: 1_800_000_000_000 + nth }]),
    );
    const continued: unknown[] = [];
    const { page } = ports.profiles;
    let projected = 0;
    ports.profiles.page = async (query) => {
      // Every look takes seven pages: the naming begins with the twenty-second.
      if (query.kind === 'transactions' && query.attributes) projected += 1;
      if (projected === 22) ports.time.now += 15 * 60_000;
      return page(query);
    };
    const { send } = ports.queues;
    ports.queues.send = async (step, messages, of, options) => {
      for (const each of messages) if ('naming' in each && each.naming) continued.push(each);
      return send(step, messages, of, options);
    };
    const job = await run(ports);
    expect(continued).toMatchObject([{ kind: 'transactions', naming: { rows: 30 } }]);
    expect((await snapshotOf(ports, job)).moved).toEqual({ count: 1, ids: [idOf('transactions', row)] });
  });
});

const side = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 0, max: 60 }).map(String), version: fc.constantFrom('1', '2') }),
  {
    selector: ({ id }) => id,
  },
);

test('two sides differ by the rows that one lacks or has otherwise, in whatever order they come', () => {
  fc.assert(
    fc.property(side, side, fc.infiniteStream(fc.boolean()), (staged, seen, turns) => {
      const comparison = compareVersions();
      const [left, right] = [[...staged], [...seen]];
      while (left.length + right.length > 0) {
        const stagedNext = turns.next().value ? left.length > 0 : right.length === 0;
        const row = stagedNext ? left.pop() : right.pop();
        if (row) comparison[stagedNext ? 'staged' : 'seen'](row);
      }
      const before = new Map(staged.map(({ id, version }) => [id, version]));
      const after = new Map(seen.map(({ id, version }) => [id, version]));
      const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
        (id) => before.get(id) !== after.get(id),
      );
      const { count, exact, ids } = comparison.end(true);
      expect({ count, exact, ids: [...ids].sort() }).toEqual({
        count: differing.length,
        exact: true,
        ids: differing.sort(),
      });
    }),
  );
});

test('a row given twice on one side has no partner the second time', () => {
  const comparison = compareVersions();
  const row = { id: 'a', version: '1' };
  comparison.staged(row);
  comparison.staged(row);
  comparison.seen(row);
  expect(comparison.end(true)).toEqual({ count: 1, exact: true, ids: ['a'] });
});
