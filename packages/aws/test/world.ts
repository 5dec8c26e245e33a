/**
 * Where the AWS adapters are tested: on the emulators of the embedded runtime, in this process, or wherever the SDK's own
 * variables lead when FZIP_CONTRACTS names a prefix. Of what is made there `scripts/contracts.ts` leaves nothing.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { type BucketLocationConstraint, CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { startEmulators } from '@fzip/local/emulators/index';
import { contractsVariable } from '../scripts/contracts/variable.ts';
import { type AwsClients, awsClients, type ClientOptions } from '../src/clients.ts';
import { type AwsConfig, type BucketName, bucketVariables, type TableName, tableVariables } from '../src/config.ts';
import { tableDefinitions } from '../src/tables.ts';

export type AwsWorld = {
  clients: AwsClients;
  /** Clients of their own, as another process has them. */
  elsewhere(): AwsClients;
  config: AwsConfig;
  /** Begins the name of everything that belongs to this world. */
  prefix: string;
  region: string;
  /** How long a receive waits for messages, in s: a service of many machines may have some on another one. */
  receiveSeconds: number;
  close(): Promise<void>;
};

/** What a suite needs: in the cloud a table takes half a minute. By default everything. */
export type Needs = { tables?: readonly TableName[]; buckets?: readonly BucketName[]; messaging?: boolean };

const everything: Required<Needs> = {
  tables: Object.keys(tableVariables) as TableName[],
  buckets: Object.keys(bucketVariables) as BucketName[],
  messaging: true,
};

type Place = { options: ClientOptions & { region: string }; prefix: string; isRemote: boolean; close(): Promise<void> };

const findPlace = async (): Promise<Place> => {
  const name = randomUUID().slice(0, 8);
  const asked = process.env[contractsVariable];
  if (asked !== undefined) {
    const { prefix, region } = JSON.parse(asked) as { prefix: string; region: string };
    return { options: { region }, prefix: `${prefix}${name}`, isRemote: true, close: async () => undefined };
  }
  const { s3, messaging, dynamodb, credentials, close } = await startEmulators();
  const endpoints = { s3, sqs: messaging, sns: messaging, dynamodb };
  const options = { region: 'us-east-1', credentials, endpoints };
  return { options, prefix: `test-${name}`, isRemote: false, close };
};

/** Tables, buckets, the topic, and the queue of `backup-request`. */
export const startAws = async (needs: Needs = everything): Promise<AwsWorld> => {
  const { options, prefix, isRemote, close } = await findPlace();
  const { tables = [], buckets = [], messaging = false } = needs;
  const { region } = options;
  const clients = awsClients(options);
  const others: AwsClients[] = [];
  const names = <K extends string>(of: Readonly<Record<K, string>>) =>
    Object.fromEntries(Object.keys(of).map((name) => [name, `${prefix}-${name.toLowerCase()}`])) as Record<K, string>;
  const config: AwsConfig = {
    tables: names(tableVariables),
    buckets: names(bucketVariables),
    eventsTopicArn: '',
    queues: {},
  };
  await Promise.all(tables.map((name) => makeTable(clients, name, config.tables[name])));
  for (const name of buckets) await makeBucket({ clients, region }, config.buckets[name]);
  if (messaging) Object.assign(config, await makeMessaging(clients, prefix));
  return {
    clients,
    elsewhere: () => {
      const made = awsClients(options);
      others.push(made);
      return made;
    },
    config,
    prefix,
    region,
    receiveSeconds: isRemote ? 1 : 0,
    close: async () => {
      for (const each of [clients, ...others]) each.destroy();
      await close();
    },
  };
};

const makeTable = async ({ dynamodb }: AwsClients, name: TableName, TableName: string): Promise<void> => {
  const made = await dynamodb.send(new CreateTableCommand({ TableName, ...tableDefinitions[name] }));
  let status = made.TableDescription?.TableStatus;
  while (status !== 'ACTIVE') {
    await sleep(50);
    status = (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
  }
};

/** The first region of all takes no constraint, every other one its own. */
export const makeBucket = async (on: Pick<AwsWorld, 'clients' | 'region'>, Bucket: string): Promise<void> => {
  const LocationConstraint = on.region as BucketLocationConstraint;
  const elsewhere = on.region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
  await on.clients.s3.send(new CreateBucketCommand({ Bucket, ...elsewhere }));
};

/** The topic may send to the queue: in the cloud nothing may unless it is allowed to. */
const makeMessaging = async ({ sqs, sns }: AwsClients, prefix: string) => {
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: `${prefix}-events` }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `${prefix}-backup-request` }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: await queueArn(sqs, QueueUrl),
        Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return { eventsTopicArn: TopicArn, queues: { 'backup-request': QueueUrl } };
};

export const queueArn = async (sqs: AwsClients['sqs'], QueueUrl: string): Promise<string> => {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return Attributes?.QueueArn ?? '';
};
