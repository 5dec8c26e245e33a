import { SubscribeCommand } from '@aws-sdk/client-sns';
import { eventBusContract, queuesContract } from '@fzip/testing';
import { expect, test } from 'vitest';
import { snsEvents } from '../src/events.ts';
import { sqsQueues } from '../src/queues.ts';
import { receiveAll } from './receive.ts';
import { type AwsWorld, queueArn, startAws } from './world.ts';

const queueUrl = ({ config }: AwsWorld): string => config.queues['backup-request'] ?? '';

queuesContract('on SQS', async () => {
  const world = await startAws({ messaging: true });
  return {
    queues: sqsQueues({ sqs: world.clients.sqs, urls: world.config.queues }),
    received: async () => (await receiveAll(world, queueUrl(world))).map((body) => JSON.parse(body)),
    close: world.close,
  };
});

type Notification = { Message: string; MessageAttributes: Record<string, { Value: string }> };

eventBusContract('on SNS', async () => {
  const world = await startAws({ messaging: true });
  const { clients, config } = world;
  const Endpoint = await queueArn(clients.sqs, queueUrl(world));
  await clients.sns.send(new SubscribeCommand({ TopicArn: config.eventsTopicArn, Protocol: 'sqs', Endpoint }));
  return {
    events: snsEvents(clients.sns, config.eventsTopicArn),
    received: async () =>
      (await receiveAll(world, queueUrl(world))).map((body) => {
        const { Message, MessageAttributes } = JSON.parse(body) as Notification;
        const attributes = Object.entries(MessageAttributes).map(([name, { Value }]) => [name, Value]);
        return { event: JSON.parse(Message), attributes: Object.fromEntries(attributes) };
      }),
    close: world.close,
  };
});

test('sending to a queue that the environment does not have names the variable', async () => {
  const world = await startAws({});
  const queues = sqsQueues({ sqs: world.clients.sqs, urls: {} });
  await expect(queues.send('backup-collect', [], 'u')).rejects.toThrow('FZIP_QUEUE_BACKUP_COLLECT');
  await world.close();
});
