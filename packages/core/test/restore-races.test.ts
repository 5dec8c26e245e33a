/** Restores of which everything comes at once: messages twice and in any order, two of one user, a cancel at any time. */
import {
  cancelRestore,
  confirmRestore,
  createBackup,
  createRestore,
  type Job,
  StaleJob,
  sweep,
  uploaded,
} from '@fzip/core';
import type { Row } from '@fzip/format';
import type { MemoryPorts, SentMessage } from '@fzip/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drain, handle } from './drive.ts';
import { asked, counts, ended, expectEmpty, filesOf, restore, rowsOf, send, world } from './restoring.ts';

const runs = process.env.FZIP_LONG === undefined ? 12 : 150;
const timeout = 1_800_000;

/** Numbers below 1, always the same of a seed. */
const chanceOf = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Handles messages in any order, a third of them twice; what fails comes again. `meanwhile` happens between any two. */
const shuffled = async (ports: MemoryPorts, seed: number, meanwhile: (n: number) => Promise<void> = async () => {}) => {
  const chance = chanceOf(seed);
  for (let n = 0; ports.queues.sent.length > 0 && n < 2_000; n += 1) {
    await meanwhile(n);
    const [message] = ports.queues.sent.splice(Math.floor(chance() * ports.queues.sent.length), 1) as [SentMessage];
    const again = chance() < 0.33;
    try {
      await handle({ ...ports, invocation: { id: ports.newId(), deadline: ports.time.now + 900_000 } }, message);
    } catch {
      ports.time.now += 30_000;
      ports.queues.sent.push(message);
      continue;
    }
    if (again && n < 500) ports.queues.sent.push(message);
  }
  // Whatever a crash or a race left unsaid, the sweep says.
  ports.time.now += 60 * 60_000;
  await sweep(ports);
  await drain(ports);
};

const expectTwin = (ports: MemoryPorts): void => {
  expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
  expect(filesOf(ports, 'bob')).toEqual(filesOf(ports, 'alice'));
};

const endings = (ports: MemoryPorts, { jobId }: Job): string[] =>
  ports.events.published.flatMap(({ event }) =>
    event.subject === jobId && !event.type.endsWith('.initiated') ? [event.type] : [],
  );

const unlessStale = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StaleJob)) throw error;
  }
};

const property = (check: (seed: number) => Promise<void>) =>
  fc.assert(fc.asyncProperty(fc.integer({ min: 1 }), check), { numRuns: runs });

describe('a restore', () => {
  test('of which every message comes in any order, and many twice, is one restore', { timeout }, () =>
    property(async (seed) => {
      const { ports, bytes } = await world();
      const job = await restore(ports, bytes);
      for (let n = 0; n < 3; n += 1) await uploaded(ports, job);
      await shuffled(ports, seed);
      expect((await ended(ports, job)).status).toBe('restore_completed');
      expect(new Set(endings(ports, job))).toEqual(new Set(['restore.completed']));
      expectTwin(ports);
    }),
  );

  test('confirmed twice at once writes one set of rows', { timeout }, () =>
    property(async (seed) => {
      const { ports, bytes } = await world();
      const job = await restore(ports, bytes, { requireConfirmation: true });
      await drain(ports);
      const waiting = await ended(ports, job);
      await Promise.all([1, 2, 3].map(() => unlessStale(() => confirmRestore(ports, waiting))));
      await shuffled(ports, seed);
      expect((await ended(ports, job)).status).toBe('restore_completed');
      expectTwin(ports);
    }),
  );

  test('canceled at any moment is whole or leaves the profile empty', { timeout }, () =>
    property(async (seed) => {
      const { ports, bytes } = await world();
      const job = await restore(ports, bytes);
      const when = Math.floor(chanceOf(seed + 1)() * 60);
      let taken: boolean | undefined;
      await shuffled(ports, seed, async (n) => {
        if (n === when) await unlessStale(async () => (taken = await cancelRestore(ports, await ended(ports, job))));
      });
      const { status } = await ended(ports, job);
      if (taken) expect(status).toBe('restore_canceled');
      if (status === 'restore_completed') expectTwin(ports);
      else expectEmpty(ports, 'bob');
      expect(new Set(endings(ports, job)).size).toBe(1);
    }),
  );

  test('is rolled back in as many invocations as it takes', { timeout }, async () => {
    const { ports, bytes } = await world({ chunkRows: 5 });
    const job = await restore(ports, bytes);
    while ((await ended(ports, job)).currentPhase !== 'verifying') await drain(ports, ports, 1);
    expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
    await cancelRestore(ports, await ended(ports, job));
    const deleteOwn = ports.profiles.deleteOwn;
    ports.profiles.deleteOwn = async (...what) => {
      await deleteOwn(...what);
      // Two of them are all that an invocation has time for.
      ports.time.now += 400_000;
    };
    let rollbacks = 0;
    while (ports.queues.sent.length > 0) {
      if (ports.queues.sent[0]?.step === 'restore-rollback') rollbacks += 1;
      await drain(ports, ports, 1);
      expect(rollbacks).toBeLessThan(100);
    }
    expect(rollbacks).toBeGreaterThan(5);
    expect((await ended(ports, job)).status).toBe('restore_canceled');
    expectEmpty(ports, 'bob');
  });

  test('against another one of the same user: one is written, the other says why not', { timeout }, () =>
    property(async (seed) => {
      const { ports, bytes } = await world();
      const jobs: Job[] = [];
      for (let n = 0; n < 2; n += 1) {
        const created = await createRestore(ports, { userId: 'bob', parameters: asked });
        if (created.ok) jobs.push(created.job);
      }
      for (const job of jobs) await send(ports, job, 1, bytes);
      await shuffled(ports, seed);
      const done = await Promise.all(jobs.map((job) => ended(ports, job)));
      expect(done.map(({ status }) => status).sort()).toEqual(['restore_completed', 'restore_failed']);
      const [lost] = done.filter(({ status }) => status === 'restore_failed');
      expect(['PROFILE_BUSY', 'PROFILE_NOT_EMPTY']).toContain(lost?.error?.code);
      expectTwin(ports);
    }),
  );

  test(
    'beside which the same profile is backed up: the backup has all of it, or nothing was there yet, or it fails',
    { timeout },
    () =>
      property(async (seed) => {
        const { ports, bytes } = await world();
        const job = await restore(ports, bytes);
        const when = Math.floor(chanceOf(seed + 3)() * 60);
        let backup: Job | undefined;
        const parameters = { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 } as const;
        await shuffled(ports, seed, async (n) => {
          ports.time.now += 10;
          if (n === when) backup = (await createBackup(ports, { userId: 'bob', parameters })).job;
        });
        expect((await ended(ports, job)).status).toBe('restore_completed');
        if (!backup) return;
        const { status, error, summary } = await ended(ports, backup);
        if (status === 'backup_completed')
          expect([counts(ports, 'nobody'), counts(ports, 'bob')]).toContainEqual(summary?.counts);
        else expect([status, error?.code]).toEqual(['backup_failed', 'PROFILE_BUSY']);
      }),
  );

  test('into a profile that its user fills meanwhile loses nothing of the user’s', { timeout }, () =>
    property(async (seed) => {
      const { ports, bytes } = await world();
      const job = await restore(ports, bytes);
      const [account] = rowsOf(ports, 'alice').accounts;
      const own = { ...account, accountId: '00000000-0000-4000-8000-0000000000aa', userId: 'bob' } as Row;
      const when = Math.floor(chanceOf(seed + 2)() * 30);
      await shuffled(ports, seed, async (n) => {
        if (n === when) ports.profiles.put('accounts', [own]);
      });
      expect(rowsOf(ports, 'bob').accounts).toContainEqual(own);
      const { status, error } = await ended(ports, job);
      if (status === 'restore_completed') {
        const { accounts } = counts(ports, 'alice');
        expect(counts(ports, 'bob')).toEqual({ ...counts(ports, 'alice'), accounts: (accounts ?? 0) + 1 });
        return;
      }
      expect(error?.code).toBe('PROFILE_NOT_EMPTY');
      expect(counts(ports, 'bob')).toMatchObject({ accounts: 1, transactions: 0, categories: 0 });
    }),
  );
});
