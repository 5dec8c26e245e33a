import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sampleRow } from '@fzip/testing';
import { describe, expect, it } from 'vitest';
import { FzipApiError, fzipClient } from '../src/client.ts';
import { makeWorld, putJob, putRestore, type World } from './world.ts';

/** The storage's answer to a form, as S3 gives it. */
const submitted = async (world: World, url: string, request: Request): Promise<Response> => {
  const entries = [...(await request.formData())];
  const file = entries.pop()?.[1];
  if (!(file instanceof File)) return new Response('<Error><Code>InvalidArgument</Code></Error>', { status: 400 });
  const fields = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  const status = await world.ports.packages.submit(url, fields, Buffer.from(await file.arrayBuffer()));
  return new Response(status === 204 ? null : '<Error><Code>AccessDenied</Code></Error>', { status });
};

/** A client whose requests reach the app as the user that the token names; the storage answers with the key it is asked for. */
const clientOf = (world: ReturnType<typeof makeWorld>) => {
  const stored: { url: string; authorization: string | null }[] = [];
  const send: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const authorization = new Headers(init?.headers).get('authorization');
    if (url.protocol === 'memory:') {
      stored.push({ url: url.href, authorization });
      if (init?.method === 'POST') return submitted(world, url.href, new Request('https://storage.test', init));
      return new Response(url.pathname);
    }
    return world.as(authorization?.replace('Bearer ', ''))(`${url.pathname}${url.search}`, init);
  };
  return { client: fzipClient({ baseUrl: 'https://api.test/', token: async () => 'ann', fetch: send }), stored };
};

const refusalOf = async (call: Promise<unknown>): Promise<FzipApiError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FzipApiError);
  return error as FzipApiError;
};

describe('the client', () => {
  it('goes the whole way of a backup', async () => {
    const world = makeWorld();
    const { client, stored } = clientOf(world);
    expect((await client.profile()).counts.accounts).toBe(0);
    const first = await client.createBackup({ description: 'one' }, { idempotencyKey: 'k' });
    expect(await client.createBackup({ description: 'one' }, { idempotencyKey: 'k' })).toEqual(first);
    expect((await client.backupStatus(first.backupId)).status).toBe('initiated');
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    expect((await client.listBackups({ limit: 1, offset: 1 })).total).toBe(2);
    expect(await client.downloadUrl(jobId)).toContain('%2F1.fzip');
    expect(await (await client.download(jobId, { volume: 2 })).text()).toContain('2.fzip');
    expect(stored).toMatchObject([{ authorization: null }]);
    expect((await client.deleteBackup(jobId)).message).toBe('backup deleted');
  });

  it('rejects with the code, the status and the details of the API', async () => {
    const world = makeWorld();
    const { client } = clientOf(world);
    const working = (await putJob(world, 'ann', 'backup_processing')).jobId;
    const done = (await putJob(world, 'ann', 'backup_completed')).jobId;
    expect(await refusalOf(client.backupStatus('a/../b'))).toMatchObject({
      code: 'NOT_FOUND',
      status: 404,
      details: [],
    });
    expect(await refusalOf(client.createBackup({ expiresInHours: 0 }))).toMatchObject({
      code: 'INVALID_REQUEST',
      status: 400,
      details: [{ field: 'expiresInHours' }],
    });
    expect(await refusalOf(client.downloadUrl(working))).toMatchObject({ code: 'NOT_READY', status: 409 });
    expect(await refusalOf(client.download(done, { volume: 9 }))).toMatchObject({ code: 'VOLUME_NOT_FOUND' });
  });

  it('says so when it was not the API that answered', async () => {
    const answering = (status: number) =>
      fzipClient({
        baseUrl: 'https://api.test',
        token: () => 'x',
        fetch: async () => new Response('<html>', { status }),
      });
    expect(await refusalOf(answering(502).profile())).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 502 });
    expect(await refusalOf(answering(401).profile())).toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
  });

  it('goes the way of a restore to its upload, and away again', async () => {
    const world = makeWorld();
    const { client, stored } = clientOf(world);
    const first = await client.createRestore({ requireConfirmation: true }, { idempotencyKey: 'k' });
    await client.uploadPackage(first.forms[0], new Blob(['one']));
    await client.uploadPackage((await client.uploadForms(first.restoreId))[0], streamed('two ', 'pieces'));
    const [[key, object] = []] = world.ports.packages.objects;
    expect([key, object?.bytes.toString()]).toEqual([`uploads/ann/${first.restoreId}/1.fzip`, 'two pieces']);
    expect(stored.map(({ authorization }) => authorization)).toEqual([null, null]);
    expect((await client.notifyUploaded(first.restoreId)).status).toBe('uploaded');
    expect((await client.restoreStatus(first.restoreId)).requireConfirmation).toBe(true);
    expect((await refusalOf(client.confirmRestore(first.restoreId))).code).toBe('NOT_AWAITING_CONFIRMATION');
    expect((await client.cancelRestore(first.restoreId)).status).toBe('canceled');
    await client.deleteRestore(first.restoreId);
    expect((await refusalOf(client.deleteRestore(first.restoreId))).code).toBe('NOT_FOUND');
  });

  it('lists restores page by page', async () => {
    const world = makeWorld();
    const { client } = clientOf(world);
    const older = await putRestore(world, 'ann', 'restore_failed');
    await putRestore(world, 'ann', 'restore_failed', { createdAt: older.createdAt + 1 });
    const { nextEvaluatedKey = '' } = await client.listRestores({ limit: 1 });
    const { restoreJobs } = await client.listRestores({ limit: 1, lastEvaluatedKey: nextEvaluatedKey });
    expect(restoreJobs.map(({ restoreId }) => restoreId)).toEqual([older.jobId]);
  });

  it('tells what is in the way of a restore, and why the storage takes no package', async () => {
    const world = makeWorld();
    const { client } = clientOf(world);
    const { forms } = await client.createRestore();
    world.ports.time.now += 16 * 60_000;
    expect(await refusalOf(client.uploadPackage(forms[0], new Blob(['late'])))).toMatchObject({
      code: 'UPLOAD_FAILED',
      status: 403,
      message: 'the storage answered 403 AccessDenied',
    });
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann')]);
    expect(await refusalOf(client.createRestore())).toMatchObject({
      code: 'PROFILE_NOT_EMPTY',
      profile: { profileSummary: { accounts: 1 }, exact: true, suggestion: expect.any(String) },
    });
  });
});

/** A package that comes in pieces. */
const streamed = (...pieces: string[]) => ({
  stream: ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece))),
  size: pieces.join('').length,
});

describe('an upload over the wire', () => {
  type Received = { headers: IncomingHttpHeaders; body: Buffer };

  /** Takes one form on loopback and gives what came. */
  const receive = async (act: (url: string) => Promise<void>): Promise<Received> => {
    const received: Received[] = [];
    const server = createServer(async (request, response) => {
      received.push({ headers: request.headers, body: await buffer(request) });
      response.writeHead(204).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
    const [first] = received;
    if (!first) throw new Error('nothing came');
    return first;
  };

  it.each([
    ['a blob', () => new Blob(['PK', 'package'])],
    ['a stream', () => streamed('PK', 'package')],
  ])('of %s tells its length, and its file comes last', async (_, file) => {
    const fields = { key: 'uploads/ann/1.fzip', 'Content-Type': 'application/zip', 'x-"odd"': 'é' };
    const client = fzipClient({ baseUrl: 'https://api.test', token: () => 'secret-token' });
    const { headers, body } = await receive((url) => client.uploadPackage({ url, fields }, file()));
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers.authorization).toBeUndefined();
    const form = await new Response(Uint8Array.from(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData();
    const entries = [...form];
    expect(entries.slice(0, -1)).toEqual(Object.entries(fields));
    const [name, value] = entries.at(-1) ?? [];
    if (!(value instanceof File)) throw new Error('no file');
    expect([name, await value.text()]).toEqual(['file', 'PKpackage']);
  });
});
