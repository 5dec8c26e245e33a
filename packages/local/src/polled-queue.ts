/** What becomes of messages that were received: hidden while they wait, given to the function, acknowledged where it is done with them. */
import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, type Message } from '@aws-sdk/client-sqs';
import type { StepRules } from '@fzip/core';
import type { SQSBatchResponse, SQSHandler } from 'aws-lambda';
import { lambdaContext, sqsEvent } from './lambda.ts';
import { queueOfUrl } from './names.ts';
import type { PollerOptions } from './pollers.ts';
import type { Turn } from './turns.ts';

/** SQS takes no more in a batch. */
const perRequest = 10;

export type PolledQueue = { name: string; queueUrl: string; handler: SQSHandler; rules: StepRules };

/** Invokes the function and acknowledges what it is done with. */
export const workOn = async (
  options: PollerOptions,
  queue: PolledQueue,
  { messages, end }: Turn<Message>,
): Promise<void> => {
  try {
    // Some of them may have waited for their turn.
    if (messages.some(hasWaited)) await hide(options, queue, messages, visibilityOf(options, queue));
    const done = await invoke(options, queue, messages);
    for (let from = 0; from < done.length; from += perRequest) {
      const Entries = done
        .slice(from, from + perRequest)
        .map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
      await options.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue.queueUrl, Entries }));
    }
  } catch (error) {
    // They come again when their visibility ends.
    options.onError(error, queue.name);
  } finally {
    end();
  }
};

const visibilityOf = (options: PollerOptions, { rules }: PolledQueue): number =>
  options.visibilitySeconds ?? rules.visibilitySeconds;

/** When each message was received, ms. */
const received = new WeakMap<Message, number>();
export const noteReceived = (messages: readonly Message[]): void => {
  for (const message of messages) received.set(message, Date.now());
};
const hasWaited = (message: Message): boolean => Date.now() - (received.get(message) ?? 0) > 1_000;

export const hide = async (
  { sqs }: PollerOptions,
  { queueUrl }: PolledQueue,
  messages: readonly Message[],
  VisibilityTimeout: number,
): Promise<void> => {
  for (let from = 0; from < messages.length; from += perRequest) {
    const Entries = messages
      .slice(from, from + perRequest)
      .map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle, VisibilityTimeout }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
};

/** What waits for its turn is not to come a second time meanwhile. */
export const keepHidden = (options: PollerOptions, queue: PolledQueue, waiting: () => Message[]) => {
  const seconds = visibilityOf(options, queue);
  const timer = setInterval(
    () => {
      hide(options, queue, waiting(), seconds).catch((error) => options.onError(error, queue.name));
    },
    (seconds * 1_000) / 3,
  ).unref();
  return { end: () => clearInterval(timer) };
};

/** Invokes the function and gives back the messages that it is done with. */
const invoke = async (options: PollerOptions, queue: PolledQueue, messages: Message[]): Promise<Message[]> => {
  const failed = await failures(options, queue, messages);
  const { retryDelaySeconds } = options;
  if (failed.size > 0 && retryDelaySeconds !== undefined) {
    const Entries = messages
      .filter((message) => failed.has(message.MessageId))
      .map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle, VisibilityTimeout: retryDelaySeconds }));
    await options.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.queueUrl, Entries }));
  }
  return messages.filter((message) => !failed.has(message.MessageId));
};

/** The ids that the function names as failed; all, if it throws. */
const failures = async (
  options: PollerOptions,
  { name, queueUrl, handler, rules }: PolledQueue,
  messages: Message[],
): Promise<ReadonlySet<string | undefined>> => {
  const context = lambdaContext({ name, timeoutSeconds: rules.timeoutSeconds, memoryMb: rules.memoryMb });
  try {
    const answer = (await handler(sqsEvent(queueOfUrl(queueUrl), messages), context, () => {})) as
      | SQSBatchResponse
      | undefined;
    return new Set(answer?.batchItemFailures.map((failure) => failure.itemIdentifier));
  } catch (error) {
    options.onError(error, name);
    return new Set(messages.map((message) => message.MessageId));
  }
};
