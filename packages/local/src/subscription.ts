/** A subscriber of the events topic with a queue of its own, as anybody outside would have one. */
import { randomUUID } from 'node:crypto';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { AwsClients } from '@fzip/aws';
import { type EventType, FzipEvent, type JobType } from '@fzip/core';
import { queueArn } from './names.ts';

/** Any of the values of every attribute that is named. Without attributes: every event. */
export type EventFilter = { eventType?: EventType[]; userId?: string[]; jobType?: JobType[] };

export type Subscription = {
  /** The first event, not yet given by `next`, that fits. @throws Error that names what came instead, after `withinMs` (30 s) */
  next(predicate?: (event: FzipEvent) => boolean, withinMs?: number): Promise<FzipEvent>;
  /** Every event so far, in the order of arrival; repeats of at-least-once delivery included. */
  all(): FzipEvent[];
  close(): Promise<void>;
};

export type SubscriptionOptions = {
  clients: AwsClients;
  /** Its long polls are aborted at the end. */
  polling: SQSClient;
  topicArn: string;
  prefix: string;
  filter?: EventFilter;
};

export const subscribe = async (options: SubscriptionOptions): Promise<Subscription> => {
  const { clients, polling, topicArn, filter } = options;
  const name = `${options.prefix}subscriber-${randomUUID()}`;
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { SubscriptionArn } = await clients.sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn(name),
      Attributes: {
        RawMessageDelivery: 'true',
        ...(filter && Object.keys(filter).length > 0 ? { FilterPolicy: JSON.stringify(filter) } : {}),
      },
    }),
  );
  const inbox = makeInbox();
  const stop = new AbortController();
  const receiving = receive(polling, QueueUrl ?? '', inbox.add, stop.signal);
  return {
    next: inbox.next,
    all: inbox.all,
    close: async () => {
      if (stop.signal.aborted) return;
      stop.abort();
      await receiving;
      await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
      await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
};

const receive = async (
  sqs: SQSClient,
  QueueUrl: string,
  add: (event: FzipEvent) => void,
  abortSignal: AbortSignal,
): Promise<void> => {
  while (!abortSignal.aborted) {
    const { Messages = [] } = await sqs
      .send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }), { abortSignal })
      .catch((error: unknown) => {
        if (abortSignal.aborted) return { Messages: [] };
        throw error;
      });
    if (Messages.length === 0) continue;
    for (const { Body } of Messages) add(FzipEvent.parse(JSON.parse(Body ?? '')));
    const Entries = Messages.map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
};

const makeInbox = () => {
  const events: FzipEvent[] = [];
  const given = new Set<FzipEvent>();
  const waiting = new Set<() => void>();
  const next = async (predicate: (event: FzipEvent) => boolean = () => true, withinMs = 30_000): Promise<FzipEvent> => {
    const { promise, resolve, reject } = Promise.withResolvers<FzipEvent>();
    const look = (): void => {
      const found = events.find((event) => !given.has(event) && predicate(event));
      if (!found) return;
      given.add(found);
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
    const timer = setTimeout(() => {
      waiting.delete(look);
      const came = events.map((event) => event.type).join(', ') || 'none';
      reject(new Error(`no such event within ${withinMs} ms; events so far: ${came}`));
    }, withinMs);
    return promise.finally(() => clearTimeout(timer));
  };
  const add = (event: FzipEvent): void => {
    events.push(event);
    for (const look of [...waiting]) look();
  };
  return { next, add, all: () => [...events] };
};
