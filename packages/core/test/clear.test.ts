/** Clearing a profile: all of it and nothing else, whatever fails meanwhile. */
import {
  cancelRestore,
  createBackup,
  createClear,
  createRestore,
  type Job,
  type JobPatch,
  type Ports,
  retryRestore,
  sweep,
} from '@fzip/core';
import type { Row } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';
import { asked, backUp, counts, ended, expectEmpty, restore, texts, world } from './restoring.ts';

const two = async (): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { handOverMs: 0 } });
  for (const user of ['alice', 'bob']) await fill(ports, user, { transactions: 60, files: 3 });
  return ports;
};

const clear = async (ports: Ports, userId = 'alice', withoutBackup = true): Promise<Job> => {
  const created = await createClear(ports, { userId, withoutBackup });
  if (!created.ok) throw new Error(created.why);
  return created.job;
};

/** Everything of a user: rows, objects. */
const everything = (ports: MemoryPorts, user: string) => [
  ...texts(ports, user),
  ...[...ports.files.objects.keys()].filter((key) => key.startsWith(`${user}/`)).sort(),
];

describe('clearing a profile', () => {
  test('leaves nothing of it, and nothing of anybody else is touched', async () => {
    const ports = await two();
    await fill(ports, 'alice2', { transactions: 5, files: 1 });
    const [before, others] = [counts(ports, 'alice'), [everything(ports, 'bob'), everything(ports, 'alice2')]];
    const job = await clear(ports);
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'clear_completed', results: before });
    expectEmpty(ports, 'alice');
    expect([everything(ports, 'bob'), everything(ports, 'alice2')]).toEqual(others);
    const events = ports.events.published.map(({ event }) => event).filter(({ subject }) => subject === job.jobId);
    expect(events).toMatchObject([{ type: 'profile.cleared', data: { userId: 'alice', counts: before } }]);
    expect((await createRestore(ports, { userId: 'alice', parameters: asked })).ok).toBe(true);
  });

  test('takes rows that HouseF3’s lists do not show, and objects that no row names', async () => {
    const ports = await two();
    const [account] = ports.profiles.rows('accounts').filter(({ userId }) => userId === 'alice');
    const [category] = ports.profiles.rows('categories').filter(({ userId }) => userId === 'alice');
    const [transaction] = ports.profiles.rows('transactions').filter(({ userId }) => userId === 'alice');
    const ids = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
    const { createdAt: _, ...hiddenAccount }: Row = { ...account, accountId: ids(1) };
    const { name: __, ...hiddenCategory }: Row = { ...category, categoryId: ids(2) };
    const { date: ___, ...hidden }: Row = { ...transaction, transactionId: ids(3) };
    ports.profiles.put('accounts', [hiddenAccount]);
    ports.profiles.put('categories', [hiddenCategory]);
    ports.profiles.put('transactions', [
      hidden,
      { ...hidden, transactionId: ids(5), accountId: ids(1) },
      { ...transaction, transactionId: ids(4), accountId: ids(1), categoryId: ids(2) } as Row,
    ]);
    await ports.files.put('alice/nobody/stray.csv', Buffer.from('stray'));
    await clear(ports);
    await drain(ports);
    expectEmpty(ports, 'alice');
  });

  test('goes on where it stopped when its time is over, and its progress never falls', async () => {
    const ports = await two();
    await fill(ports, 'alice', { transactions: 2_000, files: 3 });
    const job = await clear(ports);
    let [continued, before] = [0, 0];
    const deleteOwn = ports.profiles.deleteOwn;
    ports.profiles.deleteOwn = async (...what) => {
      await deleteOwn(...what);
      ports.time.now += 400_000;
    };
    while (ports.queues.sent.length > 0) {
      await drain(ports, ports, 1);
      const { progress } = await ended(ports, job);
      expect(progress).toBeGreaterThanOrEqual(before);
      before = progress;
      continued += 1;
    }
    expect(continued).toBeGreaterThan(2);
    expect((await ended(ports, job)).status).toBe('clear_completed');
    expectEmpty(ports, 'alice');
  });

  test('needs a complete backup that can be downloaded, or the word that none is wanted', async () => {
    const ports = await two();
    expect(await createClear(ports, { userId: 'alice', withoutBackup: false })).toEqual({
      ok: false,
      why: 'no-backup',
    });
    await backUp(ports, 'alice');
    const job = await clear(ports, 'alice', false);
    await drain(ports);
    expect((await ended(ports, job)).status).toBe('clear_completed');
    ports.time.now += 25 * 60 * 60_000;
    expect(await createClear(ports, { userId: 'alice', withoutBackup: false })).toEqual({
      ok: false,
      why: 'no-backup',
    });
  });

  test.each<[string, (job: Job, ports: MemoryPorts) => JobPatch | undefined, RegExp]>([
    ['a part', (job) => ({ parameters: { ...job.parameters, backupType: 'accounts_only' } as never }), /a part/],
    [
      'HouseF3’s format',
      (job) => ({ parameters: { ...job.parameters, packageFormat: 'housef3' } as never }),
      /own format/,
    ],
    [
      'poor quality',
      (job) => ({ validation: { ...job.validation, overall_quality: 'poor' } as never }),
      /quality is poor/,
    ],
    [
      'files without bytes',
      (job) => ({ summary: { ...job.summary, failedFilesCount: 1 } as never }),
      /bytes of 1 file/,
    ],
    [
      'damage that was found since',
      ({ createdAt: at, jobId }) => ({
        examinations: {
          deep: { at, validationId: jobId, ok: false, damaged: true, issues: ['x'], issueCount: 1 },
        },
      }),
      /damaged/,
    ],
    [
      'fewer rows than there are now',
      (_job, ports) => {
        const [row] = ports.profiles.rows('accounts').filter(({ userId }) => userId === 'alice');
        ports.profiles.put('accounts', [{ ...row, accountId: '00000000-0000-4000-8000-0000000000ab' } as Row]);
        return undefined;
      },
      /accounts, and the profile/,
    ],
  ])('is not done on a backup of %s, and says why', async (_, change, lacks) => {
    const ports = await two();
    await backUp(ports, 'alice');
    const [hint] = (await ports.jobs.list('alice', 'backup', { limit: 1 })).jobs;
    const job = await ended(ports, hint as Job);
    const patch = change(job, ports);
    if (patch) await ports.jobs.change(job, patch);
    expect(await createClear(ports, { userId: 'alice', withoutBackup: false })).toMatchObject({
      ok: false,
      why: 'no-backup',
      lacks: { backupId: job.jobId, message: expect.stringMatching(lacks) },
    });
    expect(ports.queues.sent).toEqual([]);
    expect((await createClear(ports, { userId: 'alice', withoutBackup: true })).ok).toBe(true);
  });

  test('is refused while a job of the user works, and asked for twice it is one', async () => {
    const ports = await two();
    const waiting = await createRestore(ports, { userId: 'carol', parameters: asked });
    if (!waiting.ok) throw new Error('not empty');
    expect(await createClear(ports, { userId: 'carol', withoutBackup: true })).toMatchObject({
      ok: false,
      why: 'jobs-running',
      running: { jobId: waiting.job.jobId },
    });
    await cancelRestore(ports, waiting.job);
    expect((await createClear(ports, { userId: 'carol', withoutBackup: true })).ok).toBe(true);
    const [one, same] = [await clear(ports), await clear(ports)];
    expect(same.jobId).toBe(one.jobId);
  });

  test('lets no backup begin, which would be of a part', async () => {
    const ports = await two();
    const job = await clear(ports);
    const { job: backup } = await createBackup(ports, {
      userId: 'alice',
      parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
    });
    const [clearing, request] = ports.queues.sent.splice(0);
    ports.queues.sent.push(...[request, clearing].filter((one) => one !== undefined));
    await drain(ports);
    expect(await ended(ports, backup)).toMatchObject({ status: 'backup_failed', error: { code: 'PROFILE_BUSY' } });
    expect((await ended(ports, job)).status).toBe('clear_completed');
  });

  test('and a restore never work on one profile at the same time', async () => {
    const { ports, bytes } = await world();
    const restoring = await restore(ports, bytes);
    while ((await ended(ports, restoring)).status !== 'restore_processing') await drain(ports, ports, 1);
    // As if it had been asked for before the restore was.
    const late = ports.queues.sent.splice(0);
    const job = { ...(await clear(ports, 'dora')), userId: 'bob', jobId: ports.newId() };
    await ports.jobs.create(job);
    ports.queues.sent.length = 0;
    await ports.queues.send('profile-clear', [{ jobId: job.jobId, attempt: 1, pass: 1, done: 0 }], 'bob');
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'clear_failed', error: { code: 'PROFILE_BUSY' } });
    ports.queues.sent.push(...late);
    await drain(ports);
    expect((await ended(ports, restoring)).status).toBe('restore_completed');
    expect(counts(ports, 'bob')).toEqual(counts(ports, 'alice'));
  });

  test('gives up when rows keep coming, and says so; it can be asked for again', async () => {
    const ports = await two();
    const job = await clear(ports);
    const [account] = ports.profiles.rows('accounts').filter(({ userId }) => userId === 'alice');
    const page = ports.profiles.page;
    let coming = 0;
    ports.profiles.page = async (query) => {
      if (query.kind === 'analytics' && query.userId === 'alice') {
        coming += 1;
        const accountId = `00000000-0000-4000-8000-${String(coming).padStart(12, '0')}`;
        ports.profiles.put('accounts', [{ ...account, accountId } as Row]);
      }
      return page(query);
    };
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'clear_failed', error: { code: 'PROFILE_FILLING' } });
    ports.profiles.page = page;
    await clear(ports);
    await drain(ports);
    expectEmpty(ports, 'alice');
  });

  test('then a restore of its backup gives everything back', async () => {
    const ports = await two();
    const before = texts(ports, 'alice').filter((row) => !row.includes('"ttl"'));
    const volumes = await backUp(ports, 'alice');
    await clear(ports, 'alice', false);
    await drain(ports);
    const job = await restore(ports, volumes, {}, 'alice');
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_completed', writing: { idMode: 'preserve' } });
    expect(texts(ports, 'alice')).toEqual(expect.arrayContaining(before));
    expect((await retryRestore(ports, await ended(ports, job))).ok).toBe(false);
  });
});

describe.each(['before', 'after'] as const)('every call of a clearing that fails %s its effect', (when) => {
  test('is made good, and nothing of another user is touched', async () => {
    const others = everything(await two(), 'bob');
    const counted = await two();
    const counting = failing(counted, 0, when);
    await clear(counted);
    await drain(counted, counting.ports);
    expect(counting.calls()).toBeGreaterThan(8);
    for (let nth = 1; nth <= counting.calls(); nth += 1) {
      const ports = await two();
      const job = await clear(ports);
      await drain(ports, failing(ports, nth, when).ports);
      ports.time.now += 60 * 60_000;
      await sweep(ports);
      await drain(ports);
      expect((await ended(ports, job)).status, `call ${nth}`).toBe('clear_completed');
      expectEmpty(ports, 'alice');
      expect(everything(ports, 'bob')).toEqual(others);
      const events = ports.events.published.filter(({ event }) => event.type === 'profile.cleared');
      expect(new Set(events.map(({ event }) => event.id)).size).toBe(1);
    }
  });
});
