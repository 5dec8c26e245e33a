/**
 * Real crashes: the embedded runtime, with its state on disk, is killed with SIGKILL at a seeded moment of a backup and of a restore, and
 * started again on the same home. The job ends as if nothing had been, and the product's own checks find the data whole.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FzipClient } from '@fzip/api/client';
import { atRest } from '@fzip/core';
import { compareTwins } from '@fzip/local/compare-twins';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Moment, startVictim, type Victim } from './crashes/victim.ts';
import { download, expectWhole } from './fixture.ts';

const isLong = process.env.FZIP_LONG === '1';
const rounds = Array.from({ length: isLong ? 20 : 2 }, (_, n) => n + 1);
const patience = { timeout: 60_000, interval: 100 };
const source = 'ann';

let home: string;
let victim: Victim;
let bytes: Buffer;
/** Calls of ports that a whole backup, and a whole restore, make. */
const calls = { backup: 0, restore: 0 };

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fzip-crashes-'));
  victim = await startVictim(home);
  await fillProfile(source);
  await victim.dieAt();
  const { backupId } = await victim.client(source).createBackup();
  await atRestAgain(backupId);
  calls.backup = await victim.calls();
  bytes = (await download(victim, source, backupId)).bytes;
  await victim.dieAt();
  const restoreId = await beginRestore(victim.client('first-twin'), 'first');
  await atRestAgain(restoreId);
  calls.restore = await victim.calls();
  await restored('first-twin', restoreId);
}, 120_000);

afterEach(async () => {
  await victim.dieAt();
});

afterAll(async () => {
  await victim.close();
  await rm(home, { recursive: true, force: true });
});

const fillProfile = async (user: string): Promise<void> => {
  const body = JSON.stringify({ user, transactions: 200, files: 5, seed: 7 });
  const { status } = await fetch(`${victim.url}/local/profile`, { method: 'POST', body });
  expect(status).toBe(201);
};

/** Numbers from 0 up to, not including, 1: always the same of a seed. */
const chanceOf = (seed: number) => {
  let state = seed * 2_654_435_761;
  return (): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state / 2 ** 32;
  };
};

const momentOf = (seed: number, most: number): Moment => {
  const chance = chanceOf(seed);
  chance();
  const when = (['before', 'after', 'during'] as const)[Math.floor(chance() * 3)] ?? 'before';
  return { call: 1 + Math.floor(chance() * most), when, afterMs: Math.floor(chance() * 20) };
};

/** Looks past the process that is to die, so as not to be among its calls. */
const atRestAgain = (id: string): Promise<void> =>
  vi.waitFor(async () => {
    const job = await victim.ports.jobs.find(id);
    if (!job || !atRest(job.status)) throw new Error(`job ${id} is ${job?.status}`);
  }, patience);

/**
 * Runs `begin` in a process that dies at the moment, and starts the next process on the same home. No two runs make quite the same
 * calls: one that has come to its end before the moment is killed then.
 */
const crash = async (moment: Moment, begin: () => Promise<string>): Promise<void> => {
  await victim.dieAt(moment);
  const lived = begin().then(atRestAgain).then(victim.kill);
  await Promise.race([victim.ended, lived.catch(() => victim.ended)]);
  expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await victim.close();
  victim = await startVictim(home);
};

const completedBackup = (id: string): Promise<void> =>
  vi.waitFor(async () => {
    const status = await victim.client(source).backupStatus(id);
    expect(status, JSON.stringify(status)).toMatchObject({ status: 'completed', progress: 100 });
  }, patience);

/** What a browser does, and does again when it was not answered: the same key is the same restore. */
const beginRestore = async (client: FzipClient, idempotencyKey: string): Promise<string> => {
  const { restoreId, status, forms } = await client.createRestore({}, { idempotencyKey });
  const [form] = forms;
  if (form && status === 'uploaded') await client.uploadPackage(form, new Blob([new Uint8Array(bytes)]));
  await client.notifyUploaded(restoreId);
  return restoreId;
};

const restored = async (user: string, id: string): Promise<void> => {
  await vi.waitFor(async () => {
    const status = await victim.client(user).restoreStatus(id);
    expect(status, JSON.stringify(status)).toMatchObject({ status: 'completed', progress: 100 });
  }, patience);
  const { count, differences } = await compareTwins(victim.wiring, source, user);
  expect({ count, differences }).toEqual({ count: 0, differences: [] });
};

/** After a sweep there is no staging of the job, no unfinished upload, and no lock. */
const expectTidy = async (jobId: string, user: string): Promise<void> => {
  await victim.sweep();
  const { packages, files, ledger } = victim.ports;
  const left: unknown[] = [];
  for await (const object of packages.list(`staging/${jobId}/`)) left.push(object);
  for await (const upload of packages.unfinished('')) left.push(upload);
  for await (const upload of files.unfinished('')) left.push(upload);
  expect(left).toEqual([]);
  const me = { jobId: '00000000-0000-4000-8000-000000000000', attempt: 1 };
  expect(await ledger.lockProfile(user, me)).toEqual(me);
  await ledger.unlockProfile(user, me.jobId);
};

test.each(rounds)(
  'a backup, killed at a moment of its own (seed %i), is completed and whole',
  async (seed) => {
    const request = async (): Promise<string> => {
      const idempotencyKey = `backup ${seed}`;
      return (await victim.client(source).createBackup({}, { idempotencyKey })).backupId;
    };
    await crash(momentOf(seed, calls.backup), request);
    const backupId = await request();
    await completedBackup(backupId);
    await expectWhole(victim, source, backupId);
    await expectTidy(backupId, source);
    await victim.client(source).deleteBackup(backupId);
  },
  120_000,
);

test.each(rounds)(
  'a restore, killed at a moment of its own (seed %i), is completed and whole',
  async (seed) => {
    const user = `twin-${seed}`;
    const request = () => beginRestore(victim.client(user), `restore ${seed}`);
    await crash(momentOf(1_000 + seed, calls.restore), request);
    const id = await request();
    await restored(user, id);
    await expectTidy(id, user);
  },
  120_000,
);
