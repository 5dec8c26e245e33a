/** A backup on ports in memory: whole, and whole again when any call fails or any message comes twice. */

import { gunzipSync, gzipSync } from 'node:zlib';
import { createBackup, deleteBackup, type Job, type Limits, type Ports, sweep } from '@fzip/core';
import { bufferSource, checkVolume, entityKinds, formatRow, openVolume, toPackageRow } from '@fzip/format';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';

const user = 'alice';
const small: Partial<Limits> = { chunkRows: 7, handOverMs: 0, smallFileBytes: 200 };
const parameters = { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 } as const;

const world = async (limits: Partial<Limits> = {}): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { ...small, ...limits }, pageRows: 5 });
  await fill(ports, user, { transactions: 30, files: 3 });
  return ports;
};

const jobOf = async (ports: Ports, jobId: string): Promise<Job> => {
  const job = await ports.jobs.find(jobId);
  if (!job) throw new Error(`no job ${jobId}`);
  return job;
};

/** The product's own check, and every row of the profile against every row of the package. */
const expectWhole = async (ports: MemoryPorts, job: Job): Promise<void> => {
  expect(job.error).toBeUndefined();
  expect(job.status).toBe('backup_completed');
  const packaged: string[] = [];
  for (const { key } of job.packages ?? []) {
    const stored = ports.packages.objects.get(key);
    if (!stored) throw new Error(`no object ${key}`);
    const volume = await openVolume(bufferSource(stored.bytes));
    const check = await checkVolume(volume, { onRow: (_kind, { line }) => void packaged.push(line) });
    expect(check.errors).toEqual([]);
    expect(check.intact).toBe(true);
  }
  const stored = entityKinds.flatMap((kind) =>
    ports.profiles
      .rows(kind)
      .filter((row) => row.userId === job.userId)
      .map((row) => formatRow(toPackageRow(kind, row))),
  );
  expect(packaged.sort()).toEqual(stored.sort());
};

const expectToldOnce = (ports: MemoryPorts, job: Job): void => {
  const ids = new Set(ports.events.published.map(({ event }) => `${event.type} ${event.id}`));
  expect([...ids].map((each) => each.split(' ')[0]).sort()).toEqual(['backup.completed', 'backup.initiated']);
  expect(job.announced.length).toBeGreaterThanOrEqual(2);
};

describe('a backup', () => {
  test('holds every row and file, is told of once, and leaves no staging after the sweep', async () => {
    const ports = await world();
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    await expectWhole(ports, done);
    expectToldOnce(ports, done);
    expect(done.validation).toMatchObject({ overall_quality: 'excellent', score: 100, files_processed: 3 });
    await sweep(ports);
    expect([...ports.packages.objects.keys()]).toEqual(done.packages?.map(({ key }) => key));
  });

  test('of an empty profile is whole too', async () => {
    const ports = memoryPorts();
    const { job } = await createBackup(ports, { userId: 'nobody', parameters });
    await drain(ports);
    await expectWhole(ports, await jobOf(ports, job.jobId));
  });

  test('is cut into volumes, each readable alone, when it outgrows one', async () => {
    const ports = await world({ volumeEntries: 8 });
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    expect(done.packages?.length).toBeGreaterThan(1);
    await expectWhole(ports, done);
  });

  test('changes nothing when every message comes twice, or after its end', async () => {
    const ports = await world();
    const { job } = await createBackup(ports, { userId: user, parameters });
    const send = ports.queues.send;
    const all: typeof ports.queues.sent = [];
    ports.queues.send = async (step, messages, of) => {
      await send(step, messages, of);
      await send(step, messages, of);
      all.push(...ports.queues.sent.slice(-messages.length));
    };
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    await expectWhole(ports, done);
    ports.queues.sent.push(...all);
    await drain(ports);
    expect(await jobOf(ports, job.jobId)).toEqual(done);
    expectToldOnce(ports, done);
  });

  test('names a file whose bytes are gone, and scores lower', async () => {
    const ports = await world();
    const [key] = ports.files.objects.keys();
    if (key) await ports.files.delete([key]);
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    await expectWhole(ports, done);
    expect(done.summary?.failedFiles).toMatchObject([{ reason: 'there is no such object' }]);
    expect(done.validation).toMatchObject({ files_failed: 1, files_processed: 2, overall_quality: 'poor' });
  });

  test('of categories that are one another’s parents is whole and says so', async () => {
    const ports = await world();
    const [one, two] = ports.profiles.rows('categories');
    if (one && two) {
      ports.profiles.put('categories', [
        { ...one, parentCategoryId: two.categoryId ?? null },
        { ...two, parentCategoryId: one.categoryId ?? null },
      ]);
    }
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    await expectWhole(ports, done);
    expect(done.validation?.score).toBeLessThan(100);
    expect(done.validation?.issues.join('\n')).toContain('categories parentCategoryId range: 2 rows');
  });

  test('that was deleted is made anew under its key, and never from what the old one left', async () => {
    const ports = await world();
    const again = () => createBackup(ports, { userId: user, parameters, idempotencyKey: 'k' });
    const { job: first } = await again();
    await drain(ports);
    await deleteBackup(ports, await jobOf(ports, first.jobId));
    const { job: second } = await again();
    await drain(ports);
    expect(second.jobId).not.toBe(first.jobId);
    await expectWhole(ports, await jobOf(ports, second.jobId));
  });

  test('fails when its package vanished between being read back and the verdict', async () => {
    const ports = await world();
    const head = ports.packages.head;
    ports.packages.head = async (key) => (key.startsWith('packages/') ? undefined : head(key));
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    expect(await jobOf(ports, job.jobId)).toMatchObject({
      status: 'backup_failed',
      error: { code: 'VALIDATION_FAILED' },
    });
  });

  test('started by a message without an id fails with the cause too', async () => {
    const ports = await world();
    ports.profiles.count = () => Promise.reject(new Error('the table is on fire'));
    await ports.queues.send('backup-request', [{ userId: user, attempt: 1, parameters }], user);
    await drain(ports);
    expect(ports.jobs.all()).toMatchObject([{ status: 'backup_failed', error: { code: 'STEP_FAILED' } }]);
    expect(ports.jobs.all()[0]?.error?.message).toContain('on fire');
  });

  test('never reads a file outside the folder of its user', async () => {
    const ports = await world();
    await ports.files.put('mallory/secret.csv', Buffer.from('not yours'));
    const [row] = ports.profiles.rows('transaction_files');
    if (row) ports.profiles.put('transaction_files', [{ ...row, s3Key: 'mallory/secret.csv' }]);
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    expect(done.summary?.failedFiles).toMatchObject([{ reason: 'its key lies outside the folder of its user' }]);
  });

  test('states references that lead nowhere, and keeps their rows', async () => {
    const ports = await world();
    const [row] = ports.profiles.rows('transactions');
    if (row)
      ports.profiles.put('transactions', [{ ...row, primaryCategoryId: '00000000-0000-4000-8000-00000000dead' }]);
    const { job } = await createBackup(ports, { userId: user, parameters });
    await drain(ports);
    const done = await jobOf(ports, job.jobId);
    await expectWhole(ports, done);
    expect(done.validation?.issues).toContain('1 value is odd or refers to something that is not there');
    expect(done.validation?.score).toBeLessThan(100);
  });

  test('fails, and says why, when a staged chunk is altered', async () => {
    const ports = await world();
    const { job } = await createBackup(ports, { userId: user, parameters });
    const put = ports.packages.put;
    ports.packages.put = (key, body, options) => put(key, key.includes('/transactions/') ? alter(body) : body, options);
    await drain(ports);
    const failed = await jobOf(ports, job.jobId);
    expect(failed.status).toBe('backup_failed');
    expect(failed.error?.message).toMatch(/staging\/.*\/transactions\/.*staged were/);
    expect(ports.events.published.map(({ event }) => event.type)).toContain('backup.failed');
  });
});

/** Other content of the same shape: one digit of one row. */
const alter = (gzipped: Buffer): Buffer =>
  gzipSync(
    gunzipSync(gzipped)
      .toString()
      .replace(/"date":(\d)/, (_, digit) => `"date":${(Number(digit) + 1) % 10}`),
  );

/** Some hundred whole jobs, one a call; ms. */
const longTimeout = 1_800_000;

/** The sha256 of every entry but the manifest, which names the job. */
const checksumsOf = async (ports: MemoryPorts, job: Job): Promise<Record<string, string>[]> => {
  const all: Record<string, string>[] = [];
  for (const { key } of job.packages ?? []) {
    const { manifest } = await openVolume(bufferSource(ports.packages.objects.get(key)?.bytes ?? Buffer.alloc(0)));
    all.push(manifest.checksums);
  }
  return all;
};

const shapes: [string, Partial<Limits>][] = [
  ['one volume', {}],
  // Takes minutes: `npm run test:long`.
  ...(process.env.FZIP_LONG === '1'
    ? [['several volumes and ranges', { volumeEntries: 8, rangeRows: 12 }] as const]
    : []),
].map(([name, limits]) => [name, limits] as [string, Partial<Limits>]);

describe.each(shapes)('of %s, every call that fails', (_shape, limits) => {
  test.each(['before', 'after'] as const)(
    '%s its effect leaves the very same package behind, told of once',
    async (when) => {
      const counting = await world(limits);
      const counted = failing(counting, 0, when);
      const { job: first } = await createBackup(counted.ports, { userId: user, parameters });
      await drain(counting, counted.ports);
      expect(counted.calls()).toBeGreaterThan(50);
      const undisturbed = await checksumsOf(counting, await jobOf(counting, first.jobId));
      expect(undisturbed.flatMap((sums) => Object.keys(sums)).length).toBeGreaterThan(8);
      for (let nth = 1; nth <= counted.calls(); nth += 1) {
        const ports = await world(limits);
        const faulty = failing(ports, nth, when);
        const create = () => createBackup(faulty.ports, { userId: user, parameters, idempotencyKey: 'once' });
        const { job } = await create().catch(create);
        const drained = await drain(ports, faulty.ports);
        expect(drained, `failures at call ${nth}`).toBeLessThan(3);
        ports.time.now += 60 * 60_000;
        await sweep(ports);
        await drain(ports);
        const done = await jobOf(ports, job.jobId);
        await expectWhole(ports, done);
        expect(await checksumsOf(ports, done), `entries after call ${nth}`).toEqual(undisturbed);
        expectToldOnce(ports, done);
        expect([...ports.packages.objects.keys()].sort(), `objects left at call ${nth}`).toEqual(
          (done.packages ?? []).map(({ key }) => key).sort(),
        );
      }
    },
    longTimeout,
  );
});
