/** A package of several volumes is restored when all of them are there, whichever comes first. */
import { createRestore, type Job, type Ports, receivedUploads, retryRestore, sweep } from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';
import {
  asked,
  backUp,
  counts,
  drained,
  ended,
  expectEmpty,
  filesOf,
  restore,
  rowsOf,
  send,
  sizes,
  small,
  texts,
  world,
} from './restoring.ts';

const several = { volumeEntries: 8, chunkFiles: 2 };

const created = async (ports: Ports, volumes: number): Promise<Job> => {
  const made = await createRestore(ports, { userId: 'bob', parameters: { ...asked, volumes } });
  if (!made.ok) throw new Error('not empty');
  return made.job;
};

const expectTwin = (ports: MemoryPorts): void => {
  expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
  expect(filesOf(ports, 'bob')).toEqual(filesOf(ports, 'alice'));
};

describe('a set', () => {
  test('is restored whole, with the files of every volume', async () => {
    const { ports, volumes } = await world(several);
    expect(volumes.length).toBeGreaterThan(1);
    const job = await ended(ports, await drained(ports, restore(ports, volumes)));
    expect(job).toMatchObject({ status: 'restore_completed', packageSummary: { volumes: volumes.length } });
    expect(job.uploads).toHaveLength(volumes.length);
    expectTwin(ports);
  });

  test('may come in any order and by whichever form, and starts when the last one is there', async () => {
    const { ports, volumes } = await world(several);
    const job = await created(ports, volumes.length);
    for (const [n, volume] of [...volumes].reverse().entries()) {
      expect((await ended(ports, job)).status).toBe('restore_uploaded');
      await send(ports, job, n + 1, volume);
      await drain(ports, ports, 1);
      const { received, missing } = await receivedUploads(ports, job);
      expect([received.length, missing.length]).toEqual([n + 1, volumes.length - n - 1]);
    }
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('restore_completed');
    expectTwin(ports);
  });

  test('of which a volume is uploaded again before the start is restored with the last one', async () => {
    const { ports, volumes } = await world(several);
    const job = await created(ports, volumes.length);
    await send(ports, job, 1, Buffer.from('not what I meant'));
    await drain(ports);
    for (const [n, volume] of volumes.entries()) await send(ports, job, n + 1, volume);
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('restore_completed');
    await send(ports, job, 1, Buffer.from('too late'));
    await drain(ports);
    expectTwin(ports);
  });

  test.each([
    ['given as one volume', (v: Buffer[]) => v.slice(0, 1), 'MISSING_VOLUME', '"volumes": '],
    [
      'of which one was given twice',
      (v: Buffer[]) => [v[0], ...v.slice(0, -1)] as Buffer[],
      'DUPLICATE_VOLUME',
      'each volume once',
    ],
    ['with something else among it', (v: Buffer[]) => [...v.slice(0, -1), Buffer.from('x')], 'NOT_A_ZIP', '1 bytes'],
  ])('%s is refused with the reason, and nothing is written', async (_how, change, code, words) => {
    const { ports, volumes } = await world(several);
    const job = await ended(ports, await drained(ports, restore(ports, change(volumes))));
    expect(job.status).toBe('restore_validation_failed');
    expect(job.validationResults?.errorsByCode).toEqual({ [code]: 1 });
    expect(job.error?.message).toContain(words);
    expectEmpty(ports, 'bob');
  });

  test('of volumes of two backups is refused', async () => {
    const { ports, volumes } = await world(several);
    const other = await backUp(ports, 'alice');
    const mixed = [volumes[0] as Buffer, ...other.slice(1)];
    const job = await ended(ports, await drained(ports, restore(ports, mixed)));
    expect(job.validationResults?.errorsByCode).toEqual({ WRONG_SET: 1 });
    expectEmpty(ports, 'bob');
  });

  test('damaged in a later volume is refused, and the volume is named', async () => {
    const { ports, volumes } = await world(several);
    const last = Buffer.from(volumes.at(-1) as Buffer);
    last[60] = (last[60] as number) ^ 1;
    const job = await ended(ports, await drained(ports, restore(ports, [...volumes.slice(0, -1), last])));
    expect(job.status).toBe('restore_validation_failed');
    expect(job.validationResults?.errors[0]).toContain(`volume ${volumes.length}`);
    expectEmpty(ports, 'bob');
  });
});

describe.each(['before', 'after'] as const)('every call of the restore of a set that fails %s its effect', (when) => {
  test('ends whole or empty', { timeout: 1_800_000 }, async () => {
    const { volumes } = await world(several);
    const fresh = async (): Promise<MemoryPorts> => {
      const ports = memoryPorts({ limits: { ...small, ...several } });
      await fill(ports, 'alice', sizes);
      return ports;
    };
    const counting = await fresh();
    const counted = failing(counting, 0, when);
    await restore(counting, volumes);
    await drain(counting, counted.ports);
    // The steps of the start and the unpacking; those behind them are those of one volume.
    const most = Math.min(counted.calls(), process.env.FZIP_LONG === undefined ? 25 : counted.calls());
    for (let nth = 1; nth <= most; nth += 1) {
      const ports = await fresh();
      const job = await restore(ports, volumes);
      await drain(ports, failing(ports, nth, when).ports);
      ports.time.now += 60 * 60_000;
      await sweep(ports);
      await drain(ports);
      const { status } = await ended(ports, job);
      expect(['restore_completed', 'restore_failed'], `call ${nth}`).toContain(status);
      if (status === 'restore_completed') expectTwin(ports);
      else expectEmpty(ports, 'bob');
    }
  });
});

describe('a restore that failed', () => {
  const failedOnce = async (limits = {}) => {
    const made = await world(limits);
    const { ports, volumes } = made;
    const job = await restore(ports, volumes);
    const putFresh = ports.profiles.putFresh;
    ports.profiles.putFresh = (kind, rows) =>
      putFresh(
        kind,
        rows.map((row) => ({ ...row, extra: 1 })),
      );
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_failed', error: { code: 'VERIFY_FAILED' } });
    expectEmpty(ports, 'bob');
    ports.profiles.putFresh = putFresh;
    return { ...made, job: await ended(ports, job) };
  };

  test.each([{}, several])('runs again without a new upload, as a new attempt (%o)', async (limits) => {
    const { ports, job } = await failedOnce(limits);
    const retried = await retryRestore(ports, job);
    expect(retried).toMatchObject({ ok: true, job: { attempt: 2, status: 'restore_validating', progress: 0 } });
    await drain(ports);
    const done = await ended(ports, job);
    expect(done).toMatchObject({ status: 'restore_completed', attempt: 2 });
    expect(done.error).toBeUndefined();
    expectTwin(ports);
    const types = ports.events.published.map(({ event }) => event).filter(({ subject }) => subject === job.jobId);
    expect(types.map(({ type }) => type)).toEqual(['restore.initiated', 'restore.failed', 'restore.completed']);
    expect(new Set(types.map(({ id }) => id)).size).toBe(3);
  });

  test('is not hurt by what belongs to its first attempt', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    const late: typeof ports.queues.sent = [];
    while ((await ended(ports, job)).status !== 'restore_processing') {
      late.push(...ports.queues.sent);
      await drain(ports, ports, 1);
    }
    late.push(...ports.queues.sent);
    ports.queues.sent.length = 0;
    await ports.jobs.change(await ended(ports, job), {
      intent: { kind: 'fail', code: 'TEST', message: 'to be tried again', at: ports.time.now },
    });
    await sweep(ports);
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('restore_failed');
    await retryRestore(ports, await ended(ports, job));
    ports.queues.sent.push(...late);
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('restore_completed');
    expectTwin(ports);
  });

  test('runs again only while it rests, its package is there and the profile is empty', async () => {
    const { ports, job } = await failedOnce();
    const [account] = rowsOf(ports, 'alice').accounts;
    const mine = { ...account, userId: 'bob', accountId: '00000000-0000-4000-8000-0000000000bb' };
    ports.profiles.put('accounts', [mine]);
    expect(await retryRestore(ports, job)).toMatchObject({ ok: false, why: 'not-empty', counts: { accounts: 1 } });
    ports.profiles.remove('accounts', mine);
    const [both, again] = await Promise.allSettled([retryRestore(ports, job), retryRestore(ports, job)]);
    expect([both.status, again.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(await retryRestore(ports, await ended(ports, job))).toMatchObject({ ok: false, why: 'not-failed' });
    await drain(ports);
    expect(await retryRestore(ports, await ended(ports, job))).toMatchObject({ ok: false, why: 'not-failed' });
    expectTwin(ports);
  });

  test('cannot run again once its package was swept away', async () => {
    const { ports, job } = await failedOnce();
    ports.time.now += 25 * 60 * 60_000;
    await sweep(ports);
    expect(await retryRestore(ports, job)).toMatchObject({ ok: false, why: 'package-gone' });
  });
});

describe('what a package holds', () => {
  test('is told before anything is written', async () => {
    const { ports, volumes } = await world(several);
    const job = await ended(ports, await drained(ports, restore(ports, volumes, { requireConfirmation: true })));
    expect(job.status).toBe('restore_awaiting_confirmation');
    expectEmpty(ports, 'bob');
    const { packageSummary: summary, packageCounts } = job;
    const alice = rowsOf(ports, 'alice');
    expect(packageCounts).toEqual(counts(ports, 'alice'));
    expect(summary?.accounts.map(({ name, type }) => [name, type]).sort()).toEqual(
      alice.accounts.map(({ accountName, accountType }) => [accountName, accountType]).sort(),
    );
    const dates = alice.transactions.map(({ date }) => Number(date));
    expect(summary?.dates).toEqual({ first: Math.min(...dates), last: Math.max(...dates) });
    expect(summary?.totals.reduce((sum, { rows }) => sum + rows, 0)).toBe(alice.transactions.length);
    expect(summary?.files.reduce((sum, { count }) => sum + count, 0)).toBe(alice.transaction_files.length);
    expect(summary?.idsTaken).toBe(
      entityKinds.reduce((sum, kind) => sum + (kind === 'analytics' ? 0 : alice[kind].length), 0),
    );
    expect(texts(ports, 'bob')).toEqual([]);
  });
});
