import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { AwsClients } from '@fzip/aws';
import { queueVariable, type Step, topology } from '@fzip/core';
import type { Context, SQSEvent, SQSHandler } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulators, startEmulators } from '../src/emulators/index.ts';
import { type Pollers, startPollers } from '../src/pollers.ts';
import { connection, type Environment, makeResources } from '../src/resources.ts';
import { clientsOf, pollingClient } from '../src/wiring.ts';

const step: Step = 'backup-collect';
let emulators: Emulators;
let clients: AwsClients;
let pollers: Pollers | undefined;
let fixtures = 0;

beforeAll(async () => {
  emulators = await startEmulators();
  clients = clientsOf(connection(emulators));
});
afterEach(() => pollers?.close());
afterAll(async () => {
  clients.destroy();
  await emulators.close();
});

type Delivery = { bodies: string[]; event: SQSEvent; context: Context };
type Answer = (event: SQSEvent) => { batchItemFailures: { itemIdentifier: string }[] };

/** Remembers deliveries and lets a test wait for the nth. */
const recorder = (answer: Answer) => {
  const deliveries: Delivery[] = [];
  const waiting: (() => void)[] = [];
  const handler: SQSHandler = async (event, context) => {
    deliveries.push({ bodies: event.Records.map(({ body }) => body), event, context });
    for (const look of waiting) look();
    return answer(event);
  };
  const until = (fits: (all: Delivery[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = () => fits(deliveries) && resolve();
      waiting.push(look);
      look();
    });
  return { handler, deliveries, until };
};

const start = async (working: SQSHandler, dead: SQSHandler, sweep = async () => {}): Promise<Environment> => {
  fixtures += 1;
  const env = await makeResources(clients, emulators, { prefix: `p${fixtures}-`, maxReceiveCount: 2 });
  pollers = startPollers({
    sqs: pollingClient(env),
    env,
    functions: { consumers: { [step]: working }, deadLetters: () => dead, sweep },
    retryDelaySeconds: 0,
    sweepEveryMs: 0,
    onError: () => {},
  });
  return env;
};

const send = (env: Environment, ...bodies: string[]): Promise<void> => sendOf(env, undefined, bodies);

const sendOf = async (env: Environment, MessageGroupId: string | undefined, bodies: string[]): Promise<void> => {
  for (let from = 0; from < bodies.length; from += 10) {
    const Entries = bodies
      .slice(from, from + 10)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody, MessageGroupId }));
    await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: env[queueVariable(step)], Entries }));
  }
};

const left = async (env: Environment): Promise<number> => {
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: env[queueVariable(step)],
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
};

const failing =
  (body: string): Answer =>
  (event) => ({
    batchItemFailures: event.Records.filter((record) => record.body === body).map((record) => ({
      itemIdentifier: record.messageId,
    })),
  });

test('a message that failed is delivered again, alone, and then as a dead letter; its neighbours are done', async () => {
  const working = recorder(failing('bad'));
  const dead = recorder(() => ({ batchItemFailures: [] }));
  const env = await start(working.handler, dead.handler);
  await send(env, 'good', 'bad', 'fine');
  await dead.until((all) => all.length > 0);
  const delivered = working.deliveries.flatMap(({ bodies }) => bodies).sort();
  expect(delivered).toEqual(['bad', 'bad', 'fine', 'good']);
  expect(dead.deliveries.flatMap(({ bodies }) => bodies)).toEqual(['bad']);
  await pollers?.close();
  expect(await left(env)).toBe(0);
});

test('a function that throws fails its whole batch', async () => {
  let calls = 0;
  const working = recorder(() => {
    calls += 1;
    if (calls === 1) throw new Error('crash');
    return { batchItemFailures: [] };
  });
  const env = await start(working.handler, async () => {});
  await send(env, 'one');
  await working.until((all) => all.length === 2);
  expect(working.deliveries.map(({ bodies }) => bodies)).toEqual([['one'], ['one']]);
});

test('records and context are those of Lambda', async () => {
  const working = recorder(() => ({ batchItemFailures: [] }));
  const env = await start(working.handler, async () => {});
  await send(env, 'one');
  await working.until((all) => all.length === 1);
  const [delivery] = working.deliveries;
  expect(delivery?.event.Records[0]).toMatchObject({
    body: 'one',
    attributes: { ApproximateReceiveCount: '1' },
    eventSource: 'aws:sqs',
    eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:\d{12}:p\d+-backup-collect$/),
    awsRegion: 'us-east-1',
  });
  const longest = topology[step].timeoutSeconds * 1000;
  expect(delivery?.context.getRemainingTimeInMillis()).toBeGreaterThan(longest - 10_000);
  expect(delivery?.context.getRemainingTimeInMillis()).toBeLessThanOrEqual(longest);
});

test('a paused step leaves messages alone until it resumes', async () => {
  const working = recorder(() => ({ batchItemFailures: [] }));
  const env = await start(working.handler, async () => {});
  await pollers?.pause(step);
  await send(env, 'one');
  await pollers?.sweepNow();
  expect(working.deliveries).toEqual([]);
  pollers?.resume(step);
  await working.until((all) => all.length === 1);
});

test('closing waits for what is in flight and acknowledges it', async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const env = await start(
    async () => {
      begun.resolve();
      await finish.promise;
    },
    async () => {},
  );
  await send(env, 'one');
  await begun.promise;
  const closing = pollers?.close();
  finish.resolve();
  await closing;
  expect(await left(env)).toBe(0);
});

test("one user's many messages leave a poller for another's one, come once each, and are all done in the end", async () => {
  const free = Promise.withResolvers<void>();
  const working: SQSHandler = async (event) => {
    for (const { body } of event.Records) began.push(body);
    look();
    if (event.Records.some(({ body }) => body.startsWith('heavy'))) await free.promise;
    for (const { body } of event.Records) done.push(body);
    look();
  };
  const [began, done]: [string[], string[]] = [[], []];
  let look = (): void => undefined;
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => fits() && resolve();
      look();
    });
  const env = await start(working, async () => {});
  const heavy = Array.from({ length: 60 }, (_, n) => `heavy ${n}`);
  await sendOf(env, 'heavy', heavy);
  await until(() => began.length === 3);
  await sendOf(env, 'small', ['small 1', 'small 2']);
  await until(() => done.length === 2);
  expect(done).toEqual(['small 1', 'small 2']);
  expect(began.filter((body) => body.startsWith('heavy'))).toHaveLength(3);
  free.resolve();
  await until(() => done.length === 62);
  expect(began.sort()).toEqual([...heavy, 'small 1', 'small 2'].sort());
  await pollers?.close();
  expect(await left(env)).toBe(0);
});

test('what waits for its turn when the pollers close is there for the next ones', async () => {
  const free = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let running = 0;
  const env = await start(
    async () => {
      running += 1;
      if (running === 3) begun.resolve();
      await free.promise;
    },
    async () => {},
  );
  await sendOf(
    env,
    'heavy',
    Array.from({ length: 20 }, (_, n) => `heavy ${n}`),
  );
  await begun.promise;
  const closing = pollers?.close();
  free.resolve();
  await closing;
  expect(await left(env)).toBe(17);
  const { Messages } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: env[queueVariable(step)] }));
  expect(Messages).toHaveLength(1);
});

test('sweeps follow one another and tell their failures to who asked', async () => {
  let running = 0;
  let most = 0;
  await start(
    async () => {},
    async () => {},
    async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      throw new Error('sweep failed');
    },
  );
  const both = await Promise.allSettled([pollers?.sweepNow(), pollers?.sweepNow()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(most).toBe(1);
});
