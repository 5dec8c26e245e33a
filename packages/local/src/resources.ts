/** Makes everything that the stacks make in the cloud: buckets, tables, queues, topic, subscription, notification. */
import { CreateTableCommand, type CreateTableCommandInput, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { type AwsClients, tableDefinitions } from '@fzip/aws';
import {
  deadLetterQueueName,
  deadLetters,
  queueName,
  queueVariable,
  type Step,
  steps,
  subscriptions,
  type TableName,
  tableNames,
  tableVariables,
  topology,
  uploads,
} from '@fzip/core';
import type { Emulators } from './emulators/index.ts';
import { queueArn, region } from './names.ts';

/** `transactionFiles` is `transaction-files` here; what is FZIP's own begins with its name. */
const tableName = (table: TableName): string => {
  const name = table.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return tableVariables[table].startsWith('FZIP_') ? `fzip-${name}` : name;
};

/** Names of resources, as environment variables. */
export type Environment = Record<string, string>;

export type ResourceOptions = {
  /** Begins every name, so that many fixtures share one set of emulators. */
  prefix?: string;
  /** Instead of the topology's, so that redelivery is quick. */
  visibilitySeconds?: number;
  maxReceiveCount?: number;
};

/**
 * Creates what is not there yet and says what it is called: the environment of the functions, of the AWS CLI and of scripts.
 * Repeating it changes nothing.
 */
export const makeResources = async (
  clients: AwsClients,
  emulators: Pick<Emulators, 's3' | 'messaging' | 'dynamodb' | 'credentials'>,
  options: ResourceOptions = {},
): Promise<Environment> => {
  const prefix = options.prefix ?? '';
  const [tableNames, queueUrls, topic, packages, files] = await Promise.all([
    makeTables(clients, prefix),
    makeQueues(clients, prefix, options),
    clients.sns.send(new CreateTopicCommand({ Name: `${prefix}fzip-events` })),
    makeBucket(clients, `${prefix}fzip-packages`),
    makeVersionedBucket(clients, `${prefix}file-storage`),
  ]);
  const topicArn = topic.TopicArn ?? '';
  await Promise.all([
    notifyRestoreStart(clients, packages, prefix),
    ...(Object.keys(subscriptions) as (keyof typeof subscriptions)[]).map((step) =>
      subscribeStep(clients, topicArn, step, prefix),
    ),
  ]);
  return {
    ...connection(emulators),
    ...tableNames,
    ...queueUrls,
    FZIP_PACKAGES_BUCKET: packages,
    FILE_STORAGE_BUCKET: files,
    FZIP_EVENTS_TOPIC_ARN: topicArn,
  };
};

/** What the AWS SDK and the AWS CLI read by themselves. */
export const connection = (
  emulators: Pick<Emulators, 's3' | 'messaging' | 'dynamodb' | 'credentials'>,
): Environment => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: emulators.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: emulators.credentials.secretAccessKey,
  AWS_ENDPOINT_URL_S3: emulators.s3,
  AWS_ENDPOINT_URL_SQS: emulators.messaging,
  AWS_ENDPOINT_URL_SNS: emulators.messaging,
  AWS_ENDPOINT_URL_DYNAMODB: emulators.dynamodb,
});

const makeTables = async ({ dynamodb }: AwsClients, prefix: string): Promise<Environment> =>
  Object.fromEntries(
    await Promise.all(
      tableNames.map(async (table) => {
        const definition = { ...tableDefinitions[table], TableName: `${prefix}${tableName(table)}` };
        await makeTable(dynamodb, definition);
        return [tableVariables[table], definition.TableName] as const;
      }),
    ),
  );

const makeTable = async (dynamodb: AwsClients['dynamodb'], table: CreateTableCommandInput): Promise<void> => {
  const created = await dynamodb.send(new CreateTableCommand(table)).catch(unless('ResourceInUseException'));
  let status = created?.TableDescription?.TableStatus;
  while (status !== 'ACTIVE') {
    const found = await dynamodb.send(new DescribeTableCommand({ TableName: table.TableName }));
    status = found.Table?.TableStatus;
  }
};

const makeQueues = async (clients: AwsClients, prefix: string, options: ResourceOptions): Promise<Environment> =>
  Object.fromEntries(
    await Promise.all(
      steps.map(async (step) => {
        const [url] = await Promise.all([
          makeQueue(clients, prefix + queueName(step), stepAttributes(step, prefix, options)),
          makeQueue(clients, prefix + deadLetterQueueName(step), deadLetterAttributes(options)),
        ]);
        return [queueVariable(step), url] as const;
      }),
    ),
  );

const stepAttributes = (step: Step, prefix: string, options: ResourceOptions): Record<string, string> => ({
  VisibilityTimeout: String(options.visibilitySeconds ?? topology[step].visibilitySeconds),
  RedrivePolicy: JSON.stringify({
    deadLetterTargetArn: queueArn(prefix + deadLetterQueueName(step)),
    maxReceiveCount: options.maxReceiveCount ?? topology[step].maxReceiveCount,
  }),
});

const deadLetterAttributes = (options: ResourceOptions): Record<string, string> => ({
  VisibilityTimeout: String(options.visibilitySeconds ?? 60),
  MessageRetentionPeriod: String(deadLetters.retentionSeconds),
});

const makeQueue = async ({ sqs }: AwsClients, name: string, Attributes: Record<string, string>): Promise<string> => {
  const created = await sqs
    .send(new CreateQueueCommand({ QueueName: name, Attributes }))
    .catch(unless('QueueNameExists'));
  if (created?.QueueUrl) return created.QueueUrl;
  // A store of an older version: the queue and its messages stay, with the rules of today.
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  return QueueUrl ?? '';
};

const makeBucket = async ({ s3 }: AwsClients, name: string): Promise<string> => {
  await s3.send(new CreateBucketCommand({ Bucket: name })).catch(unless('BucketAlreadyOwnedByYou'));
  return name;
};

/** HouseF3's file bucket keeps versions: HOUSEF3.md section 2a. */
const makeVersionedBucket = async (clients: AwsClients, name: string): Promise<string> => {
  await makeBucket(clients, name);
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await clients.s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
  return name;
};

const notifyRestoreStart = async ({ s3 }: AwsClients, bucket: string, prefix: string): Promise<void> => {
  const rules = [
    { Name: 'prefix' as const, Value: uploads.prefix },
    { Name: 'suffix' as const, Value: uploads.suffix },
  ];
  const configuration = {
    Id: 'uploads',
    QueueArn: queueArn(prefix + queueName(uploads.step)),
    Events: [...uploads.events],
    Filter: { Key: { FilterRules: rules } },
  };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: { QueueConfigurations: [configuration] },
    }),
  );
};

/** A step whose messages are events as they are published. SNS answers a repeat with the subscription that is there. */
const subscribeStep = async (
  { sns }: AwsClients,
  topicArn: string,
  step: keyof typeof subscriptions,
  prefix: string,
): Promise<void> => {
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn(prefix + queueName(step)),
      Attributes: { RawMessageDelivery: 'true', FilterPolicy: JSON.stringify(subscriptions[step]) },
    }),
  );
};

/** Lets one refusal pass as "it is there already". */
const unless =
  (name: string) =>
  (error: unknown): undefined => {
    if (error instanceof Error && error.name === name) return undefined;
    throw error;
  };
