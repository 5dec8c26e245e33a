/** Removes everything whose name begins with a prefix: tables, queues, topics, buckets with all that is in them. */
import { DeleteTableCommand, DescribeTableCommand, paginateListTables } from '@aws-sdk/client-dynamodb';
import { DeleteBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { DeleteTopicCommand, paginateListTopics } from '@aws-sdk/client-sns';
import { DeleteQueueCommand, paginateListQueues } from '@aws-sdk/client-sqs';
import { type AwsClients, awsClients } from '../../src/clients.ts';
import { objectStore } from '../../src/object-store.ts';

/** @returns what was removed, in words. @throws what a service refuses, after everything else is gone */
export const removeAll = async (region: string, prefix: string): Promise<string[]> => {
  const clients = awsClients({ region });
  const removed: string[] = [];
  const failures: unknown[] = [];
  try {
    for (const [what, remove] of Object.entries(kinds)) {
      try {
        const count = await remove(clients, prefix);
        if (count > 0) removed.push(`${count} ${what}`);
      } catch (error) {
        failures.push(error);
      }
    }
  } finally {
    clients.destroy();
  }
  if (failures.length > 0) throw new AggregateError(failures, `not everything that begins with ${prefix} is removed`);
  return removed;
};

type Remove = (clients: AwsClients, prefix: string) => Promise<number>;

const each = async <T>(items: AsyncIterable<readonly T[]>, remove: (item: T) => Promise<unknown>): Promise<number> => {
  const found: T[] = [];
  for await (const some of items) found.push(...some);
  await Promise.all(found.map(remove));
  return found.length;
};

async function* pages<P, T>(from: AsyncIterable<P>, some: (page: P) => readonly T[]): AsyncGenerator<readonly T[]> {
  for await (const page of from) yield some(page);
}

const begins = (prefix: string) => (name: string | undefined) => name?.startsWith(prefix) === true;

/** A table that is still being made cannot be deleted yet. */
const removeTable = async ({ dynamodb }: AwsClients, TableName: string): Promise<void> => {
  for (;;) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await dynamodb.send(new DeleteTableCommand({ TableName }));
};

const removeTables: Remove = (clients, prefix) => {
  const tables = paginateListTables({ client: clients.dynamodb }, {});
  return each(
    pages(tables, ({ TableNames = [] }) => TableNames.filter(begins(prefix))),
    (name) => removeTable(clients, name),
  );
};

const removeQueues: Remove = ({ sqs }, prefix) => {
  const queues = paginateListQueues({ client: sqs, pageSize: 1_000 }, { QueueNamePrefix: prefix });
  return each(
    pages(queues, ({ QueueUrls = [] }) => QueueUrls),
    (QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl })),
  );
};

const removeTopics: Remove = ({ sns }, prefix) => {
  const topics = paginateListTopics({ client: sns }, {});
  const named = (arn: string) => arn.slice(arn.lastIndexOf(':') + 1);
  return each(
    pages(topics, ({ Topics = [] }) =>
      Topics.map(({ TopicArn = '' }) => TopicArn).filter((arn) => begins(prefix)(named(arn))),
    ),
    (TopicArn) => sns.send(new DeleteTopicCommand({ TopicArn })),
  );
};

const removeBuckets: Remove = async ({ s3 }, prefix) => {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  const ours = Buckets.map(({ Name }) => Name).filter((name): name is string => begins(prefix)(name));
  for (const Bucket of ours) {
    const store = objectStore(s3, Bucket);
    for await (const { key, uploadId } of store.unfinished('')) await store.abort(key, uploadId);
    for await (const { key, versionId } of store.everyVersion('')) await store.deleteVersion(key, versionId);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  }
  return ours.length;
};

const kinds: Readonly<Record<string, Remove>> = {
  tables: removeTables,
  queues: removeQueues,
  topics: removeTopics,
  'buckets with all that was in them': removeBuckets,
};
