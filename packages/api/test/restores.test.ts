import { randomUUID } from 'node:crypto';
import { unpackedScope } from '@fzip/core/restore/unpacked';
import { sampleRow } from '@fzip/testing';
import { describe, expect, it } from 'vitest';
import {
  CreateRestoreResponse,
  FreshUploadUrl,
  RestoreList,
  RestoreMoved,
  RestoreStatus,
  type UploadForm,
} from '../src/restore-schemas.ts';
import { makeWorld, post, putJob, putRestore, start, type World } from './world.ts';

const drop: RequestInit = { method: 'DELETE' };

/** Sends bytes by a form, as a browser would; the storage's status. */
const send = (world: World, form: { url: string; fields: Record<string, string> }, text = 'a package') =>
  world.ports.packages.submit(form.url, form.fields, Buffer.from(text));

/** What unpacking an empty package leaves, so that a restore can be confirmed. */
const putUnpacked = async (world: World, work: { jobId: string; attempt: number }) => {
  const none = { accounts: 0, categories: 0, file_maps: 0, transaction_files: 0, transactions: 0, analytics: 0 };
  const unpacked = { errors: [], errorCount: 0, warnings: [], counts: none, chunks: none };
  await world.ports.ledger.put(unpackedScope(work), 0, unpacked);
};

const answerOf = async (response: Response) => ({ http: response.status, ...((await response.json()) as object) });

describe.each(['/fzip', ''])('under "%s"', (mount) => {
  it('creates a restore and says where its package goes', async () => {
    const world = makeWorld();
    const response = await world.as('ann')(`${mount}/restore`, post({ requireConfirmation: true, idMode: 'remap' }));
    expect(response.status).toBe(201);
    const answer = CreateRestoreResponse.strict().parse(await response.json());
    expect(answer).toMatchObject({ status: 'uploaded', message: 'send the package to uploadUrl' });
    expect(response.headers.get('location')).toBe(`${mount}/restore/${answer.restoreId}/status`);
    expect(await world.ports.jobs.find(answer.restoreId)).toMatchObject({
      userId: 'ann',
      jobType: 'restore',
      status: 'restore_uploaded',
      restore: { validateOnly: false, requireConfirmation: true, idMode: 'remap' },
    });
    expect(await send(world, answer.uploadUrl as UploadForm)).toBe(204);
    expect([...world.ports.packages.objects.keys()]).toEqual([`uploads/ann/${answer.restoreId}/1.fzip`]);
  });

  it('lists, shows, gives fresh forms, is told of the upload, confirms, cancels and deletes', async () => {
    const world = makeWorld();
    const ann = world.as('ann');
    const waiting = await putRestore(world, 'ann', 'restore_uploaded');
    const list = RestoreList.strict().parse(await (await ann(`${mount}/restore`)).json());
    expect(list.restoreJobs.map(({ restoreId }) => restoreId)).toEqual([waiting.jobId]);
    const at = (tail: string, init?: RequestInit) => ann(`${mount}/restore/${waiting.jobId}${tail}`, init);
    expect(RestoreStatus.strict().parse(await (await at('/status')).json()).status).toBe('uploaded');
    const { uploadUrl } = FreshUploadUrl.strict().parse(await (await at('/upload-url', post())).json());
    expect(await send(world, uploadUrl as UploadForm)).toBe(204);
    expect(RestoreMoved.strict().parse(await (await at('/upload', post())).json()).status).toBe('uploaded');
    expect(RestoreMoved.strict().parse(await (await at('/cancel', post())).json())).toMatchObject({
      restoreId: waiting.jobId,
      status: 'canceled',
    });
    const gone = await at('', drop);
    expect([gone.status, await gone.text()]).toEqual([204, '']);
    expect(world.ports.packages.objects.size).toBe(0);
    expect((await at('/status')).status).toBe(404);
    const confirmed = await putRestore(world, 'ann', 'restore_awaiting_confirmation');
    await putUnpacked(world, confirmed);
    const begun = await ann(`${mount}/restore/${confirmed.jobId}/start`, post());
    expect(RestoreMoved.strict().parse(await begun.json())).toEqual({
      restoreId: confirmed.jobId,
      status: 'processing',
      message: 'the profile is being restored',
    });
  });
});

describe('a restore is created', () => {
  it.each([
    ['no body', post()],
    ['an empty object', post({})],
    ['every field', post({ validateOnly: true, requireConfirmation: false, idMode: 'preserve', volumes: 1, size: 1 })],
    ['the largest package', post({ size: 4_900_000_000 })],
  ])('with %s', async (_, request) => {
    expect((await makeWorld().as('ann')('/fzip/restore', request)).status).toBe(201);
  });

  it('not into a profile that holds something, and says what', async () => {
    const world = makeWorld();
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann'), sampleRow('accounts', 'bob')]);
    expect(await answerOf(await world.as('ann')('/fzip/restore', post()))).toMatchObject({
      http: 409,
      error: 'PROFILE_NOT_EMPTY',
      profileSummary: { accounts: 1, transactions: 0 },
      exact: true,
      suggestion: expect.stringContaining('validateOnly'),
    });
    expect(world.ports.jobs.all()).toEqual([]);
    expect((await world.as('ann')('/fzip/restore', post({ validateOnly: true }))).status).toBe(201);
    expect((await world.as('carl')('/fzip/restore', post())).status).toBe(201);
  });

  it('once per idempotency key and user', async () => {
    const world = makeWorld();
    const begin = async (user: string, key: string) => {
      const response = await world.as(user)('/fzip/restore', post({}, { 'Idempotency-Key': key }));
      expect(response.status).toBe(201);
      return CreateRestoreResponse.strict().parse(await response.json()).restoreId;
    };
    const first = await begin('ann', 'k 1');
    expect(await begin('ann', 'k 1')).toBe(first);
    expect(await begin('ann', 'k 2')).not.toBe(first);
    expect(await begin('bob', 'k 1')).not.toBe(first);
    expect(world.ports.jobs.all().length).toBe(3);
  });

  it('under a key that a backup has as well', async () => {
    const world = makeWorld();
    const request = post({}, { 'idempotency-key': 'k' });
    expect((await world.as('ann')('/fzip/backup', request)).status).toBe(201);
    expect((await world.as('ann')('/fzip/restore', request)).status).toBe(201);
    expect(world.ports.jobs.all().length).toBe(2);
  });

  it('refuses an idempotency key that stood for another request', async () => {
    const world = makeWorld();
    const ann = world.as('ann');
    await ann('/fzip/restore', post({ idMode: 'remap' }, { 'idempotency-key': 'k' }));
    const response = await ann('/fzip/restore', post({ idMode: 'preserve' }, { 'idempotency-key': 'k' }));
    expect(await answerOf(response)).toMatchObject({
      http: 422,
      error: 'IDEMPOTENCY_KEY_REUSED',
      details: [{ field: 'Idempotency-Key' }],
    });
    expect(world.ports.jobs.all().length).toBe(1);
  });

  it('repeated after its package came, says what became of it', async () => {
    const world = makeWorld();
    const request = post({}, { 'idempotency-key': 'k' });
    const first = (await (await world.as('ann')('/fzip/restore', request)).json()) as { restoreId: string };
    const job = await world.ports.jobs.find(first.restoreId);
    if (!job) throw new Error('no job');
    await world.ports.jobs.change(job, { status: 'restore_validating' });
    expect(await answerOf(await world.as('ann')('/fzip/restore', request))).toMatchObject({
      http: 201,
      restoreId: first.restoreId,
      status: 'validating',
      message: 'the package is being checked',
    });
  });

  it.each([
    [{ volumes: 521 }, 400, 'INVALID_REQUEST', 'volumes', '520'],
    [{ volumes: 2, size: 9_800_000_001 }, 413, 'PACKAGE_TOO_LARGE', 'size', '4900000000'],
    [{ size: 4_900_000_001 }, 413, 'PACKAGE_TOO_LARGE', 'size', '4900000000'],
    [{ volumes: 0 }, 400, 'INVALID_REQUEST', 'volumes', '>=1'],
    [{ size: 0 }, 400, 'INVALID_REQUEST', 'size', '0'],
    [{ size: 1.5 }, 400, 'INVALID_REQUEST', 'size', 'int'],
    [{ idMode: 'mine' }, 400, 'INVALID_REQUEST', 'idMode', 'remap'],
    [{ validateOnly: 'yes' }, 400, 'INVALID_REQUEST', 'validateOnly', 'boolean'],
    [{ userId: 'bob' }, 400, 'INVALID_REQUEST', 'userId', 'requireConfirmation'],
    [{ key: 'uploads/bob/1.fzip' }, 400, 'INVALID_REQUEST', 'key', 'idMode'],
  ])('not with %j: %i %s', async (body, http, error, field, allowed) => {
    const world = makeWorld();
    const answer = await answerOf(await world.as('ann')('/fzip/restore', post(body)));
    expect(answer).toMatchObject({
      http,
      error,
      message: expect.stringContaining(allowed),
      details: [{ field, message: expect.stringContaining(allowed) }],
    });
    expect(world.ports.jobs.all()).toEqual([]);
  });
});

describe('the list of restores', () => {
  it('gives every restore once, newest first, page by page', async () => {
    const world = makeWorld();
    for (let n = 0; n < 5; n += 1) await putRestore(world, 'ann', 'restore_failed', { createdAt: start + n });
    const seen: number[] = [];
    let next: string | undefined;
    do {
      const key = next === undefined ? '' : `&lastEvaluatedKey=${encodeURIComponent(next)}`;
      const page = await world.as('ann')(`/fzip/restore?limit=2${key}`);
      const { restoreJobs, nextEvaluatedKey } = RestoreList.strict().parse(await page.json());
      seen.push(...restoreJobs.map(({ createdAt }) => createdAt - start));
      next = nextEvaluatedKey;
    } while (next !== undefined);
    expect(seen).toEqual([4, 3, 2, 1, 0]);
  });

  it.each([
    ['lastEvaluatedKey=nonsense', 'lastEvaluatedKey'],
    ['lastEvaluatedKey=', 'lastEvaluatedKey'],
    [`lastEvaluatedKey=${Buffer.from('["a"]').toString('base64url')}`, 'lastEvaluatedKey'],
    [`lastEvaluatedKey=${'x'.repeat(1025)}`, 'lastEvaluatedKey'],
    ['limit=0', 'limit'],
    ['offset=1', 'offset'],
  ])('refuses ?%s', async (query, field) => {
    expect(await answerOf(await makeWorld().as('ann')(`/fzip/restore?${query}`))).toMatchObject({
      http: 400,
      error: 'INVALID_REQUEST',
      message: expect.stringContaining(field),
      details: [{ field }],
    });
  });

  it('holds neither backups nor what is another’s', async () => {
    const world = makeWorld();
    await putRestore(world, 'bob', 'restore_completed');
    await putJob(world, 'ann', 'backup_completed');
    expect(await answerOf(await world.as('ann')('/fzip/restore'))).toEqual({ http: 200, restoreJobs: [] });
  });
});

describe('what is not the user’s own', () => {
  const routes = [
    ['GET', 'status'],
    ['POST', 'upload'],
    ['POST', 'upload-url'],
    ['POST', 'start'],
    ['POST', 'cancel'],
    ['DELETE', ''],
  ] as const;

  it.each(routes)('%s %s answers byte by byte as for an id that nobody has', async (method, tail) => {
    const world = makeWorld();
    const others = (await putRestore(world, 'bob', 'restore_uploaded')).jobId;
    const waiting = (await putRestore(world, 'bob', 'restore_awaiting_confirmation')).jobId;
    const backup = (await putJob(world, 'ann', 'backup_completed')).jobId;
    const before = world.ports.jobs.all();
    const ids = [others, waiting, backup, randomUUID(), 'no-uuid', 'chunk%23x', '..%2F..', '%00', others.toUpperCase()];
    const answers = await Promise.all(
      ids.map(async (id) => {
        const path = `/fzip/restore/${id}${tail === '' ? '' : `/${tail}`}`;
        const response = await world.as('ann')(path, { method });
        return `${response.status} ${await response.text()} ${JSON.stringify([...response.headers])}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^404 {"error":"NOT_FOUND"/);
    expect(world.ports.jobs.all()).toEqual(before);
    expect(world.ports.queues.sent).toEqual([]);
  });

  it.each(routes)('%s %s is refused to nobody before anything else', async (method, tail) => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_uploaded');
    const path = `/fzip/restore/${jobId}${tail === '' ? '' : `/${tail}`}`;
    expect((await world.app.request(path, { method })).status).toBe(401);
    expect((await world.app.request('/fzip/restore', post())).status).toBe(401);
    expect(world.ports.jobs.all().length).toBe(1);
  });
});

describe('the audit', () => {
  it('names what was done with which restore', async () => {
    const world = makeWorld();
    const ann = world.as('ann');
    const { restoreId } = (await (await ann('/fzip/restore', post())).json()) as { restoreId: string };
    await ann(`/restore/${restoreId}/upload`, post());
    await ann(`/fzip/restore/${restoreId}/start`, post());
    await ann(`/fzip/restore/${restoreId}`, drop);
    expect(world.ports.audited.filter(({ what }) => what.startsWith('api.'))).toEqual([
      { who: 'ann', what: 'api.createRestore', jobId: restoreId, outcome: '201' },
      { who: 'ann', what: 'api.notifyUploaded', jobId: restoreId, outcome: '200' },
      { who: 'ann', what: 'api.confirmRestore', jobId: restoreId, outcome: '409 NOT_AWAITING_CONFIRMATION' },
      { who: 'ann', what: 'api.deleteRestore', jobId: restoreId, outcome: '204' },
    ]);
  });
});
