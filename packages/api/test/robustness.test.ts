/** Every route against everything that is wrong: refused in the one shape of errors, never by a failure of our own. */
import { randomUUID } from 'node:crypto';
import { sampleRestoreJob } from '@fzip/testing';
import { describe, expect, it, test } from 'vitest';
import { ErrorBody } from '../src/errors.ts';
import { openapiDocument } from '../src/openapi.ts';
import { type Case, casesOf, type Document } from './openapi-cases.ts';
import { makeWorld, post, putJob, putRestore, type World } from './world.ts';

const document = openapiDocument() as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, each]) =>
  Object.entries(each).map(([method, { operationId }]) => ({ path, method, operationId })),
);

/** What a stack, a path of the machine or a name of a source would look like. */
const leaks = /\bat \S+ \(|\bat (file|node|async)|node_modules|\.ts\b|\.js:\d|\/src\/|Error: /;

const withJobs = async (): Promise<{ world: World; idOf: (operation: string, parameter: string) => string }> => {
  const world = makeWorld();
  world.ports.limits = { ...world.ports.limits, jobsPerMinute: 1_000_000, runningJobs: 1_000_000 };
  const backup = await putJob(world, 'ann', 'backup_completed');
  const restore = await putRestore(world, 'ann', 'restore_failed', { uploads: sampleRestoreJob().uploads });
  const idOf = (operation: string, parameter: string) => {
    if (parameter !== 'id') return randomUUID();
    return /[Rr]estore|upload/.test(operation) ? restore.jobId : backup.jobId;
  };
  return { world, idOf };
};

/** @returns what is wrong with the answer to a case; undefined if nothing is */
const wrongIn = async (world: World, { what, path, init }: Case): Promise<string | undefined> => {
  const where = `${init.method} ${path.slice(0, 200)} (${what})`;
  const response = await world.as('ann')(path, init);
  const text = await response.text();
  if (response.status >= 500) return `${where} answered ${response.status} ${text}`;
  if (response.status < 400) return undefined;
  if (!response.headers.get('content-type')?.startsWith('application/json')) return `${where} answered no JSON`;
  if (!ErrorBody.strict().safeParse(JSON.parse(text)).success) return `${where} answered ${text}`;
  if (leaks.test(text.replaceAll(path, ''))) return `${where} told ${text}`;
  return undefined;
};

describe('every route', () => {
  it.each(['/fzip', ''])(
    'below "%s" refuses what is wrong, in the one shape, and never fails itself',
    async (mount) => {
      const { world, idOf } = await withJobs();
      const wrong: string[] = [];
      let cases = 0;
      for (const one of casesOf({ document, idOf })) {
        cases += 1;
        const path = mount === '' ? one.path.replace(/^\/fzip/, '') : one.path;
        const found = await wrongIn(world, { ...one, path });
        if (found !== undefined) wrong.push(found);
      }
      expect(wrong).toEqual([]);
      expect(world.logged).toEqual([]);
      expect(cases).toBeGreaterThan(operations.length * 20);
    },
    120_000,
  );

  it.each(operations)('$method $path never answers nobody', async ({ path, method, operationId }) => {
    const { app } = makeWorld();
    const there = path.replaceAll(/\{\w+\}/g, () => randomUUID());
    const { status } = await app.request(there, { method: method.toUpperCase() });
    expect(status).toBe(operationId === 'openapi' ? 200 : 401);
  });
});

describe('an Idempotency-Key', () => {
  const creations = [
    ['/fzip/backup', { description: 'a' }, { description: 'b' }, 'backupId'],
    ['/fzip/restore', { validateOnly: true }, { requireConfirmation: true }, 'restoreId'],
  ] as const;

  it.each(creations)('of %s stands for one job, however often and however many at once', async (path, body, _, id) => {
    const world = makeWorld();
    const keyed = post(body, { 'Idempotency-Key': 'key' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.as('ann')(path, keyed)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    const idOf = async (answer: Response) => ((await answer.json()) as Record<string, string>)[id];
    const named = await Promise.all(answers.map(idOf));
    expect(new Set(named).size).toBe(1);
    expect(world.ports.jobs.all()).toHaveLength(1);
    expect(await idOf(await world.as('ann')(path, keyed))).toBe(named[0]);
  });

  it.each(creations)('of %s with another body is refused, at once as well', async (path, body, other) => {
    const world = makeWorld();
    const requests = [body, other, body, other].map((each) => post(each, { 'Idempotency-Key': 'key' }));
    const answers = await Promise.all(requests.map((request) => world.as('ann')(path, request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 422, 422]);
    const refused = answers.find(({ status }) => status === 422);
    expect(await refused?.json()).toMatchObject({ error: 'IDEMPOTENCY_KEY_REUSED' });
    expect(world.ports.jobs.all()).toHaveLength(1);
  });

  it.each(creations)('of %s is each user’s own', async (path, body) => {
    const world = makeWorld();
    for (const user of ['ann', 'bob']) {
      expect((await world.as(user)(path, post(body, { 'Idempotency-Key': 'key' }))).status).toBe(201);
    }
    expect(
      world.ports.jobs
        .all()
        .map(({ userId }) => userId)
        .sort(),
    ).toEqual(['ann', 'bob']);
  });
});

describe('asking for jobs too often', () => {
  const limited = (jobsPerMinute: number): World => {
    const world = makeWorld();
    world.ports.limits = { ...world.ports.limits, jobsPerMinute };
    return world;
  };

  test('is answered with 429 and when to ask again, and is possible again then', async () => {
    const world = limited(3);
    world.ports.time.now += 20_500;
    for (let n = 0; n < 3; n += 1) expect((await world.as('ann')('/fzip/backup', post({}))).status).toBe(201);
    const refused = await world.as('ann')('/fzip/backup', post({}));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('40');
    expect(await refused.json()).toEqual({
      error: 'TOO_MANY_REQUESTS',
      message: 'you may ask for 3 jobs a minute; ask again in 40 s',
    });
    expect(world.ports.jobs.all()).toHaveLength(3);
    expect((await world.as('bob')('/fzip/backup', post({}))).status).toBe(201);
    world.ports.time.now += 40_000;
    expect((await world.as('ann')('/fzip/backup', post({}))).status).toBe(201);
  });

  test('counts jobs of every type together, and not repeats of a request or requests that are not understood', async () => {
    const world = limited(4);
    const backup = await putJob(world, 'ann', 'backup_completed');
    const restore = await putRestore(world, 'ann', 'restore_failed', { uploads: sampleRestoreJob().uploads });
    const ann = world.as('ann');
    const keyed = post({}, { 'Idempotency-Key': 'key' });
    const statuses = [];
    for (const request of [keyed, keyed, keyed, post({ color: 'red' }), post('{')])
      statuses.push((await ann('/fzip/backup', request)).status);
    expect(statuses).toEqual([201, 201, 201, 400, 400]);
    expect((await ann('/fzip/restore', post({ validateOnly: true }))).status).toBe(201);
    expect((await ann(`/fzip/backup/${backup.jobId}/validate`, post({ mode: 'deep' }))).status).toBe(202);
    const clear = { ...post({ confirm: 'ann', withoutBackup: true }), method: 'DELETE' };
    expect((await ann('/fzip/profile', clear)).status).toBe(409);
    for (const [path, init] of [
      ['/fzip/backup', post({})],
      ['/fzip/restore', post({})],
      [`/fzip/backup/${backup.jobId}/validate`, post({ mode: 'deep' })],
      [`/fzip/restore/${restore.jobId}/retry`, post()],
      ['/fzip/profile', clear],
    ] as const) {
      expect((await ann(path, init)).status, path).toBe(429);
    }
    expect((await ann('/fzip/backup', keyed)).status).toBe(201);
  });

  test('at once never begins more jobs than allowed', async () => {
    const world = limited(5);
    const answers = await Promise.all(Array.from({ length: 30 }, () => world.as('ann')('/fzip/restore', post({}))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(25);
  });
});
