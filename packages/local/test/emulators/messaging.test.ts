/** What consumers do with messages, on queues that are kept on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { startMessaging } from '../../src/emulators/messaging.ts';

test('a message that is given back comes again, and counts how often it was received', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fzip-messaging-'));
  const messaging = await startMessaging({ folder });
  const sqs = new SQSClient({
    endpoint: messaging.url,
    useQueueUrlAsEndpoint: false,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  onTestFinished(async () => {
    sqs.destroy();
    await messaging.close();
    await rm(folder, { recursive: true, force: true });
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'given-back' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'work' }));
  for (const count of ['1', '2', '3']) {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['ApproximateReceiveCount'] }),
    );
    expect(Messages).toMatchObject([{ Body: 'work', Attributes: { ApproximateReceiveCount: count } }]);
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  }
});
