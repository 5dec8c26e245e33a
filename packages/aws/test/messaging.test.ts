import { SubscribeCommand } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { eventBusContract, queuesContract } from '@fzip/testing';
import { expect, test } from 'vitest';
import { snsEvents } from '../src/events.ts';
import { sqsQueues } from '../src/queues.ts';
import { type AwsWorld, startAws } from './world.ts';

const queueUrl = ({ config }: AwsWorld): string => config.queues['backup-request'] ?? '';

/** Takes messages out until the queue is empty. */
const receiveAll = async (world: AwsWorld): Promise<string[]> => {
  const bodies: string[] = [];
  const QueueUrl = queueUrl(world);
  for (;;) {
    const { Messages = [] } = await world.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of Messages) {
      bodies.push(Body);
      await world.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
};

queuesContract('on SQS', async () => {
  const world = await startAws();
  return {
    queues: sqsQueues({ sqs: world.clients.sqs, urls: world.config.queues }),
    received: async () => (await receiveAll(world)).map((body) => JSON.parse(body)),
    close: world.close,
  };
});

type Notification = { Message: string; MessageAttributes: Record<string, { Value: string }> };

eventBusContract('on SNS', async () => {
  const world = await startAws();
  const { clients, config } = world;
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl(world), AttributeNames: ['QueueArn'] }),
  );
  await clients.sns.send(
    new SubscribeCommand({ TopicArn: config.eventsTopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
  );
  return {
    events: snsEvents(clients.sns, config.eventsTopicArn),
    received: async () =>
      (await receiveAll(world)).map((body) => {
        const { Message, MessageAttributes } = JSON.parse(body) as Notification;
        const attributes = Object.entries(MessageAttributes).map(([name, { Value }]) => [name, Value]);
        return { event: JSON.parse(Message), attributes: Object.fromEntries(attributes) };
      }),
    close: world.close,
  };
});

test('sending to a queue that the environment does not have names the variable', async () => {
  const world = await startAws();
  const queues = sqsQueues({ sqs: world.clients.sqs, urls: {} });
  await expect(queues.send('backup-collect', [], 'u')).rejects.toThrow('FZIP_QUEUE_BACKUP_COLLECT');
  await world.close();
});
