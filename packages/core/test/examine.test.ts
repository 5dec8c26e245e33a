/** Validations on demand: what they find of a package that rots, is replaced, is lost; and what crashes do to them. */
import { createExamination, deleteBackup, type Job, type Ports, qualityNow, sweep } from '@fzip/core';
import { bufferSource, type Entry, openVolume } from '@fzip/format';
import type { MemoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing } from './drive.ts';
import { backedUp, examined, find, user } from './examining.ts';

const minute = 60_000;

const bytesOf = (ports: MemoryPorts, backup: Job, volume = 1): Buffer => {
  const bytes = ports.packages.objects.get(backup.packages?.[volume - 1]?.key ?? '')?.bytes;
  if (!bytes) throw new Error(`no volume ${volume}`);
  return bytes;
};

/** Alters one byte in the middle of an entry's data, as a failing disk would: the storage's own marks stay. */
const rot = (bytes: Buffer, entry: Entry): void => {
  const at = entry.offset + 30 + entry.name.length + Math.floor(entry.compressedSize / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
};

const entriesOf = async (bytes: Buffer): Promise<readonly Entry[]> =>
  (await openVolume(bufferSource(bytes))).entries.filter(({ compressedSize }) => compressedSize > 0);

const severalVolumes = { volumeBytes: 3_000 };

/** A sample of the calls, unless the full figures are asked for. */
const everyCall = process.env.FZIP_LONG === '1';
const longTimeout = 1_800_000;

describe('a deep validation', () => {
  test.each([
    ['of one volume', {}],
    ['of several volumes', severalVolumes],
  ])('of an intact package %s says so, and the backup too', async (_, limits) => {
    const { ports, backupId } = await backedUp(limits);
    const before = await find(ports, backupId);
    expect((before.packages?.length ?? 0) > 1).toBe(limits === severalVolumes);
    const job = await examined(ports, backupId);
    const { packageSize, summary, validation } = before;
    expect(job).toMatchObject({ status: 'validation_completed', jobType: 'validation', userId: user });
    expect(job.examined).toMatchObject({
      ok: true,
      issues: [],
      issueCount: 0,
      warnings: [],
      counts: summary?.counts,
      files: 3,
      bytes: packageSize,
    });
    const { examinations, version: _v, ...after } = await find(ports, backupId);
    expect(examinations?.deep).toMatchObject({ validationId: job.jobId, ok: true, issues: [], issueCount: 0 });
    const { version: _w, ...untouched } = before;
    expect(after).toEqual(untouched);
    expect(qualityNow(await find(ports, backupId))).toEqual(validation);
  });

  test.each([
    ['one volume', {}],
    ['several volumes', severalVolumes],
  ])('of %s names every entry in which a byte has rotted', async (_, limits) => {
    const { ports, backupId } = await backedUp(limits);
    const backup = await find(ports, backupId);
    let tried = 0;
    for (const volume of (backup.packages ?? []).keys()) {
      const bytes = bytesOf(ports, backup, volume + 1);
      for (const entry of await entriesOf(bytes)) {
        rot(bytes, entry);
        const { examined: found } = await examined(ports, backupId);
        rot(bytes, entry);
        expect(found?.ok, entry.name).toBe(false);
        expect(found?.issueCount, entry.name).toBeGreaterThan(0);
        const named = found?.issues.filter((issue) => issue.startsWith(`volume ${volume + 1}: `)) ?? [];
        expect(
          named.some((issue) => issue.includes(entry.name)),
          `${entry.name} in ${found?.issues}`,
        ).toBe(true);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(6);
  });

  test('takes the good marks of a backup whose package is damaged, until it is found whole again', async () => {
    const { ports, backupId } = await backedUp();
    const bytes = bytesOf(ports, await find(ports, backupId));
    const [entry] = await entriesOf(bytes);
    if (!entry) throw new Error('no entry');
    rot(bytes, entry);
    ports.time.now += minute;
    await examined(ports, backupId);
    const damaged = await find(ports, backupId);
    expect(damaged.status).toBe('backup_completed');
    expect(qualityNow(damaged)).toMatchObject({ overall_quality: 'poor' });
    expect(qualityNow(damaged)?.issues).toEqual(expect.arrayContaining(damaged.examinations?.deep?.issues ?? ['none']));
    rot(bytes, entry);
    ports.time.now += minute;
    await examined(ports, backupId);
    expect(qualityNow(await find(ports, backupId))).toEqual(damaged.validation);
  });

  test.each(['replaced', 'gone'] as const)(
    'is no good mark for a volume that was %s after it had been read by itself',
    async (how) => {
      const { ports, backupId } = await backedUp(severalVolumes);
      const [first, ...others] = (await find(ports, backupId)).packages ?? [];
      if (!first) throw new Error('no volume');
      const { job } = await createExamination(ports, { userId: user, backupId, mode: 'deep' });
      // A message a volume; the one for all of them together is left.
      await drain(ports, ports, 1 + others.length);
      if (how === 'gone') await ports.packages.delete([first.key]);
      else await ports.packages.put(first.key, Buffer.from('another'));
      await drain(ports);
      const { examined: found } = await find(ports, job.jobId);
      expect(found).toMatchObject({ ok: false, damaged: true });
      expect(found?.issues.join('\n')).toMatch(/^volume 1: is gone or was replaced while/m);
    },
  );

  test('tells of a volume that was replaced, cut or is gone', async () => {
    const { ports, backupId } = await backedUp(severalVolumes);
    const backup = await find(ports, backupId);
    const [first, second] = backup.packages ?? [];
    if (!first || !second) throw new Error('too few volumes');
    const [one, two] = [bytesOf(ports, backup, 1), bytesOf(ports, backup, 2)];
    const issues = async () => (await examined(ports, backupId)).examined?.issues.join('\n');

    await ports.packages.put(second.key, one);
    expect(await issues()).toMatch(/volume 2: has \d+ bytes, \d+ were stored/);
    expect(await issues()).toContain('volume 2: was replaced since it was stored');
    expect(await issues()).toContain('volume 2: says it is volume 1');
    await ports.packages.put(second.key, two.subarray(0, -100));
    expect(await issues()).toContain('volume 2: has the sha256');
    await ports.packages.delete([second.key]);
    expect(await issues()).toContain('volume 2: is gone from the storage');
    await ports.packages.put(second.key, two);
    expect(await issues()).toBe('');
  });

  test('tells of a package that is whole and not the one that was counted', async () => {
    const { ports, backupId } = await backedUp();
    const backup = await find(ports, backupId);
    const { summary } = backup;
    if (!summary) throw new Error('no summary');
    await ports.jobs.change(backup, {
      summary: {
        ...summary,
        counts: { ...summary.counts, transactions: 41 },
        manifestChecksums: { ...summary.manifestChecksums, 'data/accounts.json': `sha256:${'0'.repeat(64)}` },
      },
    });
    expect((await examined(ports, backupId)).examined).toMatchObject({
      ok: false,
      issues: [
        'transactions: 40 rows are stored, 41 were counted',
        'data/accounts.json: the manifest states another sha256 than the backup was completed with',
      ],
    });
  });

  test('says when a set is too large to be checked together', async () => {
    const { ports, backupId } = await backedUp({ ...severalVolumes, setCheckBytes: 100 });
    const { examined: found } = await examined(ports, backupId);
    expect(found).toMatchObject({ ok: true });
    expect(found?.warnings.join()).toMatch(/was not checked: they hold \d+ bytes, allowed are 100/);
  });
});

describe('a validation', () => {
  test('of a backup that was deleted or has expired fails and says nothing of the package', async () => {
    const { ports, backupId } = await backedUp();
    const begun = await createExamination(ports, { userId: user, backupId, mode: 'deep' });
    const backup = await find(ports, backupId);
    ports.time.now = backup.expiresAt ?? 0;
    await drain(ports);
    expect(await find(ports, begun.job.jobId)).toMatchObject({
      status: 'validation_failed',
      error: { code: 'BACKUP_GONE' },
    });
    expect((await find(ports, backupId)).examinations).toBeUndefined();

    const { ports: others, backupId: deleted } = await backedUp();
    const late = await createExamination(others, { userId: user, backupId: deleted, mode: 'deep' });
    // Deleted while it is read: the objects go, and the reading finds them gone.
    const head: Ports['packages']['head'] = async (key) => {
      await deleteBackup(others, await find(others, deleted)).catch(() => undefined);
      return others.packages.head(key);
    };
    await drain(others, { ...others, packages: { ...others.packages, head } });
    expect(await find(others, late.job.jobId)).toMatchObject({ status: 'validation_failed' });
  });

  test("of another user's backup is not done, whatever its row says", async () => {
    const { ports, backupId } = await backedUp();
    const { job } = await createExamination(ports, { userId: 'mallory', backupId, mode: 'deep' });
    await drain(ports);
    expect(await find(ports, job.jobId)).toMatchObject({
      status: 'validation_failed',
      error: { code: 'BACKUP_GONE' },
    });
    expect((await find(ports, backupId)).examinations).toBeUndefined();
  });

  test('that cannot read fails with the cause, and marks no backup', async () => {
    const { ports, backupId } = await backedUp();
    const { job } = await createExamination(ports, { userId: user, backupId, mode: 'deep' });
    const read = () => Promise.reject(new Error('the storage is on fire'));
    await drain(ports, { ...ports, packages: { ...ports.packages, read } });
    const failed = await find(ports, job.jobId);
    expect(failed).toMatchObject({ status: 'validation_failed', error: { code: 'STEP_FAILED' } });
    expect(failed.error?.message).toContain('the storage is on fire');
    expect((await find(ports, backupId)).examinations).toBeUndefined();
  });

  test('whose messages were lost is sent on by the sweep, and failed when that does not help', async () => {
    const { ports, backupId } = await backedUp(severalVolumes);
    const { job } = await createExamination(ports, { userId: user, backupId, mode: 'deep' });
    await drain(ports, ports, 1);
    ports.queues.sent.length = 0;
    ports.time.now += 36 * minute;
    await sweep(ports);
    expect(ports.queues.sent).toMatchObject([{ step: 'backup-examine', message: { piece: 1 } }]);
    await drain(ports);
    expect(await find(ports, job.jobId)).toMatchObject({ status: 'validation_completed', examined: { ok: true } });

    const { job: stuck } = await createExamination(ports, { userId: user, backupId, mode: 'deep' });
    for (let n = 0; n < 3; n += 1) {
      ports.queues.sent.length = 0;
      ports.time.now += 36 * minute;
      await sweep(ports);
    }
    expect(await find(ports, stuck.jobId)).toMatchObject({ status: 'validation_failed', error: { code: 'STUCK' } });
  });

  test('that was overtaken by a later one does not speak over it', async () => {
    const { ports, backupId } = await backedUp();
    const first = await examined(ports, backupId);
    ports.time.now += minute;
    const second = await examined(ports, backupId);
    // The first one's last message comes once more, before it was settled: as after a crash.
    await ports.jobs.change(first, { status: 'validation_processing' });
    await ports.queues.send('backup-examine', [{ jobId: first.jobId, attempt: 1, piece: 0 }], user);
    await drain(ports);
    expect((await find(ports, first.jobId)).status).toBe('validation_completed');
    expect((await find(ports, backupId)).examinations?.deep?.validationId).toBe(second.jobId);
  });

  test.each([
    ['before', {}],
    ['after', severalVolumes],
  ] as const)(
    'dies at any call %s its effect and comes to the same end',
    async (when, limits) => {
      const { ports: counting, backupId: counted } = await backedUp(limits);
      const faulty = failing(counting, 0, when);
      const { job } = await createExamination(faulty.ports, { userId: user, backupId: counted, mode: 'deep' });
      await drain(counting, faulty.ports);
      const undisturbed = (await find(counting, job.jobId)).examined;
      expect(faulty.calls()).toBeGreaterThan(8);
      const stride = everyCall ? 1 : Math.ceil(faulty.calls() / 15);
      for (let nth = 1; nth <= faulty.calls(); nth += stride) {
        const { ports, backupId } = await backedUp(limits);
        const broken = failing(ports, nth, when);
        const create = () =>
          createExamination(broken.ports, { userId: user, backupId, mode: 'deep', idempotencyKey: 'once' });
        const { job: asked } = await create().catch(create);
        await drain(ports, broken.ports);
        ports.time.now += 2 * minute;
        await sweep(ports);
        await drain(ports);
        const done = await find(ports, asked.jobId);
        expect(done.status, `after call ${nth}`).toBe('validation_completed');
        expect(done.examined, `after call ${nth}`).toEqual(undisturbed);
        expect((await find(ports, backupId)).examinations?.deep?.validationId).toBe(asked.jobId);
      }
    },
    longTimeout,
  );
});
