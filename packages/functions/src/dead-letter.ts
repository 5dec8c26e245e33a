/** The consumer of every dead-letter queue: keeps the message for the operator and ends its job with the cause. */
import { buryLetter, deadLetterQueueName, type Step, steps } from '@fzip/core';
import type { Context, SQSEvent } from 'aws-lambda';
import { type Binding, bindToAws } from './binding.ts';
import { type BatchHandler, eachRecord } from './consume.ts';

export const deadLetterConsumer =
  (step: Step) =>
  (binding: Binding): BatchHandler =>
    eachRecord(binding, async (record, ports) => {
      const outcome = await buryLetter(ports, step, record.body, record.messageId, record.attributes.MessageGroupId);
      ports.measure('DeadLetters', 1, { step });
      binding.telemetry.logger.error('dead letter', { step, messageId: record.messageId, outcome });
    });

/** One deployed function for all of them; the queue's name tells the step: `arn:aws:sqs:…:backup-collect-dlq`. */
export const handler = bindToAws('dead-letter', (binding) => (event: SQSEvent, context: Context) => {
  const arn = event.Records[0]?.eventSourceARN ?? '';
  return deadLetterConsumer(stepOf(arn))(binding)(event, context);
});

const stepOf = (arn: string): Step => {
  const queue = arn.slice(arn.lastIndexOf(':') + 1);
  const step = steps.find((each) => queue.endsWith(deadLetterQueueName(each)));
  if (!step) throw new Error(`no step has the dead-letter queue ${arn}`);
  return step;
};
