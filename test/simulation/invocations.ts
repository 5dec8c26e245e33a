/** Messages to functions: the product's own Lambda handlers, invoked as an event source mapping does. */
import { deadLetterQueueName, type Step, topology } from '@fzip/core';
import { type BatchHandler, type Binding, consumers, deadLetterConsumer, sweep, type Telemetry } from '@fzip/functions';
import { portsOf } from './calls.ts';
import type { Process } from './process.ts';
import type { Letter } from './queues.ts';
import { violated, type World } from './world.ts';

type SQSEvent = Parameters<BatchHandler>[0];
type Context = Parameters<BatchHandler>[1];

/** Of the sweep and the dead letters. */
const smallSeconds = 120;

/** Logs and measures nothing: making a real logger for each message would take longer than the message. */
const nothing = () => undefined;
const logger = { createChild: () => logger, appendKeys: nothing, info: nothing, error: nothing };
const metrics = {
  addMetric: nothing,
  addDimension: nothing,
  singleMetric: () => metrics,
  hasStoredMetrics: () => false,
};
const silent = { logger, metrics } as unknown as Telemetry;

const bindingOf = (world: World, process: Process): Binding => ({
  ports: () => portsOf(world, process),
  telemetry: silent,
});

/** Invokes a function with letters of one queue, and acknowledges those that it does not name as failed. */
export const deliver = (world: World, letters: readonly Letter[]): void => {
  const [first] = letters;
  if (!first) return;
  const { step, isDead } = first;
  if (isDead && world.bug?.ignoresDeadLetters) {
    world.queues.acknowledge(letters);
    return;
  }
  const name = isDead ? deadLetterQueueName(step) : step;
  const works = worksOf(letters);
  const seconds = isDead ? smallSeconds : topology[step].timeoutSeconds;
  const process = world.begin(name, seconds, works && { works });
  world.trace?.(
    process.name,
    `receives ${letters.map(({ body, receives }) => `${body} (${receives}.)`).join(' ')}`,
    '',
  );
  if (world.bug?.acknowledgesFirst && !isDead) world.queues.acknowledge(letters);
  const handler = handlerOf(world, process, step, isDead);
  const understood = (letter: Letter) => ({
    ...letter,
    body: world.bug?.received?.(letter.body, world) ?? letter.body,
  });
  handler(eventOf(letters.map(understood)), contextOf(process)).then(
    ({ batchItemFailures }) => {
      if (process.state === 'dead') return;
      process.end();
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      if (failed.size > 0) world.trace?.(process.name, `fails ${[...failed].join(' ')}`, '');
      world.queues.acknowledge(letters.filter(({ messageId }) => !failed.has(messageId)));
    },
    (error) => {
      process.end();
      violated(world, `the handler of ${name} threw: ${String(error)}`);
    },
  );
};

const handlerOf = (world: World, process: Process, step: Step, isDead: boolean): BatchHandler =>
  (isDead ? deadLetterConsumer(step) : consumers[step])(bindingOf(world, process));

type About = { jobId?: unknown; attempt?: unknown; roundTrip?: unknown };

/** What messages say that they are about, if all of them do. */
const worksOf = (letters: readonly Letter[]): ReadonlySet<string> | undefined => {
  const works = letters.map(({ body }) => JSON.parse(body) as About);
  const isTold = letters.every(({ step }) => step !== 'backup-examine') && works.every(isWork);
  return isTold ? new Set(works.map(({ jobId, attempt }) => `${jobId}:${attempt}`)) : undefined;
};

const isWork = ({ jobId, attempt, roundTrip }: About): boolean =>
  typeof jobId === 'string' && typeof attempt === 'number' && roundTrip === undefined;

/** Runs a sweep; whether it succeeds does not matter, since the next one comes. */
export const startSweep = (world: World): void => {
  const process = world.begin('sweep', smallSeconds);
  const context = contextOf(process);
  sweep(bindingOf(world, process))({} as Parameters<ReturnType<typeof sweep>>[0], context).then(
    () => process.end(),
    (error) => {
      world.trace?.(process.name, `fails: ${String(error)}`, '');
      process.end();
    },
  );
};

/** What a handler may ask of its context; the deadline is its ports'. */
const contextOf = ({ invocation, name }: Process): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: name,
  functionVersion: '$LATEST',
  invokedFunctionArn: `arn:aws:lambda:::function:${name}`,
  memoryLimitInMB: '1024',
  awsRequestId: invocation.id,
  logGroupName: name,
  logStreamName: name,
  getRemainingTimeInMillis: () => 60_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
});

const eventOf = (letters: readonly Letter[]): SQSEvent => ({ Records: letters.map(recordOf) });

const recordOf = ({ messageId, body, user, receives, step, isDead }: Letter): SQSEvent['Records'][number] => ({
  messageId,
  receiptHandle: messageId,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: 'simulation',
    ApproximateFirstReceiveTimestamp: '0',
    MessageGroupId: user,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:::${isDead ? deadLetterQueueName(step) : step}`,
  awsRegion: 'local',
});
