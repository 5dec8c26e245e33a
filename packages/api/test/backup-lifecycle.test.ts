/** What may be done with a backup that exists: cancel, keep longer, describe; and how many there may be. */
import type { JobStatus } from '@fzip/core';
import { describe, expect, it } from 'vitest';
import { BackupStatus } from '../src/schemas.ts';
import { makeWorld, putJob, start, type World } from './world.ts';

const hour = 3_600_000;

const send = (method: string, body?: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

const ask = async (world: World, path: string, init?: RequestInit, user = 'ann') => {
  const response = await world.as(user)(path, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const everyStatus: JobStatus[] = [
  'backup_initiated',
  'backup_processing',
  'backup_completed',
  'backup_failed',
  'backup_canceled',
  'backup_expired',
];

describe('cancel', () => {
  it.each(everyStatus)('of a backup that is %s', async (status) => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', status);
    const answer = await ask(world, `/fzip/backup/${jobId}/cancel`, send('POST'));
    const works = status === 'backup_initiated' || status === 'backup_processing';
    expect(answer.status).toBe(works ? 200 : 409);
    expect(answer.body).toMatchObject(
      works
        ? { backupId: jobId, status: 'canceled', error: { code: 'CANCELED' } }
        : { error: 'NOT_CANCELABLE', message: expect.stringContaining(status.slice('backup_'.length)) },
    );
    const found = (await world.ports.jobs.find(jobId))?.status;
    expect(found).toBe(works ? 'backup_canceled' : status);
  });

  it('twice is refused the second time, and told of once', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_processing');
    expect((await ask(world, `/fzip/backup/${jobId}/cancel`, send('POST'))).status).toBe(200);
    expect((await ask(world, `/fzip/backup/${jobId}/cancel`, send('POST'))).status).toBe(409);
    expect(world.ports.events.published.map(({ event }) => event.type)).toEqual(['backup.canceled']);
  });

  it('of another user’s backup finds none', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_processing');
    expect((await ask(world, `/fzip/backup/${jobId}/cancel`, send('POST'), 'bob')).status).toBe(404);
    expect((await ask(world, `/fzip/backup/${jobId}`, send('PATCH', { expiresInHours: 9 }), 'bob')).status).toBe(404);
    expect((await world.ports.jobs.find(jobId))?.status).toBe('backup_processing');
    const asked = { name: 'UserRefusals', value: 1, dimensions: { user: 'bob' } };
    const event = { name: 'SecurityEvents', value: 1, dimensions: { type: 'foreign_job' } };
    expect(world.ports.measured).toEqual([event, asked, event, asked]);
  });
});

describe('a change', () => {
  it.each(everyStatus)('of a backup that is %s', async (status) => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', status);
    const answer = await ask(world, `/fzip/backup/${jobId}`, send('PATCH', { description: 'kept' }));
    const refused = { backup_failed: 409, backup_canceled: 409, backup_expired: 410 } as { [s in JobStatus]?: number };
    expect(answer.status).toBe(refused[status] ?? 200);
    if (!refused[status]) expect(answer.body).toMatchObject({ backupId: jobId, description: 'kept' });
  });

  it('keeps a completed backup for so many hours from now', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    world.ports.time.now = start + 20 * hour;
    const answer = await ask(world, `/fzip/backup/${jobId}`, send('PATCH', { expiresInHours: 100 }));
    expect(BackupStatus.parse(answer.body)).toMatchObject({ expiresAt: start + 120 * hour, status: 'completed' });
    world.ports.time.now = start + 119 * hour;
    expect((await ask(world, `/fzip/backup/${jobId}/status`)).body.downloadUrl).toBeDefined();
  });

  it('comes too late for one whose time is over, swept or not', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    world.ports.time.now = start + 24 * hour;
    const answer = await ask(world, `/fzip/backup/${jobId}`, send('PATCH', { expiresInHours: 100 }));
    expect(answer).toMatchObject({ status: 410, body: { error: 'EXPIRED' } });
  });

  it.each([
    ['nothing', {}, 'body'],
    ['an hour that is none', { expiresInHours: 0 }, 'expiresInHours'],
    ['more than a year', { expiresInHours: 365 * 24 + 1 }, 'expiresInHours'],
    ['what cannot be changed', { backupType: 'complete', description: 'x' }, 'backupType'],
  ])('of %s is refused', async (_, body, field) => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    const answer = await ask(world, `/fzip/backup/${jobId}`, send('PATCH', body));
    expect(answer).toMatchObject({ status: 400, body: { error: 'INVALID_REQUEST', details: [{ field }] } });
  });

  it('leaves what was asked for first, so that the request may still be repeated', async () => {
    const world = makeWorld();
    const request = send('POST', { description: 'first' }, { 'idempotency-key': 'k' });
    const { body } = await ask(world, '/fzip/backup', request);
    await ask(world, `/fzip/backup/${body.backupId}`, send('PATCH', { description: 'second', expiresInHours: 5 }));
    expect(await ask(world, '/fzip/backup', request)).toMatchObject({ status: 201, body: { backupId: body.backupId } });
    expect((await ask(world, `/fzip/backup/${body.backupId}/status`)).body.description).toBe('second');
  });
});

describe('a quota', () => {
  it('of running jobs holds for new ones, not for a repeat and not for others', async () => {
    const world = makeWorld();
    const first = await ask(world, '/fzip/backup', send('POST', {}, { 'idempotency-key': 'k' }));
    for (let n = 1; n < world.ports.limits.runningJobs; n += 1) await putJob(world, 'ann', 'backup_processing');
    expect(await ask(world, '/fzip/backup', send('POST', {}))).toMatchObject({
      status: 429,
      body: { error: 'TOO_MANY_JOBS', message: 'you have 10 jobs running; allowed are 10 at a time' },
    });
    expect(await ask(world, '/fzip/backup', send('POST', {}, { 'idempotency-key': 'k' }))).toEqual(first);
    expect((await ask(world, '/fzip/backup', send('POST', {}), 'bob')).status).toBe(201);
  });

  it('of stored bytes holds until a backup expires', async () => {
    const world = makeWorld();
    await putJob(world, 'ann', 'backup_completed', { packageSize: world.ports.limits.storedBytes });
    expect(await ask(world, '/fzip/backup', send('POST', {}))).toMatchObject({
      status: 429,
      body: { error: 'STORAGE_QUOTA' },
    });
    world.ports.time.now = start + 24 * hour;
    expect((await ask(world, '/fzip/backup', send('POST', {}))).status).toBe(201);
  });
});
