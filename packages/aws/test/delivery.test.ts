import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { type Delivered, deliveryContract } from '@fzip/testing';
import { sqsQueues } from '../src/queues.ts';
import { receive, receiveAll } from './receive.ts';
import { queueArn, startAws } from './world.ts';

const delivered = ({ Body = '', ReceiptHandle: receipt = '', Attributes = {} }: Message): Delivered => ({
  body: JSON.parse(Body),
  user: Attributes.MessageGroupId,
  receives: Number(Attributes.ApproximateReceiveCount),
  receipt,
});

deliveryContract('on SQS', async () => {
  const world = await startAws({});
  const { sqs } = world.clients;
  const make = async (name: string, Attributes: Record<string, string>): Promise<string> => {
    const made = await sqs.send(new CreateQueueCommand({ QueueName: `${world.prefix}-${name}`, Attributes }));
    return made.QueueUrl ?? '';
  };
  // Longer than a receive that finds nothing.
  const rules = { visibilityMs: 2_000 + 2_000 * world.receiveSeconds, maxReceiveCount: 2 };
  const deadUrl = await make('delivery-dlq', {});
  const deadLetterTargetArn = await queueArn(sqs, deadUrl);
  const QueueUrl = await make('delivery', {
    VisibilityTimeout: String(rules.visibilityMs / 1_000),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: rules.maxReceiveCount }),
  });
  const each = async (received: readonly Delivered[], command: (ReceiptHandle: string) => Promise<unknown>) => {
    await Promise.all(received.map(({ receipt }) => command(receipt)));
  };
  return {
    queues: sqsQueues({ sqs, urls: { 'backup-request': QueueUrl } }),
    rules,
    receive: async () => (await receive(world, QueueUrl)).map(delivered),
    acknowledge: (received) =>
      each(received, (ReceiptHandle) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))),
    giveBack: (received) =>
      each(received, (ReceiptHandle) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
      ),
    dead: async () => (await receiveAll(world, deadUrl)).map((body) => JSON.parse(body)),
    pass: async (ms) => {
      await sleep(ms);
    },
    close: world.close,
  };
});
