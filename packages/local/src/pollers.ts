/** Polls queues and invokes the functions, as Lambda's event source mappings and the scheduler do in the cloud. */
import { once } from 'node:events';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import {
  deadLetterQueueName,
  deadLetters,
  otherFunctions,
  queueVariable,
  type Step,
  type StepRules,
  sweepEverySeconds,
  topology,
} from '@fzip/core';
import type { ScheduledHandler, SQSHandler } from 'aws-lambda';
import { Consumer } from 'sqs-consumer';
import { lambdaContext, scheduledEvent } from './lambda.ts';
import { hide, keepHidden, noteReceived, type PolledQueue, workOn } from './polled-queue.ts';
import type { Environment } from './resources.ts';
import { makeTurns } from './turns.ts';

/** Pollers side by side on one queue. Lambda would go to `maxConcurrency`; on one machine more would only wait. */
const sideBySide = 4;
/** Of one queue: messages that were received and wait for their user's turn. */
const waitingAtMost = 1_000;
const deadLetterRules: StepRules = { ...deadLetters, maxReceiveCount: Number.POSITIVE_INFINITY, maxConcurrency: 1 };

export type Functions = {
  consumers: Partial<Record<Step, SQSHandler>>;
  deadLetters: (step: Step) => SQSHandler;
  sweep: ScheduledHandler;
};

export type PollerOptions = {
  sqs: SQSClient;
  env: Environment;
  functions: Functions;
  /** Instead of the queue's own, so that a message that was let go comes back soon. */
  visibilitySeconds?: number;
  /** When a failed message comes back, instead of when its visibility ends. Lambda has no such thing; tests have no time. */
  retryDelaySeconds?: number;
  /** ms between sweeps; 0 for none but those asked for. */
  sweepEveryMs?: number;
  /** Pollers side by side on one queue: 4 unless given. */
  sideBySide?: number;
  /** Of these, how many may work for one user at a time: all but one unless given. */
  perUser?: number;
  /** Failures of functions and of polling. */
  onError: (error: unknown, where: string) => void;
};

export type Pollers = {
  /** From now on messages of this step are left alone; resolves when no invocation is in flight. */
  pause(step: Step): Promise<void>;
  resume(step: Step): void;
  /** Runs a sweep to its end; one at a time. @throws what the sweep throws */
  sweepNow(): Promise<void>;
  /** Stops receiving and waits for invocations in flight. */
  close(): Promise<void>;
};

/** Starts polling every queue that has a consumer, and its dead letters. */
export const startPollers = (options: PollerOptions): Pollers => {
  const steps = Object.keys(options.functions.consumers) as Step[];
  const working = new Map(steps.map((step) => [step, pollStep(options, step)]));
  const dead = steps.map((step) => pollDeadLetters(options, step));
  const sweeps = sweepOnSchedule(options);
  return {
    pause: async (step) => working.get(step)?.pause(),
    resume: (step) => working.get(step)?.resume(),
    sweepNow: sweeps.now,
    close: async () => {
      await Promise.all([...working.values(), ...dead, sweeps].map((part) => part.close()));
    },
  };
};

const pollStep = (options: PollerOptions, step: Step): QueuePollers => {
  const handler = options.functions.consumers[step] as SQSHandler;
  const queueUrl = options.env[queueVariable(step)];
  if (queueUrl === undefined) throw new Error(`no queue for ${step}: ${queueVariable(step)} is not set`);
  return pollQueue(options, { name: step, queueUrl, handler, rules: topology[step] });
};

const pollDeadLetters = (options: PollerOptions, step: Step): QueuePollers => {
  const name = deadLetterQueueName(step);
  const source = options.env[queueVariable(step)] ?? '';
  const queueUrl = source.slice(0, source.length - step.length) + name;
  return pollQueue(options, { name, queueUrl, handler: options.functions.deadLetters(step), rules: deadLetterRules });
};

type QueuePollers = { pause(): Promise<void>; resume(): void; close(): Promise<void> };

const pollQueue = (options: PollerOptions, queue: PolledQueue): QueuePollers => {
  const gate = makeGate();
  const running = new Set<Promise<unknown>>();
  const count = Math.min(options.sideBySide ?? sideBySide, queue.rules.maxConcurrency);
  const turns = makeTurns<Message>({
    userOf: ({ Attributes }) => Attributes?.MessageGroupId,
    batchSize: queue.rules.batchSize,
    // One is left for everybody else.
    perUser: options.perUser ?? Math.max(1, count - 1),
    waitingAtMost,
  });
  const keptHidden = keepHidden(options, queue, turns.waiting);
  /** Whoever receives works on whoever's turn it is. What is done is acknowledged here, so none of it by the caller. */
  const handleMessageBatch = async (messages: Message[]): Promise<Message[]> => {
    noteReceived(messages);
    turns.add(messages);
    while (await gate.passed()) {
      const turn = turns.take();
      if (!turn) break;
      const work = workOn(options, queue, turn);
      running.add(work);
      await work.finally(() => running.delete(work));
    }
    await turns.room();
    return [];
  };
  const pollers = Array.from({ length: count }, () => startPoller(options, queue, handleMessageBatch));
  return {
    pause: async () => {
      gate.shut();
      await Promise.all(running);
    },
    resume: gate.open,
    close: async () => {
      gate.close();
      turns.close();
      keptHidden.end();
      await Promise.all(pollers.map((poller) => poller.close()));
      await hide(options, queue, turns.waiting(), 0).catch((error) => options.onError(error, queue.name));
    },
  };
};

type HandleBatch = (messages: Message[]) => Promise<Message[]>;

const startPoller = (options: PollerOptions, queue: PolledQueue, handleMessageBatch: HandleBatch) => {
  const consumer = Consumer.create({
    queueUrl: queue.queueUrl,
    sqs: options.sqs,
    batchSize: queue.rules.batchSize,
    waitTimeSeconds: 20,
    authenticationErrorTimeout: 500,
    messageSystemAttributeNames: ['All'],
    messageAttributeNames: ['All'],
    ...(options.visibilitySeconds === undefined ? {} : { visibilityTimeout: options.visibilitySeconds }),
    handleMessageBatch,
  });
  let busy = false;
  consumer.on('message_received', () => {
    busy = true;
  });
  consumer.on('response_processed', () => {
    busy = false;
  });
  consumer.on('error', (error) => options.onError(error, queue.name));
  consumer.on('processing_error', (error) => options.onError(error, queue.name));
  consumer.start();
  const close = async (): Promise<void> => {
    if (!busy) return consumer.stop({ abort: true });
    // An abort would also end the request that acknowledges what is done by then.
    const processed = once(consumer, 'response_processed');
    consumer.stop();
    await processed;
  };
  return { close };
};

/** Holds messages back while shut. A long poll that was sent cannot be called back, and what it brings must wait. */
const makeGate = () => {
  let state = Promise.withResolvers<boolean>();
  state.resolve(true);
  return {
    passed: () => state.promise,
    shut: () => {
      state = Promise.withResolvers<boolean>();
    },
    open: () => state.resolve(true),
    close: () => {
      state.resolve(false);
      state = Promise.withResolvers<boolean>();
      state.resolve(false);
    },
  };
};

const sweepOnSchedule = (options: PollerOptions) => {
  let last: Promise<void> = Promise.resolve();
  const sweepOnce = async (): Promise<void> => {
    await options.functions.sweep(
      scheduledEvent('sweep'),
      lambdaContext({ name: 'sweep', ...otherFunctions.sweep }),
      () => {},
    );
  };
  const now = (): Promise<void> => {
    const next = last.catch(() => {}).then(sweepOnce);
    last = next;
    return next;
  };
  const every = options.sweepEveryMs ?? sweepEverySeconds * 1000;
  const timer =
    every > 0 ? setInterval(() => now().catch((error) => options.onError(error, 'sweep')), every).unref() : undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await last.catch(() => {});
  };
  return { now, close };
};
