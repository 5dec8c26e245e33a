/** Stories of services that are busy: every call may be refused for a while, and batches taken in part. Nothing is lost, nothing differs. */
import { BatchGetItemCommand, BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { download, expectWhole, type World, world } from './fixture.ts';

/** What each service says when it is busy, and how the SDK tells it from a fault. */
const busy = {
  dynamodb: { name: 'ProvisionedThroughputExceededException', status: 400 },
  s3: { name: 'SlowDown', status: 503 },
  sqs: { name: 'RequestThrottled', status: 403 },
  sns: { name: 'ThrottledException', status: 429 },
} as const;

type Next = (args: never) => Promise<never>;
/** What the four clients' stacks have in common. */
type Stack = { add(middleware: (next: Next) => Next, options: object): void };

/** Calls from one burst to the next: a client waits half a second and more after each. */
const every = { dynamodb: 120, s3: 15, sqs: 12, sns: 3 } as const;

/** Now and then two calls of a service in a row are refused, and every tenth batch is taken by half. Counts both. */
const throttle = (on: World): { refused: Record<keyof typeof busy, number>; halved: number } => {
  const counts = { refused: { dynamodb: 0, s3: 0, sqs: 0, sns: 0 }, halved: 0 };
  for (const service of Object.keys(busy) as (keyof typeof busy)[]) {
    let calls = 0;
    const stack = on.clients[service].middlewareStack as unknown as Stack;
    stack.add(
      (next: Next) => async (args: never) => {
        calls += 1;
        if (calls % every[service] > 1) return next(args);
        counts.refused[service] += 1;
        const { name, status } = busy[service];
        throw Object.assign(new Error('busy'), { name, $fault: 'client', $metadata: { httpStatusCode: status } });
      },
      // Behind the retries, so that these are what is tried.
      { step: 'deserialize', priority: 'low', name: 'busy' },
    );
  }
  let batches = 0;
  on.clients.dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const isBatch =
        context.commandName === BatchWriteItemCommand.name || context.commandName === BatchGetItemCommand.name;
      batches += isBatch ? 1 : 0;
      const asked = (args.input as { RequestItems?: Record<string, unknown> }).RequestItems;
      const [[table, items] = ['', undefined]] = Object.entries(asked ?? {});
      if (!isBatch || batches % 10 > 0) return next(args);
      const all = Array.isArray(items) ? items : (items as { Keys: unknown[] }).Keys;
      if (all.length < 2) return next(args);
      counts.halved += 1;
      const [taken, left] = [all.slice(0, all.length >> 1), all.slice(all.length >> 1)];
      const put = (some: unknown[]) => ({
        [table]: Array.isArray(items) ? some : { ...(items as object), Keys: some },
      });
      const answer = await next({
        ...args,
        input: { ...(args.input as object), RequestItems: put(taken) },
      } as typeof args);
      const rest = Array.isArray(items) ? { UnprocessedItems: put(left) } : { UnprocessedKeys: put(left) };
      return { ...answer, output: { ...(answer.output as object), ...rest } } as typeof answer;
    },
    { step: 'initialize', name: 'half' },
  );
  return counts;
};

test('a backup and a restore by busy services are the same as by idle ones', async () => {
  const on = await world({ limits: { chunkRows: 100, chunkFiles: 3 } });
  await on.fillProfile({ user: 'alice', transactions: 200, files: 4, seed: 5 });
  const idle = await on.backUp('alice');
  const entriesOf = async (id: string) => (await download(on, 'alice', id)).volume.manifest.checksums;
  const counts = throttle(on);
  const { id, ended } = await on.backUp('alice');
  expect(ended).toMatchObject({ type: 'backup.completed', data: { validation: { overall_quality: 'excellent' } } });
  expect(await entriesOf(id)).toEqual(await entriesOf(idle.id));
  await expectWhole(on, 'alice', id);

  const { bytes } = await download(on, 'alice', id);
  const { ended: end, id: restoreId } = await on.restore('bob', bytes);
  expect(end.type).toBe('restore.completed');
  const [mine, theirs] = [await on.rows('alice'), await on.rows('bob')];
  for (const kind of ['accounts', 'categories', 'file_maps', 'transaction_files', 'transactions'] as const) {
    expect(theirs[kind].length, kind).toBe(mine[kind].length);
  }
  expect((await on.client('bob').restoreStatus(restoreId)).status).toBe('completed');
  for (const [service, refused] of Object.entries(counts.refused)) expect(refused, service).toBeGreaterThan(0);
  expect(counts.halved).toBeGreaterThan(0);
}, 120_000);
