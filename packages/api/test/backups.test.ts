import { randomUUID } from 'node:crypto';
import { packagePrefix } from '@fzip/core/backup/package';
import { sampleRow } from '@fzip/testing';
import { describe, expect, it } from 'vitest';
import { Profile } from '../src/profile-schemas.ts';
import { BackupList, BackupStatus, CreateBackupResponse } from '../src/schemas.ts';
import { makeWorld, post, putJob, start } from './world.ts';

describe.each(['/fzip', ''])('under "%s"', (mount) => {
  it('begins a backup and says what it will come to', async () => {
    const world = makeWorld();
    const response = await world.as('ann')(
      `${mount}/backup`,
      post({ description: 'before the move', expiresInHours: 48 }),
    );
    expect(response.status).toBe(201);
    const answer = CreateBackupResponse.strict().parse(await response.json());
    expect(answer).toMatchObject({ status: 'initiated', exact: true });
    expect(answer.estimatedSize).toBeGreaterThan(0);
    expect(answer.estimatedCompletion).toBeGreaterThan(start);
    expect(response.headers.get('location')).toBe(`${mount}/backup/${answer.backupId}/status`);
    expect(await world.ports.jobs.find(answer.backupId)).toMatchObject({
      userId: 'ann',
      parameters: {
        backupType: 'complete',
        description: 'before the move',
        expiresInHours: 48,
      },
    });
    expect(world.ports.queues.sent).toHaveLength(1);
  });

  it('lists, shows, links, counts and deletes', async () => {
    const world = makeWorld();
    const ann = world.as('ann');
    const job = await putJob(world, 'ann', 'backup_completed');
    for (const n of [1, 2]) await world.ports.packages.put(`${packagePrefix(job)}${n}.fzip`, Buffer.from('x'));
    await world.ports.packages.put('backups/of-another', Buffer.from('x'));
    const list = await ann(`${mount}/backup`);
    expect(BackupList.strict().parse(await list.json())).toMatchObject({
      total: 1,
      limit: 20,
      offset: 0,
      hasMore: false,
    });
    const status = await ann(`${mount}/backup/${job.jobId}/status`);
    expect(BackupStatus.strict().parse(await status.json()).volumes).toHaveLength(2);
    const download = await ann(`${mount}/backup/${job.jobId}/download?volume=2`);
    expect(download.status).toBe(302);
    expect(download.headers.get('location')).toContain(encodeURIComponent('/2.fzip'));
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann'), sampleRow('accounts', 'bob')]);
    const profile = await ann(`${mount}/profile`);
    expect(Profile.strict().parse(await profile.json())).toMatchObject({
      counts: { accounts: 1, transactions: 0 },
      exact: true,
    });
    const gone = await ann(`${mount}/backup/${job.jobId}`, { method: 'DELETE' });
    expect([gone.status, await gone.json()]).toEqual([200, { message: 'backup deleted' }]);
    expect([...world.ports.packages.objects.keys()]).toEqual(['backups/of-another']);
    expect((await ann(`${mount}/backup/${job.jobId}/status`)).status).toBe(404);
  });

  it('gives its document to anybody', async () => {
    const response = await makeWorld().app.request(`${mount}/openapi.json`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ openapi: '3.1.0' });
  });
});

describe('a backup is begun', () => {
  it.each([
    ['no body', post()],
    ['an empty body that calls itself JSON', post('')],
    ['an empty object', post({})],
    [
      'every field',
      post({
        backupType: 'complete',
        includeAnalytics: false,
        description: '',
        expiresInHours: 1,
        packageFormat: 'fzip',
      }),
    ],
    ['a charset', post('{}', { 'content-type': 'application/json; charset=utf-8' })],
  ])('with %s', async (_, request) => {
    expect((await makeWorld().as('ann')('/fzip/backup', request)).status).toBe(201);
  });

  it('once per idempotency key and user', async () => {
    const world = makeWorld();
    const begin = async (user: string, key: string) => {
      const response = await world.as(user)('/fzip/backup', post({}, { 'Idempotency-Key': key }));
      expect(response.status).toBe(201);
      return CreateBackupResponse.strict().parse(await response.json()).backupId;
    };
    const first = await begin('ann', 'k 1');
    expect(await begin('ann', 'k 1')).toBe(first);
    expect(await begin('ann', 'k 2')).not.toBe(first);
    expect(await begin('bob', 'k 1')).not.toBe(first);
    expect(world.ports.jobs.all().length).toBe(3);
    expect(world.ports.queues.sent).toHaveLength(3);
  });

  it('refuses an idempotency key that stood for another request', async () => {
    const world = makeWorld();
    const ann = world.as('ann');
    await ann('/fzip/backup', post({ expiresInHours: 1 }, { 'idempotency-key': 'k' }));
    const response = await ann('/fzip/backup', post({ expiresInHours: 2 }, { 'idempotency-key': 'k' }));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: 'IDEMPOTENCY_KEY_REUSED',
      details: [{ field: 'Idempotency-Key' }],
    });
    expect(world.ports.jobs.all().length).toBe(1);
  });

  it('says "at least" when counting was cut short', async () => {
    const world = makeWorld();
    world.ports.profiles.count = async () => ({ count: 10, exact: false });
    expect(await (await world.as('ann')('/fzip/backup', post())).json()).toMatchObject({ exact: false });
    expect(await (await world.as('ann')('/fzip/profile')).json()).toMatchObject({
      exact: false,
      counts: { accounts: 10 },
    });
  });
});

describe('the status of a backup', () => {
  const statusOf = async (world: ReturnType<typeof makeWorld>, jobId: string) =>
    BackupStatus.strict().parse(await (await world.as('ann')(`/fzip/backup/${jobId}/status`)).json());

  it('of a completed one tells what it holds, with links signed anew each time', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    const first = await statusOf(world, jobId);
    expect(first).toMatchObject({
      backupId: jobId,
      status: 'completed',
      progress: 100,
      currentPhase: 'completed',
      requestedAt: start,
      completedAt: start,
      expiresAt: start + 86_400_000,
      packageSize: 30,
      validation: { overall_quality: 'excellent', files_processed: 1, issues: [] },
      manifest_checksums: { 'data/accounts.json': 'a'.repeat(64) },
      volumes: [
        { number: 1, size: 10, sha256: '1'.repeat(64) },
        { number: 2, size: 20, sha256: '2'.repeat(64) },
      ],
      notIncluded: ['analytics processing status'],
      failedFilesCount: 0,
    });
    expect(first.downloadUrl).toBeDefined();
    world.ports.time.now += 60_000;
    expect((await statusOf(world, jobId)).downloadUrl).not.toBe(first.downloadUrl);
    expect(JSON.stringify(first)).not.toContain('"key"');
  });

  it('of a working one has no link', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_processing', {
      progress: 40,
      currentPhase: 'collecting_data',
    });
    const shown = await statusOf(world, jobId);
    expect(shown).toMatchObject({ status: 'processing', progress: 40, currentPhase: 'collecting_data', volumes: [] });
    expect(shown).not.toHaveProperty('downloadUrl');
  });

  it('of a failed one tells why', async () => {
    const world = makeWorld();
    const error = { code: 'CHECKSUM_MISMATCH', message: 'data/accounts.json differs' };
    const { jobId } = await putJob(world, 'ann', 'backup_failed', { error, errorDetails: ['volume 1'] });
    expect(await statusOf(world, jobId)).toMatchObject({
      status: 'failed',
      error: { ...error, details: ['volume 1'] },
    });
  });

  it('is expired from the moment its time is over, swept or not', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    world.ports.time.now = start + 86_400_000;
    const shown = await statusOf(world, jobId);
    expect(shown.status).toBe('expired');
    expect(shown).not.toHaveProperty('downloadUrl');
    expect(shown.volumes.every((volume) => volume.downloadUrl === undefined)).toBe(true);
    const list = await world.as('ann')('/fzip/backup');
    expect(BackupList.strict().parse(await list.json()).backups[0]?.status).toBe('expired');
  });
});

describe('a download', () => {
  it.each([
    ['backup_initiated', 409, 'NOT_READY'],
    ['backup_processing', 409, 'NOT_READY'],
    ['backup_failed', 409, 'BACKUP_FAILED'],
    ['backup_canceled', 409, 'BACKUP_FAILED'],
    ['backup_expired', 410, 'EXPIRED'],
  ] as const)('of a %s job answers %i %s', async (status, http, code) => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', status);
    const response = await world.as('ann')(`/fzip/backup/${jobId}/download`);
    expect([response.status, await response.json()]).toMatchObject([http, { error: code }]);
  });

  it('answers 410 when the time is over, swept or not', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed', { expiresAt: start });
    expect((await world.as('ann')(`/fzip/backup/${jobId}/download`)).status).toBe(410);
  });

  it('gives the first volume unless told otherwise, and no volume that there is not', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    const ann = world.as('ann');
    const first = await ann(`/fzip/backup/${jobId}/download`);
    expect(first.headers.get('location')).toContain(encodeURIComponent('/1.fzip'));
    expect(first.headers.get('cache-control')).toBe('no-store');
    const none = await ann(`/fzip/backup/${jobId}/download?volume=3`);
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ error: 'VOLUME_NOT_FOUND', details: [{ field: 'volume' }] });
  });
});

describe('deleting', () => {
  it('cancels a backup that is being made', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_processing');
    expect((await world.as('ann')(`/fzip/backup/${jobId}`, { method: 'DELETE' })).status).toBe(200);
    expect(world.ports.events.published.map(({ event }) => event.type)).toEqual(['backup.canceled']);
    expect(world.ports.jobs.all().length).toBe(0);
  });

  it('answers 404 the second time', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_failed');
    const drop = () => world.as('ann')(`/fzip/backup/${jobId}`, { method: 'DELETE' });
    expect((await drop()).status).toBe(200);
    expect((await drop()).status).toBe(404);
  });
});

describe('what is not the user’s own', () => {
  const routes = [
    ['GET', 'status'],
    ['GET', 'download'],
    ['GET', 'download?volume=2'],
    ['DELETE', ''],
  ] as const;

  it.each(routes)('%s %s answers byte by byte as for an id that nobody has', async (method, tail) => {
    const world = makeWorld();
    const others = (await putJob(world, 'bob', 'backup_completed')).jobId;
    const restore = (await putJob(world, 'ann', 'restore_completed', { jobType: 'restore' })).jobId;
    const before = world.ports.jobs.all();
    const ids = [others, restore, randomUUID(), 'no-uuid', 'chunk%23x', '..%2F..', '%00', others.toUpperCase()];
    const answers = await Promise.all(
      ids.map(async (id) => {
        const path = `/fzip/backup/${id}${tail === '' ? '' : `/${tail}`}`;
        const response = await world.as('ann')(path, { method });
        return `${response.status} ${await response.text()} ${JSON.stringify([...response.headers])}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^404 {"error":"NOT_FOUND"/);
    expect(world.ports.jobs.all()).toEqual(before);
  });

  it('is in no list', async () => {
    const world = makeWorld();
    await putJob(world, 'bob', 'backup_completed');
    await putJob(world, 'ann', 'restore_completed', { jobType: 'restore' });
    expect(await (await world.as('ann')('/fzip/backup')).json()).toMatchObject({ backups: [], total: 0 });
  });

  it('cannot be asked for by header, parameter or body', async () => {
    const world = makeWorld();
    await putJob(world, 'bob', 'backup_completed');
    const headers = { 'x-user-id': 'bob', authorization: 'Bearer bob', cookie: 'sub=bob' };
    expect(await (await world.as('ann')('/fzip/backup', { headers })).json()).toMatchObject({ total: 0 });
    expect((await world.as('ann')('/fzip/backup?userId=bob')).status).toBe(400);
    expect((await world.as('ann')('/fzip/backup', post({ userId: 'bob' }))).status).toBe(400);
  });
});
