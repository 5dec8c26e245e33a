import { StaleJob } from '@fzip/core';
import type { LambdaEvent } from 'hono/aws-lambda';
import { handle } from 'hono/aws-lambda';
import { describe, expect, it } from 'vitest';
import { makeWorld, post, putJob } from './world.ts';

describe('every answer', () => {
  it('is neither cached nor sniffed, and carries the id of its request', async () => {
    const world = makeWorld();
    for (const path of ['/fzip/backup', '/fzip/nothing', '/fzip/backup/x/status']) {
      const { headers } = await world.as('ann')(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': 'gateway-1',
      });
    }
  });

  it('but the document may be cached', async () => {
    const { headers } = await makeWorld().app.request('/fzip/openapi.json');
    expect(headers.get('cache-control')).toMatch(/max-age/);
  });
});

describe('the audit', () => {
  const requestLines = (world: ReturnType<typeof makeWorld>) =>
    world.ports.audited.filter(({ what }) => what.startsWith('api.'));

  it('has one line for each request: who, what, which job, how it ended', async () => {
    const world = makeWorld();
    const own = (await putJob(world, 'ann', 'backup_processing')).jobId;
    const others = (await putJob(world, 'bob', 'backup_completed')).jobId;
    const ann = world.as('ann');
    await ann('/fzip/backup?limit=1');
    await ann(`/backup/${own}/download`);
    await ann(`/fzip/backup/${others}/status`, { method: 'HEAD' });
    await ann('/fzip/secret-path');
    await world.app.request('/fzip/profile');
    const created = (await (await ann('/fzip/backup', post())).json()) as { backupId: string };
    expect(requestLines(world)).toEqual([
      { who: 'ann', what: 'api.listBackups', outcome: '200' },
      { who: 'ann', what: 'api.downloadBackup', jobId: own, outcome: '409 NOT_READY' },
      { who: 'ann', what: 'api.backupStatus', jobId: others, outcome: '404 NOT_FOUND' },
      { who: 'nobody', what: 'api.unknown', outcome: '404 ROUTE_NOT_FOUND' },
      { who: 'nobody', what: 'api.profile', outcome: '401 UNAUTHORIZED' },
      { who: 'ann', what: 'api.createBackup', jobId: created.backupId, outcome: '201' },
    ]);
  });
});

describe('a failure of our own', () => {
  const failing = (error: unknown) => {
    const world = makeWorld();
    world.ports.jobs.count = () => Promise.reject(error);
    world.ports.jobs.find = () => Promise.reject(error);
    return world;
  };
  const ask = (world: ReturnType<typeof makeWorld>) =>
    world.as('ann')('/fzip/backup/0b7e7dd6-5a52-4b5b-9a2c-6f3f1c1c7a10/status');

  it('tells its request id and nothing else, and is logged with its stack', async () => {
    const error = new Error('table fzip-jobs of account 123 is on fire');
    const world = failing(error);
    const response = await ask(world);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      error: 'INTERNAL_ERROR',
      message: 'the request failed on our side; its id is gateway-1',
    });
    expect(world.logged).toEqual([{ message: 'request failed', requestId: 'gateway-1', error }]);
    expect(world.ports.audited.at(-1)).toMatchObject({ who: 'ann', outcome: '500 INTERNAL_ERROR' });
  });

  it('is no failure if only somebody else was faster', async () => {
    const world = failing(new StaleJob('x', 1));
    expect((await ask(world)).status).toBe(409);
    expect(world.logged).toEqual([]);
  });
});

describe('behind the API Gateway', () => {
  const event = (path: string, claims?: { sub: string }): LambdaEvent =>
    ({
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: 'limit=5',
      headers: { host: 'api.test', 'x-amzn-request-context': '{"authorizer":{"jwt":{"claims":{"sub":"bob"}}}}' },
      isBase64Encoded: false,
      body: null,
      requestContext: {
        requestId: 'of-the-gateway',
        accountId: '1',
        apiId: 'api',
        domainName: 'api.test',
        domainPrefix: 'api',
        routeKey: '$default',
        stage: '$default',
        time: '',
        timeEpoch: 0,
        http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
        ...(claims ? { authorizer: { jwt: { claims, scopes: [] } } } : {}),
      },
    }) as unknown as LambdaEvent;

  it('the user is the subject that the authorizer has verified', async () => {
    const world = makeWorld();
    await putJob(world, 'ann', 'backup_failed');
    await putJob(world, 'bob', 'backup_failed');
    const answer = await handle(world.app)(event('/fzip/backup', { sub: 'ann' }));
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ total: 1, limit: 5 });
    expect(answer.headers?.['x-request-id']).toBe('of-the-gateway');
    expect((await handle(world.app)(event('/fzip/backup'))).statusCode).toBe(401);
  });

  it('a body arrives whole, as text or in base64', async () => {
    const text = JSON.stringify({ description: 'été' });
    for (const isBase64Encoded of [false, true]) {
      const world = makeWorld();
      const sent = event('/fzip/backup', { sub: 'ann' }) as unknown as Record<string, Record<string, object>>;
      const answer = await handle(world.app)({
        ...sent,
        rawQueryString: '',
        headers: { host: 'api.test', 'content-type': 'application/json' },
        requestContext: { ...sent.requestContext, http: { ...sent.requestContext?.http, method: 'POST' } },
        body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
        isBase64Encoded,
      } as unknown as LambdaEvent);
      expect(answer.statusCode).toBe(201);
      expect(world.ports.jobs.all()[0]?.parameters?.description).toBe('été');
    }
  });
});
