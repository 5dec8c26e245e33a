/** Comparing a backup with the profile as it is now: exactly what was done to it since, and nothing else. */
import { createExamination, type Difference, differencesOf, type Job, type Limits, sweep } from '@fzip/core';
import { type EntityKind, entityKinds, exact, idOf, isNumber, kindRules, type Row, toStoredRow } from '@fzip/format';
import type { MemoryPorts } from '@fzip/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drain, failing } from './drive.ts';
import { backedUp, examined, find, user } from './examining.ts';

/** Hands over after every few rows and every page, holds few ids at a time, reads several volumes. */
const slow: Partial<Limits> = { handOverMs: 1e9, idsAtOnce: 20, rangeRows: 10, volumeBytes: 8_000, chunkRows: 11 };

const nameField: Readonly<Record<EntityKind, string>> = {
  accounts: 'accountName',
  categories: 'icon',
  file_maps: 'description',
  transaction_files: 'processingStatus',
  transactions: 'memo',
  analytics: 'computedDate',
};

const text = ({ kind, id, change, fields = [] }: Difference): string => [change, kind, id, ...fields].join(' ');

const differences = async (ports: MemoryPorts, job: Job): Promise<string[]> =>
  (await differencesOf(ports, job)).map(text).sort();

/** A row of a kind that was not there: another one's copy under an id of its own. */
const twin = (kind: EntityKind, row: Row, n: number): Row => {
  const id = `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
  if (kind === 'analytics') return toStoredRow(kind, { ...row, timePeriod: `period-${n}` });
  return { ...row, [kindRules[kind].id ?? '']: id };
};

/** Adds, removes and changes rows of every kind, each row once, and says what should be told of it. */
const alter = (ports: MemoryPorts, choose: (below: number) => number): string[] => {
  const told: string[] = [];
  for (const kind of entityKinds) {
    const rows = ports.profiles.rows(kind).filter((row) => row.userId === user);
    rows.forEach((row, n) => {
      const id = idOf(kind, row) ?? '';
      const what = choose(4);
      if (what === 1) {
        ports.profiles.remove(kind, row);
        told.push(text({ kind, id, change: 'removed' }));
      }
      if (what === 2) {
        const field = nameField[kind];
        ports.profiles.put(kind, [{ ...row, [field]: `${String(row[field] ?? '')} changed` }]);
        told.push(text({ kind, id, change: 'changed', fields: [field] }));
      }
      if (what === 3) {
        const added = twin(kind, row, n);
        ports.profiles.put(kind, [added]);
        told.push(text({ kind, id: idOf(kind, added) ?? '', change: 'added' }));
      }
    });
  }
  return told.sort();
};

/** A sample of the calls, unless the full figures are asked for. */
const everyCall = process.env.FZIP_LONG === '1';
const longTimeout = 1_800_000;

describe('a comparison', () => {
  test.each([
    ['at once', {}],
    ['in many pieces', slow],
  ])('%s finds nothing where nothing was done', async (_, limits) => {
    const { ports, backupId } = await backedUp(limits);
    const backup = await find(ports, backupId);
    const job = await examined(ports, backupId, 'compare');
    expect(job.examined).toMatchObject({
      ok: true,
      damaged: false,
      issues: [],
      differencesCount: 0,
      counts: backup.summary?.counts,
      files: 3,
    });
    expect(await differences(ports, job)).toEqual([]);
    expect((await find(ports, backupId)).examinations?.compare).toMatchObject({ ok: true, validationId: job.jobId });
  });

  test.each([
    ['at once', {}, 12],
    ['in many pieces', slow, 2],
  ])(
    '%s tells exactly what was added, removed and changed, by id and field',
    async (_, limits, numRuns) => {
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(fc.nat(999)), async (choices) => {
          const { ports, backupId } = await backedUp(limits);
          // Another user's profile is beside it and is not looked at.
          const others = ports.profiles
            .rows('accounts')
            .map((row, n) => ({ ...twin('accounts', row, 900 + n), userId: 'bob' }));
          ports.profiles.put('accounts', others);
          const told = alter(ports, (below) => (choices.next().value ?? 0) % below);
          const job = await examined(ports, backupId, 'compare');
          expect(await differences(ports, job)).toEqual(told);
          expect(job.examined).toMatchObject({ ok: told.length === 0, damaged: false, differencesCount: told.length });
          for (const change of ['added', 'removed', 'changed'] as const) {
            const counted = Object.values(job.examined?.differences ?? {}).reduce(
              (sum, tally) => sum + tally[change],
              0,
            );
            expect(counted).toBe(told.filter((line) => line.startsWith(`${change} `)).length);
          }
          expect((await find(ports, backupId)).examinations?.compare).toMatchObject({ ok: told.length === 0 });
        }),
        { numRuns },
      );
    },
    longTimeout,
  );

  test('takes numbers by their value', async () => {
    const { ports, backupId } = await backedUp();
    for (const row of ports.profiles.rows('transactions')) {
      if (!isNumber(row.amount)) throw new Error('an amount is a number there');
      const amount = typeof row.amount === 'number' ? String(row.amount) : row.amount.text;
      ports.profiles.put('transactions', [
        { ...row, amount: exact(amount.includes('.') ? `${amount}00` : `${amount}.00`) },
      ]);
    }
    expect((await examined(ports, backupId, 'compare')).examined).toMatchObject({ ok: true, differencesCount: 0 });
  });

  test('takes a row that is now another user’s as removed, and a file of another size as changed', async () => {
    const { ports, backupId } = await backedUp();
    const [account] = ports.profiles.rows('accounts');
    const [file, lost] = ports.profiles.rows('transaction_files');
    if (!account || !file || !lost) throw new Error('too few rows');
    ports.profiles.put('accounts', [{ ...account, userId: 'mallory' }]);
    await ports.files.put(String(file.s3Key), Buffer.from('other bytes'));
    await ports.files.delete([String(lost.s3Key)]);
    const job = await examined(ports, backupId, 'compare');
    expect(await differences(ports, job)).toEqual(
      [
        `removed accounts ${String(account.accountId)}`,
        `changed transaction_files ${String(file.fileId)} bytes`,
        `changed transaction_files ${String(lost.fileId)} bytes`,
      ].sort(),
    );
    expect(job.examined?.issues).toEqual([
      'accounts: 0 added, 1 removed, 0 changed',
      'transaction_files: 0 added, 0 removed, 2 changed',
    ]);
    expect(job.examined?.warnings).toEqual(['files: their bytes were compared by size alone']);
  });

  test('keeps the first thousand differences and counts all', async () => {
    const { ports, backupId } = await backedUp({ handOverMs: 1e9 });
    const [row] = ports.profiles.rows('transactions');
    if (!row) throw new Error('no transaction');
    ports.profiles.put(
      'transactions',
      Array.from({ length: 1_234 }, (_, n) => twin('transactions', row, n)),
    );
    const job = await examined(ports, backupId, 'compare');
    expect(job.examined).toMatchObject({ differencesCount: 1_234, differences: { transactions: { added: 1_234 } } });
    const kept = await differencesOf(ports, job);
    expect(kept).toHaveLength(1_000);
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1_000);
  });

  test('of a part of the profile tells of what that part would hold', async () => {
    const { ports, backupId } = await backedUp({}, { backupType: 'date_range', dateRangeStart: 0, dateRangeEnd: 4e12 });
    const [row] = ports.profiles.rows('transactions');
    const [account] = ports.profiles.rows('accounts');
    if (!row || !account) throw new Error('too few rows');
    ports.profiles.put('transactions', [
      { ...twin('transactions', row, 1), date: 3_999_999_999_999 },
      { ...twin('transactions', row, 2), date: 4_000_000_000_001 },
    ]);
    ports.profiles.put('accounts', [twin('accounts', account, 3)]);
    const job = await examined(ports, backupId, 'compare');
    expect(await differences(ports, job)).toEqual([`added transactions ${'00000000-0000-4000-9000-000000000001'}`]);
    const warnings = job.examined?.warnings.join('\n');
    expect(warnings).toContain('analytics: not compared');
    expect(warnings).toMatch(/accounts, .*: what was added is not told/);
  });

  test('of a damaged package says so, and the backup looks good no longer until it is read through', async () => {
    const { ports, backupId } = await backedUp();
    const backup = await find(ports, backupId);
    const key = backup.packages?.[0]?.key ?? '';
    const bytes = ports.packages.objects.get(key)?.bytes ?? Buffer.alloc(0);
    const whole = Buffer.from(bytes);
    const at = bytes.indexOf('data/transactions.json') + 60;
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    const job = await examined(ports, backupId, 'compare');
    expect(job.examined).toMatchObject({ ok: false, damaged: true });
    expect(job.examined?.issues.join()).toContain('data/transactions.json');
    await ports.packages.delete([key]);
    expect((await examined(ports, backupId, 'compare')).examined?.issues).toEqual([
      'volume 1: is gone from the storage',
    ]);
    await ports.packages.put(key, whole);
    expect((await examined(ports, backupId, 'compare')).examined).toMatchObject({ ok: true, damaged: false });
  });

  test.each(['before', 'after'] as const)(
    'dies at any call %s its effect and comes to the same end',
    async (when) => {
      const world = async () => {
        const made = await backedUp({ ...slow, chunkRows: 25, volumeBytes: 1e6 });
        let n = 0;
        const told = alter(made.ports, (below) => {
          n += 1;
          return (n * 7) % below;
        });
        return { ...made, told };
      };
      const first = await world();
      const counting = failing(first.ports, 0, when);
      const { job } = await createExamination(counting.ports, {
        userId: user,
        backupId: first.backupId,
        mode: 'compare',
      });
      await drain(first.ports, counting.ports);
      const undisturbed = (await find(first.ports, job.jobId)).examined;
      expect(counting.calls()).toBeGreaterThan(50);
      const stride = everyCall ? 1 : Math.ceil(counting.calls() / 6);
      for (let nth = 1; nth <= counting.calls(); nth += stride) {
        const { ports, backupId, told } = await world();
        const broken = failing(ports, nth, when);
        const create = () =>
          createExamination(broken.ports, { userId: user, backupId, mode: 'compare', idempotencyKey: 'once' });
        const { job: asked } = await create().catch(create);
        await drain(ports, broken.ports);
        ports.time.now += 120_000;
        await sweep(ports);
        await drain(ports);
        const done = await find(ports, asked.jobId);
        expect(done.status, `after call ${nth}`).toBe('validation_completed');
        expect(done.examined, `after call ${nth}`).toEqual(undisturbed);
        expect(await differences(ports, done), `after call ${nth}`).toEqual(told);
      }
    },
    longTimeout,
  );
});
