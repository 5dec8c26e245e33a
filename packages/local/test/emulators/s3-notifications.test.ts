import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type QueueConfiguration,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { expect, it, onTestFinished } from 'vitest';
import { startMessaging } from '../../src/emulators/messaging.ts';
import { startS3 } from '../../src/emulators/s3/server.ts';
import { clientOf, credentials, refusal, s3Fixture, temporaryFolder } from './s3-fixture.ts';

const Bucket = 'bucket';
const arn = 'arn:aws:sqs:us-east-1:000000000000:uploads';

type S3Event = {
  Event?: string;
  Records?: { eventName: string; s3: { bucket: object; object: { key: string; size: number; sequencer: string } } }[];
};

const queueFixture = async (endpoint: string) => {
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials, useQueueUrlAsEndpoint: false });
  onTestFinished(() => sqs.destroy());
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'uploads' }));
  /** The next message, waited for, or undefined if none comes in that many seconds. */
  const next = async (WaitTimeSeconds = 5): Promise<S3Event | undefined> => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds }));
    const message = Messages?.[0];
    if (!message) return undefined;
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    return JSON.parse(message.Body ?? '') as S3Event;
  };
  return { next };
};

const configure = (s3: S3Client, more: Partial<QueueConfiguration> = {}, SkipDestinationValidation = false) => {
  const QueueConfigurations: QueueConfiguration[] = [{ QueueArn: arn, Events: ['s3:ObjectCreated:*'], ...more }];
  return s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations },
      SkipDestinationValidation,
    }),
  );
};

const startedMessaging = async (options: { folder?: string; port?: number } = {}) => {
  const messaging = await startMessaging(options);
  onTestFinished(() => messaging.close());
  return messaging;
};

it('a queue hears of every way in which an object is created, and first of the configuration itself', async () => {
  const messaging = await startedMessaging();
  const { next } = await queueFixture(messaging.url);
  const { s3 } = await s3Fixture({ sqsEndpoint: messaging.url });
  await configure(s3);
  expect(await next()).toMatchObject({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket });

  const Key = 'uploads/ä user/1+1 & (2).fzip';
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
  const put = await next();
  const expected = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', awsRegion: 'us-east-1' };
  expect(put?.Records).toMatchObject([expected]);
  expect(put?.Records?.[0]?.s3).toMatchObject({
    bucket: { name: 'bucket', arn: 'arn:aws:s3:::bucket' },
    object: { key: 'uploads/%C3%A4+user/1%2B1+%26+%282%29.fzip', size: 5, eTag: '5d41402abc4b2a76b9719d911017c592' },
  });

  await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `bucket/${encodeURIComponent(Key)}` }));
  const copied = await next();
  expect(copied?.Records?.[0]?.eventName).toBe('ObjectCreated:Copy');
  expect((copied?.Records?.[0]?.s3.object.sequencer ?? '') > (put?.Records?.[0]?.s3.object.sequencer ?? '')).toBe(true);

  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'part' }));
  await s3.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  expect((await next())?.Records?.[0]?.eventName).toBe('ObjectCreated:CompleteMultipartUpload');

  const { url, fields } = await createPresignedPost(s3, { Bucket, Key: 'posted' });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob(['hello']));
  await fetch(url, { method: 'POST', body: form });
  expect((await next())?.Records?.[0]).toMatchObject({
    eventName: 'ObjectCreated:Post',
    s3: { object: { key: 'posted', size: 5 } },
  });
});

it('a queue hears only of keys with its prefix and suffix, and of no put that was refused', async () => {
  const messaging = await startedMessaging();
  const { next } = await queueFixture(messaging.url);
  const { s3 } = await s3Fixture({ sqsEndpoint: messaging.url });
  const FilterRules = [
    { Name: 'prefix' as const, Value: 'uploads/' },
    { Name: 'suffix' as const, Value: '.fzip' },
  ];
  await configure(s3, { Id: 'uploads', Filter: { Key: { FilterRules } } });
  await next();
  const put = (Key: string, more: object = {}) =>
    refusal(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'a', ...more })));
  await put('staging/a.fzip');
  await put('uploads/a.zip');
  await put('uploads/refused.fzip', { ChecksumCRC32: 'AAAAAA==' });
  await put('uploads/a.fzip');
  await put('uploads/a.fzip', { IfNoneMatch: '*' });
  await put('uploads/b.fzip');
  expect((await next())?.Records?.[0]?.s3.object.key).toBe('uploads/a.fzip');
  expect((await next())?.Records?.[0]?.s3.object.key).toBe('uploads/b.fzip');
  expect(await next(0)).toBeUndefined();
  const kept = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(kept.QueueConfigurations).toMatchObject([{ Id: 'uploads', QueueArn: arn, Events: ['s3:ObjectCreated:*'] }]);
});

it('a configuration is refused for a queue that is not there, and for events that are never sent', async () => {
  const messaging = await startedMessaging();
  const { s3 } = await s3Fixture({ sqsEndpoint: messaging.url });
  expect(await refusal(configure(s3))).toBe('InvalidArgument');
  expect(await refusal(configure(s3, { Events: ['s3:Replication:*'] }))).toBe('InvalidArgument');
  expect(await refusal(configure(s3, { QueueArn: 'uploads' }))).toBe('InvalidArgument');
});

it('what no queue could take is delivered later, even after a restart', async () => {
  const folder = await temporaryFolder();
  const first = await startMessaging();
  const s3 = await startS3({ folder, credentials, sqsEndpoint: first.url });
  const client = clientOf(s3.url);
  await client.send(new CreateBucketCommand({ Bucket }));
  await configure(client, {}, true);
  await client.send(new PutObjectCommand({ Bucket, Key: 'before the queue', Body: 'a' }));
  const { next } = await queueFixture(first.url);
  expect((await next())?.Records?.[0]?.s3.object.key).toBe('before+the+queue');

  await first.close();
  await client.send(new PutObjectCommand({ Bucket, Key: 'while SQS is gone', Body: 'a' }));
  client.destroy();
  await s3.close();
  const second = await startedMessaging();
  const { next: nextAfter } = await queueFixture(second.url);
  const again = await startS3({ folder, credentials, sqsEndpoint: second.url });
  onTestFinished(() => again.close());
  expect((await nextAfter())?.Records?.[0]?.s3.object.key).toBe('while+SQS+is+gone');
});
