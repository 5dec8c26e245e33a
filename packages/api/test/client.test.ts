import { describe, expect, it } from 'vitest';
import { FzipApiError, fzipClient } from '../src/client.ts';
import { makeWorld, putJob } from './world.ts';

/** A client whose requests reach the app as the user that the token names; the storage answers with the key it is asked for. */
const clientOf = (world: ReturnType<typeof makeWorld>) => {
  const stored: { url: string; authorization: string | null }[] = [];
  const send: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const authorization = new Headers(init?.headers).get('authorization');
    if (url.protocol === 'memory:') {
      stored.push({ url: url.href, authorization });
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
});
