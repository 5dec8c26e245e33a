/** The queue of each step. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { type Messages, type Queues, queueVariable, type Step } from '@fzip/core';

/** SQS takes 10 messages a batch, and 1 MiB over all of them; what surrounds a body counts too. */
const messagesPerBatch = 10;
const bytesPerBatch = 1024 * 1024 - 16 * 1024;
const sendTries = 5;

type Options = {
  sqs: SQSClient;
  urls: Partial<Record<Step, string>>;
  /** Names the user on each message, so that SQS serves users by turns. False where an emulator refuses it. */
  fairQueues?: boolean;
};

/** The queues of the environment. Sending to a step whose queue is not configured names the variable that is missing. */
export const sqsQueues = ({ sqs, urls, fairQueues = true }: Options): Queues => ({
  send: async (step, messages, user, { delaySeconds } = {}) => {
    const url = urls[step];
    if (url === undefined) throw new Error(`no queue for ${step}: the environment lacks ${queueVariable(step)}`);
    const more = {
      ...(fairQueues ? { MessageGroupId: user } : {}),
      ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
    };
    for (const batch of batches(step, messages, more)) await sendBatch(sqs, url, batch);
  },
});

type Entry = SendMessageBatchRequestEntry;
type More = Pick<Entry, 'MessageGroupId' | 'DelaySeconds'>;

function* batches(step: Step, messages: readonly Messages[keyof Messages][], more: More): Generator<Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for (const message of messages) {
    const body = JSON.stringify(message);
    const size = Buffer.byteLength(body);
    if (size > bytesPerBatch) throw new Error(`a message for ${step} has ${size} bytes, at most ${bytesPerBatch} fit`);
    if (batch.length === messagesPerBatch || bytes + size > bytesPerBatch) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push({ Id: String(batch.length), MessageBody: body, ...more });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** A batch may succeed in part. What failed is sent again, unless it is our fault; then everything that happened is told. */
const sendBatch = async (sqs: SQSClient, url: string, batch: Entry[]): Promise<void> => {
  let open = batch;
  for (let tries = 1; ; tries += 1) {
    const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: open }));
    if (Failed.length === 0) return;
    if (tries === sendTries || Failed.some((failure) => failure.SenderFault)) {
      const causes = [...new Set(Failed.map(({ Code, Message }) => `${Code} ${Message ?? ''}`.trim()))];
      throw new Error(`${Failed.length} of ${batch.length} messages were refused by ${url}: ${causes.join('; ')}`);
    }
    const failed = new Set(Failed.map((failure) => failure.Id));
    open = open.filter((entry) => failed.has(entry.Id));
    await sleep(Math.random() * 100 * 2 ** tries);
  }
};
