import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished } from 'vitest';
import { startDynamo } from '../../src/emulators/dynamodb.ts';
import { type Emulators, spawnEmulators, startEmulators } from '../../src/emulators/index.ts';
import { startMessaging } from '../../src/emulators/messaging.ts';
import { startS3 } from '../../src/emulators/s3/server.ts';
import { bytesOf, clientOf, credentials, refusal, temporaryFolder } from './s3-fixture.ts';

const region = 'us-east-1';
const Bucket = 'bucket';
const sqsOf = (endpoint: string): SQSClient =>
  new SQSClient({ endpoint, region, credentials, useQueueUrlAsEndpoint: false });
const dynamoOf = (endpoint: string): DynamoDBClient => new DynamoDBClient({ endpoint, region, credentials });

const started = async <T extends Emulators>(emulators: Promise<T>): Promise<T> => {
  const running = await emulators;
  onTestFinished(() => running.close());
  return running;
};

const makeTable = (dynamo: DynamoDBClient) =>
  dynamo.send(
    new CreateTableCommand({
      TableName: 'jobs',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );

it('a message that was in flight at the end is visible at the next start, its receive counted', async () => {
  const folder = await temporaryFolder();
  const first = await startMessaging({ folder });
  const sqs = sqsOf(first.url);
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '900' } }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'do it' }));
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toHaveLength(1);
  await first.close();
  const second = await startMessaging({ folder });
  onTestFinished(() => second.close());
  const again = sqsOf(second.url);
  const { QueueUrl: found } = await again.send(new GetQueueUrlCommand({ QueueName: 'work' }));
  const received = await again.send(
    new ReceiveMessageCommand({ QueueUrl: found, MessageSystemAttributeNames: ['ApproximateReceiveCount'] }),
  );
  expect(received.Messages).toMatchObject([{ Body: 'do it', Attributes: { ApproximateReceiveCount: '2' } }]);
});

it('a table is active soon after it is created, and its items are there after a restart', async () => {
  const folder = await temporaryFolder();
  const first = await startDynamo({ folder });
  const dynamo = dynamoOf(first.url);
  await makeTable(dynamo);
  const status = async () => (await dynamo.send(new DescribeTableCommand({ TableName: 'jobs' }))).Table?.TableStatus;
  await expect.poll(status).toBe('ACTIVE');
  await dynamo.send(new PutItemCommand({ TableName: 'jobs', Item: { id: { S: '1' } } }));
  dynamo.destroy();
  await first.close();
  const second = await startDynamo({ folder });
  onTestFinished(() => second.close());
  const found = await dynamoOf(second.url).send(new GetItemCommand({ TableName: 'jobs', Key: { id: { S: '1' } } }));
  expect(found.Item).toEqual({ id: { S: '1' } });
});

it('DynamoDB outlives a client that hangs up in the middle of a request', async () => {
  const running = await startDynamo();
  onTestFinished(() => running.close());
  const socket = connect(running.port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
  // The answer to Expect says that the request has reached dynalite.
  await once(socket, 'data');
  socket.resetAndDestroy();
  await makeTable(dynamoOf(running.url));
});

it('all run in one process, on loopback alone, and a topic reaches a queue', async () => {
  const running = await started(startEmulators());
  const sqs = sqsOf(running.messaging);
  const sns = new SNSClient({ endpoint: running.messaging, region, credentials });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:000000000000:heard' }),
  );
  await sns.send(new PublishCommand({ TopicArn, Message: 'happened' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  expect(JSON.parse(Messages?.[0]?.Body ?? '{}')).toMatchObject({ Message: 'happened' });
  const s3 = clientOf(running.s3, { credentials: running.credentials });
  await s3.send(new CreateBucketCommand({ Bucket }));
  await makeTable(dynamoOf(running.dynamodb));
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  for (const url of outside ? [running.s3, running.messaging, running.dynamodb] : []) {
    await expect(fetch(url.replace('127.0.0.1', outside as string))).rejects.toThrow('fetch failed');
  }
});

it('S3 keeps after SIGKILL what it said it had, and nothing else', async () => {
  const folder = await temporaryFolder();
  const first = await started(spawnEmulators({ folder }));
  const s3 = clientOf(first.s3, { credentials: first.credentials });
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'hello' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'large', Body: Buffer.alloc(2_000_000, 'x') }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'part' }));
  process.kill(first.pids.s3, 'SIGKILL');
  await first.died;
  s3.destroy();
  const bodies = path.join(folder, 's3', 'bodies');
  writeFileSync(path.join(bodies, '0123456789ab-0.part'), 'half of a body');
  const second = await startS3({ folder: path.join(folder, 's3'), credentials: first.credentials });
  onTestFinished(() => second.close());
  const again = clientOf(second.url, { credentials: first.credentials });
  expect((await bytesOf((await again.send(new GetObjectCommand({ Bucket, Key: 'small' }))).Body)).toString()).toBe(
    'hello',
  );
  expect((await again.send(new HeadObjectCommand({ Bucket, Key: 'large' }))).ContentLength).toBe(2_000_000);
  expect((await again.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId }))).Parts).toHaveLength(1);
  await expect.poll(() => readdirSync(bodies)).toHaveLength(3);
  await again.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'changed' }));
});

it('in children they keep credentials and state, and say when one has died', async () => {
  const folder = await temporaryFolder();
  const first = await started(spawnEmulators({ folder }));
  await clientOf(first.s3, { credentials: first.credentials }).send(new CreateBucketCommand({ Bucket }));
  await expect(spawnEmulators({ folder })).rejects.toThrow(
    /messaging emulator did not start: .*in use by another process/,
  );
  process.kill(first.pids.s3, 'SIGKILL');
  expect(await first.died).toMatch(/^the s3 emulator ended by SIGKILL/);
  await first.close();
  const second = await started(spawnEmulators({ folder }));
  const { accessKeyId, secretAccessKey } = first.credentials;
  expect(second.credentials).toEqual({ accessKeyId, secretAccessKey });
  const s3 = clientOf(second.s3, { credentials: second.credentials });
  expect(await refusal(s3.send(new CreateBucketCommand({ Bucket })))).toBe('BucketAlreadyOwnedByYou');
});

it('a start on a taken port is refused, and ends what had started', async () => {
  const taken = await startDynamo();
  onTestFinished(() => taken.close());
  await expect(startEmulators({ ports: { s3: taken.port } })).rejects.toThrow('EADDRINUSE');
  await expect(spawnEmulators({ ports: { s3: taken.port } })).rejects.toThrow(
    /s3 emulator did not start: .*EADDRINUSE/,
  );
});
