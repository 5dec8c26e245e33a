import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { AwsWorld } from './world.ts';

/** What is visible in a queue now, ten at most. */
export const receive = async ({ clients, receiveSeconds }: AwsWorld, QueueUrl: string): Promise<Message[]> => {
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: receiveSeconds,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages;
};

/** Takes messages out until the queue is empty. */
export const receiveAll = async (world: AwsWorld, QueueUrl: string): Promise<string[]> => {
  const bodies: string[] = [];
  for (;;) {
    const messages = await receive(world, QueueUrl);
    if (messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of messages) {
      bodies.push(Body);
      await world.clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
};
