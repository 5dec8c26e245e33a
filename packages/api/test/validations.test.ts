/** Asking for a validation of a backup, and for what it found. */
import { type Examined, examinationModes, type Job } from '@fzip/core';
import { describe, expect, test } from 'vitest';
import { makeWorld, post, putJob, type World } from './world.ts';

const examined: Examined = {
  ok: false,
  damaged: true,
  issues: ['volume 1: data/accounts.json: sha256 is wrong'],
  issueCount: 1,
  warnings: [],
  counts: { accounts: 1, categories: 2, file_maps: 0, transaction_files: 1, transactions: 5, analytics: 0 },
  files: 1,
  bytes: 30,
};

// biome-ignore lint/suspicious/noExplicitAny: the answers are looked at as a client without our types sees them
const jsonOf = async (response: Response): Promise<any> => response.json();

const oneVolume = [{ key: 'packages/1.fzip', size: 30, etag: '"1"', sha256: 'a'.repeat(64) }];

const begin = async (on: World, { jobId }: Job, init = post({ mode: 'deep' })) =>
  on.as('alice')(`/fzip/backup/${jobId}/validate`, init);

const stored = async (on: World, id: string): Promise<Job> => {
  const job = await on.ports.jobs.find(id);
  if (!job) throw new Error(`no job ${id}`);
  return job;
};

describe('POST /fzip/backup/{id}/validate', () => {
  test.each(examinationModes)(
    'begins a validation (%s) of a completed backup, and tells where it stands',
    async (mode) => {
      const on = makeWorld();
      const backup = await putJob(on, 'alice', 'backup_completed', { packages: oneVolume });
      const response = await begin(on, backup, post({ mode }));
      expect(response.status).toBe(202);
      const answer = await jsonOf(response);
      const { validationId } = answer;
      expect(answer).toEqual({ validationId, backupId: backup.jobId, mode, status: 'processing' });
      const path = `/fzip/backup/${backup.jobId}/validate/${validationId}`;
      expect(response.headers.get('location')).toBe(path);
      expect(await stored(on, validationId)).toMatchObject({ jobType: 'validation', userId: 'alice' });
      expect(on.ports.queues.sent).toMatchObject([
        { step: 'backup-examine', message: { jobId: validationId, attempt: 1, piece: 0 } },
      ]);
      expect(await jsonOf(await on.as('alice')(path))).toMatchObject({ ...answer, progress: 0 });

      await on.ports.jobs.change(await stored(on, validationId), { status: 'validation_completed', examined });
      const done = await jsonOf(await on.as('alice')(path));
      expect(done).toMatchObject({ status: 'completed', progress: 100, result: examined });
    },
  );

  test.each([
    ['backup_processing', 409, 'NOT_READY'],
    ['backup_failed', 409, 'BACKUP_FAILED'],
    ['backup_canceled', 409, 'BACKUP_FAILED'],
    ['backup_expired', 410, 'EXPIRED'],
  ] as const)('of a backup that is %s is refused', async (status, code, error) => {
    const on = makeWorld();
    const response = await begin(on, await putJob(on, 'alice', status));
    expect([response.status, (await jsonOf(response)).error]).toEqual([code, error]);
    expect(on.ports.queues.sent).toEqual([]);
  });

  test('by a round trip is refused for more rows, or more volumes, than one restores', async () => {
    const on = makeWorld();
    const refused = async (backup: Job) => {
      const response = await begin(on, backup, post({ mode: 'round_trip' }));
      return [response.status, await jsonOf(response)];
    };
    const set = await putJob(on, 'alice', 'backup_completed', {
      packages: Array.from({ length: 521 }, () => oneVolume[0] as (typeof oneVolume)[number]),
    });
    expect(await refused(set)).toMatchObject([
      409,
      { error: 'TOO_LARGE', message: 'the backup has 521 volumes; round_trip restores 520 at most' },
    ]);
    const { summary } = set;
    if (!summary) throw new Error('no summary');
    const counts = { ...summary.counts, transactions: 100_001 };
    const large = await putJob(on, 'alice', 'backup_completed', {
      packages: oneVolume,
      summary: { ...summary, counts },
    });
    expect(await refused(large)).toMatchObject([409, { error: 'TOO_LARGE' }]);
    expect(on.ports.queues.sent).toEqual([]);
  });

  test('is not found for the backup of a round trip, which is shown to nobody', async () => {
    const on = makeWorld();
    const roundTrip = { jobId: '00000000-0000-4000-8000-00000000aaaa', attempt: 1 };
    const hidden = await putJob(on, 'alice', 'backup_completed', { roundTrip });
    expect((await begin(on, hidden)).status).toBe(404);
    expect((await on.as('alice')(`/fzip/backup/${hidden.jobId}/status`)).status).toBe(404);
    expect(await jsonOf(await on.as('alice')('/fzip/backup'))).toMatchObject({ backups: [], total: 0 });
  });

  test('is refused for a backup whose time is over, even while the sweep has not come by', async () => {
    const on = makeWorld();
    const backup = await putJob(on, 'alice', 'backup_completed', { expiresAt: on.ports.clock() });
    expect((await begin(on, backup)).status).toBe(410);
  });

  test.each([{}, { mode: 'shallow' }, { mode: 'deep', more: 1 }, { mode: null }])('%j is refused', async (body) => {
    const on = makeWorld();
    const response = await begin(on, await putJob(on, 'alice', 'backup_completed'), post(body));
    expect([response.status, (await jsonOf(response)).error]).toEqual([400, 'INVALID_REQUEST']);
  });

  test("neither begins nor shows anything of another user's", async () => {
    const on = makeWorld();
    const backup = await putJob(on, 'alice', 'backup_completed');
    const { validationId } = await jsonOf(await begin(on, backup));
    const mallory = on.as('mallory');
    for (const response of [
      await mallory(`/fzip/backup/${backup.jobId}/validate`, post({ mode: 'deep' })),
      await mallory(`/fzip/backup/${backup.jobId}/validate/${validationId}`),
    ]) {
      expect([response.status, (await jsonOf(response)).error]).toEqual([404, 'NOT_FOUND']);
    }
    expect(on.ports.queues.sent).toHaveLength(1);
    const other = await putJob(on, 'alice', 'backup_completed');
    expect((await on.as('alice')(`/fzip/backup/${other.jobId}/validate/${validationId}`)).status).toBe(404);
    expect((await on.as('alice')(`/fzip/backup/${backup.jobId}/validate/${backup.jobId}`)).status).toBe(404);
    expect((await on.as('alice')(`/fzip/backup/${validationId}/status`)).status).toBe(404);
  });

  test('repeated with its key is one validation, and a key stands for one request', async () => {
    const on = makeWorld();
    const [one, two] = [await putJob(on, 'alice', 'backup_completed'), await putJob(on, 'alice', 'backup_completed')];
    const keyed = post({ mode: 'deep' }, { 'idempotency-key': 'once' });
    const first = await jsonOf(await begin(on, one, keyed));
    expect(await jsonOf(await begin(on, one, keyed))).toEqual(first);
    expect(on.ports.queues.sent).toHaveLength(1);
    const reused = await begin(on, two, keyed);
    expect([reused.status, (await jsonOf(reused)).error]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    // What it was made for may be over when the answer is asked for again.
    await on.ports.jobs.change(one, { status: 'backup_expired' });
    expect(await jsonOf(await begin(on, one, keyed))).toEqual(first);
  });

  test('counts among the jobs that one user may have running', async () => {
    const on = makeWorld();
    const backup = await putJob(on, 'alice', 'backup_completed');
    const allowed = on.ports.limits.runningJobs;
    for (let n = 0; n < allowed; n += 1) expect((await begin(on, backup)).status).toBe(202);
    for (const refused of [await begin(on, backup), await on.as('alice')('/fzip/backup', post({}))]) {
      expect([refused.status, (await jsonOf(refused)).error]).toEqual([429, 'TOO_MANY_JOBS']);
    }
  });
});

describe('a backup that a validation found damaged', () => {
  test('no longer looks good, in its status and in the list', async () => {
    const on = makeWorld();
    const note = {
      validationId: crypto.randomUUID(),
      at: 5,
      ok: false,
      damaged: true,
      issues: examined.issues,
      issueCount: 1,
    };
    const sound = await putJob(on, 'alice', 'backup_completed');
    const damaged = await putJob(on, 'alice', 'backup_completed', { examinations: { deep: note } });
    const status = await jsonOf(await on.as('alice')(`/fzip/backup/${damaged.jobId}/status`));
    expect(status).toMatchObject({ status: 'completed', damaged: true, validations: { deep: note } });
    expect(status.validation).toMatchObject({ overall_quality: 'poor', issues: examined.issues });
    expect(status.validation.score).toBeLessThan(75);
    expect(status.validation.recommendations[0]).toContain('cannot be trusted');
    const { backups } = await jsonOf(await on.as('alice')('/fzip/backup'));
    const marks = Object.fromEntries(
      backups.map((item: { backupId: string; damaged?: true }) => [item.backupId, item.damaged]),
    );
    expect(marks).toEqual({ [sound.jobId]: undefined, [damaged.jobId]: true });
  });
});
