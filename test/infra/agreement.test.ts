/** The embedded runtime makes what the stacks describe: both read the topology, and here they are asked. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetBucketNotificationConfigurationCommand, GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { GetSubscriptionAttributesCommand, ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { deadLetterQueueName, queueVariable, steps, tableNames } from '@fzip/core';
import { type Runtime, startRuntime } from '@fzip/local/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluate } from './stages.ts';
import type { View } from './view.ts';

let local: Runtime;
let cloud: View;

beforeAll(async () => {
  [local, cloud] = await Promise.all([startRuntime({ silent: true }), evaluate('dev', {})]);
}, 120_000);
afterAll(() => local.close());

const attributesOf = async (url: string) => {
  const { Attributes = {} } = await local.clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  return Attributes;
};
const queue = (name: string) => cloud.named('aws:sqs/queue:Queue', cloud.nameOf(name))?.inputs;

test.each(steps)('%s: the same visibility, receives, and dead letters', async (step) => {
  const url = local.env[queueVariable(step)] ?? '';
  const [here, dead] = [await attributesOf(url), await attributesOf(`${url}-dlq`)];
  const [there, deadThere] = [queue(step), queue(deadLetterQueueName(step))];
  expect(Number(here.VisibilityTimeout)).toBe(there?.visibilityTimeoutSeconds);
  const redrive = (policy: string) => {
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy);
    return [String(deadLetterTargetArn).split(':').at(-1)?.replace('fzip-dev-', ''), Number(maxReceiveCount)];
  };
  expect(redrive(here.RedrivePolicy ?? '{}')).toEqual(redrive(there?.redrivePolicy));
  expect(Number(dead.MessageRetentionPeriod)).toBe(deadThere?.messageRetentionSeconds);
});

test('the same uploads are told of', async () => {
  const { QueueConfigurations = [] } = await local.clients.s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: local.config.buckets.packages }),
  );
  const [there] = cloud.all('aws:s3/bucketNotification:BucketNotification').flatMap(({ inputs }) => inputs.queues);
  const rules = QueueConfigurations[0]?.Filter?.Key?.FilterRules?.map(({ Name, Value }) => [
    Name?.toLowerCase(),
    Value,
  ]);
  expect(rules).toEqual([
    ['prefix', there.filterPrefix],
    ['suffix', there.filterSuffix],
  ]);
  expect(QueueConfigurations[0]?.Events).toEqual(there.events);
  expect(QueueConfigurations[0]?.QueueArn?.split(':').at(-1)).toBe(
    there.queueArn.split(':').at(-1).replace('fzip-dev-', ''),
  );
});

test('the same events are subscribed to', async () => {
  const { Subscriptions = [] } = await local.clients.sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn: local.config.eventsTopicArn }),
  );
  const here = await Promise.all(
    Subscriptions.map(async ({ SubscriptionArn, Endpoint }) => {
      const { Attributes = {} } = await local.clients.sns.send(
        new GetSubscriptionAttributesCommand({ SubscriptionArn }),
      );
      return [Endpoint?.split(':').at(-1), JSON.parse(Attributes.FilterPolicy ?? '{}'), Attributes.RawMessageDelivery];
    }),
  );
  const there = cloud
    .all('aws:sns/topicSubscription:TopicSubscription')
    .map(({ inputs }) => [
      String(inputs.endpoint).split(':').at(-1)?.replace('fzip-dev-', ''),
      JSON.parse(inputs.filterPolicy),
      String(inputs.rawMessageDelivery),
    ]);
  expect(here).toEqual(there);
});

test('the file bucket keeps versions, the packages bucket none', async () => {
  const status = async (Bucket: string) =>
    (await local.clients.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  expect(await status(local.config.buckets.files)).toBe('Enabled');
  expect(await status(local.config.buckets.packages)).toBeUndefined();
});

test.each(tableNames)('the table %s has the same keys and indexes', async (table) => {
  const { Table } = await local.clients.dynamodb.send(
    new DescribeTableCommand({ TableName: local.config.tables[table] }),
  );
  const dashed = table.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const there = cloud.named('aws:dynamodb/table:Table', cloud.nameOf(dashed))?.inputs;
  const names = (schema: { AttributeName?: string | undefined }[] = []) =>
    schema.map(({ AttributeName }) => AttributeName);
  expect(names(Table?.KeySchema)).toEqual([there?.hashKey, there?.rangeKey].filter(Boolean));
  const here = (Table?.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema }) => [IndexName, names(KeySchema)]);
  const indexes = there?.globalSecondaryIndexes.map((index: Record<string, string>) => [
    index.name,
    [index.hashKey, index.rangeKey].filter(Boolean),
  ]);
  expect(here.sort()).toEqual(indexes.sort());
});
