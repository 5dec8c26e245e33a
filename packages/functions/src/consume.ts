/** What every consumer of a queue does: parse, run each message apart from the others, say which of them failed. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Busy, blame, type Messages, messageSchemas, type Ports, type Step, worldOfMessage } from '@fzip/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { type Binding, invocationOf } from './binding.ts';
import { measureWith, publishMetrics } from './telemetry.ts';

export type BatchHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** One message, understood: the world to work in, and what SQS named it. */
export type Received<M> = { ports: Ports; message: M; messageId: string };

/** A batch in which records succeed and fail apart from one another. Metrics leave with the batch. */
export const eachRecord = (
  { ports, telemetry }: Binding,
  run: (record: SQSRecord, ports: Ports) => Promise<void>,
): BatchHandler => {
  return async (event, context) => {
    const world = { ...ports(invocationOf(context)), measure: measureWith(telemetry) };
    const processor = new BatchProcessor(EventType.SQS);
    try {
      return await processPartialResponse(event, (record: SQSRecord) => run(record, world), processor, {
        context,
        // A batch that fails as a whole is answered like any other: by the names of its messages.
        throwOnFullBatchFailure: false,
      });
    } finally {
      publishMetrics(telemetry);
    }
  };
};

/**
 * A step's consumer. `run` answers with what became of the message, which is logged; what it throws leaves the message
 * in the queue. A malformed message fails alone and ends in the dead-letter queue.
 */
export const consume = <S extends keyof Messages>(step: S, run: (received: Received<Messages[S]>) => Promise<string>) =>
  consumeAll(step, (body) => [parse(step, body)], run);

/** The same for messages that others shape, of which one may tell of several things. */
export const consumeAll =
  <S extends keyof Messages>(
    step: S,
    understand: (body: unknown) => Messages[S][],
    run: (received: Received<Messages[S]>) => Promise<string>,
  ) =>
  (binding: Binding): BatchHandler =>
    eachRecord(binding, async ({ body: text, messageId, attributes }, ports) => {
      const { telemetry } = binding;
      const log = telemetry.logger.createChild();
      log.appendKeys({ step, messageId });
      let body: unknown;
      try {
        body = JSON.parse(text);
        for (const message of understand(body)) {
          if ('jobId' in message) log.appendKeys({ jobId: message.jobId });
          const world = worldOfMessage(ports, message);
          const outcome = await run({ ports: world, message, messageId });
          log.info('message done', { outcome });
        }
        ports.measure('MessageFailures', 0, {});
      } catch (error) {
        if (error instanceof Busy) {
          log.info('message waits', { reason: error.message });
          return sendLater(ports, step, understand(body), error, attributes.MessageGroupId);
        }
        log.error('message failed', error as Error);
        ports.measure('MessageFailures', 1, {});
        ports.measure('StepErrors', 1, { step, type: error instanceof Error ? error.name : typeof error });
        await blame(ports, { step, messageId }, body, error);
        throw error;
      }
    });

/** A lease may be given back before it ends, so it is looked at again every so often. SQS hides a message for 900 s at most. */
const longestDelaySeconds = 60;

/**
 * Sends a message once more for the time when the lease is over, and lets this one go: waiting is no failure, and must not
 * use up its receives.
 */
const sendLater = <S extends keyof Messages>(
  ports: Ports,
  step: S,
  messages: Messages[S][],
  { waitMs }: Busy,
  user = 'unknown',
): Promise<void> => {
  const delaySeconds = Math.min(longestDelaySeconds, Math.max(1, Math.ceil(waitMs / 1_000)));
  return ports.queues.send(step, messages, user, { delaySeconds });
};

const parse = <S extends keyof Messages>(step: S, body: unknown): Messages[S] => {
  const schemas: { [step in keyof Messages]: z.ZodType<Messages[step]> } = messageSchemas;
  const parsed = schemas[step].safeParse(body);
  if (!parsed.success) throw new MalformedMessage(step, z.prettifyError(parsed.error));
  return parsed.data;
};

/** A message that is not of its step's shape: nothing but a correction will help it. */
class MalformedMessage extends Error {
  constructor(step: Step, problem: string) {
    super(`no ${step} message: ${problem}`);
    this.name = 'MalformedMessage';
  }
}
