import { describe, expect, it } from 'vitest';
import { ErrorBody } from '../src/errors.ts';
import { makeWorld, post, putJob } from './world.ts';

const refusal = async (response: Response) => ({
  status: response.status,
  ...ErrorBody.strict().parse(await response.json()),
});

describe('a body that does not fit', () => {
  it.each([
    ['an unknown field', { color: 'red' }, 'color', 'includeAnalytics'],
    ['a user', { userId: 'bob' }, 'userId', 'unknown'],
    ['__proto__', '{"__proto__": {"x": 1}}', '__proto__', 'unknown'],
    ['a type nobody heard of', { backupType: 'everything' }, 'backupType', 'complete'],
    ['a type that is no text', { backupType: 7 }, 'backupType', 'complete'],
    ['a word for a switch', { includeAnalytics: 'yes' }, 'includeAnalytics', 'boolean'],
    ['null for a text', { description: null }, 'description', 'string'],
    ['a text too long', { description: 'x'.repeat(501) }, 'description', '500'],
    ['no hours', { expiresInHours: 0 }, 'expiresInHours', '1'],
    ['hours beyond a year', { expiresInHours: 8761 }, 'expiresInHours', '8760'],
    ['half hours', { expiresInHours: 1.5 }, 'expiresInHours', 'int'],
    ['a format nobody writes', { packageFormat: 'rar' }, 'packageFormat', 'fzip'],
    ['a list', [], 'body', 'object'],
    ['null', 'null', 'body', 'object'],
  ])('%s is named with what is allowed', async (_, body, field, allowed) => {
    const world = makeWorld();
    const answer = await refusal(await world.as('ann')('/fzip/backup', post(body)));
    expect(answer).toMatchObject({ status: 400, error: 'INVALID_REQUEST' });
    expect(answer.message).toContain(field);
    expect(answer.details?.map((detail) => detail.field)).toEqual([field]);
    expect(answer.details?.[0]?.message).toContain(allowed);
    expect(world.ports.jobs.all().length).toBe(0);
  });

  it('has every wrong field named at once', async () => {
    const response = await makeWorld().as('ann')('/fzip/backup', post({ a: 1, b: 2, expiresInHours: 'x' }));
    expect((await refusal(response)).details?.map(({ field }) => field).sort()).toEqual(['a', 'b', 'expiresInHours']);
  });

  it.each([
    ['filters with a complete backup', { accountIds: ['a'] }, 'accountIds', 'selective'],
    [
      'ids with a range of dates',
      { backupType: 'date_range', categoryIds: ['a'], dateRangeStart: 1 },
      'categoryIds',
      'selective',
    ],
    ['no filter where one is needed', { backupType: 'selective' }, 'backupType', 'accountIds, categoryIds'],
    ['no dates where they are needed', { backupType: 'date_range' }, 'backupType', 'dateRangeStart, dateRangeEnd'],
    [
      'a range that ends before it begins',
      { backupType: 'date_range', dateRangeStart: 2, dateRangeEnd: 1 },
      'dateRangeEnd',
      'before',
    ],
    [
      'the same in words',
      { backupType: 'date_range', dateRangeStart: '2026-02-01', dateRangeEnd: '2026-01-31' },
      'dateRangeEnd',
      'before',
    ],
    [
      'a day that no calendar has',
      { backupType: 'date_range', dateRangeStart: '2026-02-30' },
      'dateRangeStart',
      '2026-01-31',
    ],
    [
      'a moment without a zone',
      { backupType: 'date_range', dateRangeStart: '2026-02-03T10:00:00' },
      'dateRangeStart',
      '2026-01-31',
    ],
    ['an empty list', { backupType: 'selective', accountIds: [] }, 'accountIds', '1'],
    ['a list too long', { backupType: 'selective', accountIds: Array(101).fill('a') }, 'accountIds', '100'],
    ['an id that is a number', { backupType: 'selective', accountIds: [1] }, 'accountIds[0]', 'string'],
  ])('with %s', async (_, body, field, allowed) => {
    const world = makeWorld();
    const answer = await refusal(await world.as('ann')('/fzip/backup', post(body)));
    expect(answer).toMatchObject({ status: 400, error: 'INVALID_REQUEST' });
    expect(answer.details?.map((detail) => detail.field)).toEqual([field]);
    expect(answer.details?.[0]?.message).toContain(allowed);
    expect(world.ports.jobs.all().length).toBe(0);
  });

  it('names the ids that are not the user’s, whoever’s they are', async () => {
    const world = makeWorld();
    world.ports.profiles.put('accounts', [
      { accountId: 'mine', userId: 'ann', createdAt: 1 },
      { accountId: 'theirs', userId: 'bob', createdAt: 1 },
    ]);
    const body = { backupType: 'selective', accountIds: ['mine', 'theirs', 'nobodys'], categoryIds: ['none'] };
    const answer = await refusal(await world.as('ann')('/fzip/backup', post(body)));
    expect(answer).toMatchObject({ status: 422, error: 'UNKNOWN_ID' });
    expect(answer.details).toEqual([
      { field: 'accountIds[1]', message: 'you have none of accounts with the id theirs' },
      { field: 'accountIds[2]', message: 'you have none of accounts with the id nobodys' },
      { field: 'categoryIds[0]', message: 'you have none of categories with the id none' },
    ]);
    expect(world.ports.jobs.all().length).toBe(0);
  });

  it('takes days and moments, and both ends of a day', async () => {
    const world = makeWorld();
    const body = { backupType: 'date_range', dateRangeStart: '2026-01-01', dateRangeEnd: '2026-01-31' };
    expect((await world.as('ann')('/fzip/backup', post(body))).status).toBe(201);
    const [job] = world.ports.jobs.all();
    expect(job?.parameters).toMatchObject({
      dateRangeStart: Date.UTC(2026, 0, 1),
      dateRangeEnd: Date.UTC(2026, 1, 1) - 1,
    });
    const moments = { ...body, dateRangeStart: 5, dateRangeEnd: '2026-01-31T12:00:00+02:00' };
    expect((await world.as('ann')('/fzip/backup', post(moments))).status).toBe(201);
    const dates = world.ports.jobs
      .all()
      .map((each) => [each.parameters?.dateRangeStart, each.parameters?.dateRangeEnd]);
    expect(dates).toContainEqual([5, Date.UTC(2026, 0, 31, 10)]);
  });

  it.each([
    ['cut short', '{"backupType":', 400, 'INVALID_JSON'],
    ['no JSON', 'backupType=complete', 400, 'INVALID_JSON'],
    ['larger than 64 KiB', JSON.stringify({ description: 'x'.repeat(65_536) }), 413, 'BODY_TOO_LARGE'],
  ])('%s', async (_, body, status, error) => {
    expect(await refusal(await makeWorld().as('ann')('/fzip/backup', post(body)))).toMatchObject({ status, error });
  });

  it('of bytes that are no UTF-8', async () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const request = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    expect(await refusal(await makeWorld().as('ann')('/fzip/backup', request))).toMatchObject({
      error: 'INVALID_JSON',
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx'])('of type %s', async (type) => {
    const request = post('{}', { 'content-type': type });
    const answer = await refusal(await makeWorld().as('ann')('/fzip/backup', request));
    expect(answer).toMatchObject({ status: 415, error: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(answer.message).toContain('application/json');
  });

  it('is not read on once it is too large', async () => {
    let given = 0;
    const body = new ReadableStream({
      pull: (stream) => {
        given += 1;
        stream.enqueue(new Uint8Array(16_384));
      },
    });
    const request = { method: 'POST', body, headers: { 'content-type': 'application/json' }, duplex: 'half' };
    const answer = await makeWorld().as('ann')('/fzip/backup', request as RequestInit);
    expect(answer.status).toBe(413);
    expect(given).toBeLessThan(10);
  });
});

describe('a parameter that does not fit', () => {
  it.each([
    ['limit=0', 'limit', '1 to 100'],
    ['limit=101', 'limit', '1 to 100'],
    ['limit=ten', 'limit', '1 to 100'],
    ['limit=1.5', 'limit', '1 to 100'],
    ['limit=', 'limit', '1 to 100'],
    ['limit=1&limit=2', 'limit', 'string'],
    ['offset=-1', 'offset', 'from 0'],
    ['offset=1e3', 'offset', 'from 0'],
    ['asOf=yesterday', 'asOf', 'from 0'],
    ['ofset=1', 'ofset', 'offset'],
  ])('?%s', async (query, field, allowed) => {
    const answer = await refusal(await makeWorld().as('ann')(`/fzip/backup?${query}`));
    expect(answer).toMatchObject({ status: 400, error: 'INVALID_REQUEST', details: [{ field }] });
    expect(answer.message).toContain(allowed);
  });

  it.each(['volume=0', 'volume=-1', 'volume=one'])('?%s of a download', async (query) => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_completed');
    const answer = await refusal(await world.as('ann')(`/fzip/backup/${jobId}/download?${query}`));
    expect(answer).toMatchObject({ status: 400, details: [{ field: 'volume' }] });
  });

  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['not printable', 'k\tk'],
    ['not ASCII', 'kéy'],
  ])('an Idempotency-Key that is %s', async (_, key) => {
    const world = makeWorld();
    const answer = await refusal(await world.as('ann')('/fzip/backup', post({}, { 'Idempotency-Key': key })));
    expect(answer).toMatchObject({ status: 400, details: [{ field: 'Idempotency-Key' }] });
    expect(answer.message).toContain('255');
    expect(world.ports.jobs.all().length).toBe(0);
  });
});

describe('a request by nobody', () => {
  const paths = [
    '/fzip/backup',
    '/fzip/profile',
    '/backup',
    '/fzip/backup/x/status',
    '/fzip/backup/x/download?volume=no',
  ];

  it.each(paths)('GET %s answers 401 before anything else', async (path) => {
    const world = makeWorld();
    expect(await refusal(await world.app.request(path))).toMatchObject({ status: 401, error: 'UNAUTHORIZED' });
  });

  it('begins nothing and deletes nothing', async () => {
    const world = makeWorld();
    const { jobId } = await putJob(world, 'ann', 'backup_failed');
    expect((await world.app.request('/fzip/backup', post({ userId: 'ann' }))).status).toBe(401);
    expect((await world.app.request(`/fzip/backup/${jobId}`, { method: 'DELETE' })).status).toBe(401);
    expect(world.ports.jobs.all().length).toBe(1);
  });

  it.each(['', '..', 'a/b', 'a#b', 'x'.repeat(129), 7, null, ['ann'], undefined])(
    'a subject %j is no user',
    async (sub) => {
      expect((await makeWorld().as(sub)('/fzip/profile')).status).toBe(401);
    },
  );
});

describe('a route that is not there', () => {
  it.each(['/', '/fzip', '/fzip/', '/fzip/nothing', '/fzip/backup/', '/fzip/fzip/backup', '/fzip/backup/a/b/status'])(
    '%s answers 404',
    async (path) => {
      expect(await refusal(await makeWorld().as('ann')(path))).toMatchObject({ status: 404, error: 'ROUTE_NOT_FOUND' });
    },
  );

  it.each([
    ['PUT', '/fzip/backup', 'POST, GET, HEAD'],
    ['POST', '/backup/x/status', 'GET, HEAD'],
    ['GET', '/fzip/backup/x', 'PATCH, DELETE'],
    ['POST', '/profile', 'GET, HEAD, DELETE'],
    ['GET', '/fzip/restore/x', 'DELETE'],
    ['GET', '/restore/x/start', 'POST'],
    ['DELETE', '/fzip/restore', 'POST, GET, HEAD'],
    ['OPTIONS', '/fzip/openapi.json', 'GET, HEAD'],
  ])('%s %s answers 405 and names what is allowed', async (method, path, allow) => {
    const response = await makeWorld().as('ann')(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await refusal(response)).toMatchObject({ status: 405, error: 'METHOD_NOT_ALLOWED' });
  });
});
