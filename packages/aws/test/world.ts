/** The AWS adapters on the emulators of the embedded runtime, in this process. */
import { randomUUID } from 'node:crypto';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { startEmulators } from '@fzip/local/emulators/index';
import { type AwsClients, awsClients } from '../src/clients.ts';
import { type AwsConfig, type BucketName, bucketVariables, type TableName, tableVariables } from '../src/config.ts';
import { tableDefinitions } from '../src/tables.ts';

export type AwsWorld = {
  clients: AwsClients;
  config: AwsConfig;
  credentials: { accessKeyId: string; secretAccessKey: string };
  endpoints: { s3: string; sqs: string; sns: string; dynamodb: string };
  close(): Promise<void>;
};

/** Every table, both buckets, the topic, and the queue of `backup-request`. */
export const startAws = async (): Promise<AwsWorld> => {
  const emulators = await startEmulators();
  const { s3, messaging, dynamodb, credentials } = emulators;
  const endpoints = { s3, sqs: messaging, sns: messaging, dynamodb };
  const clients = awsClients({ region: 'us-east-1', credentials, endpoints });
  const prefix = `test-${randomUUID().slice(0, 8)}`;
  const names = <K extends string>(of: Readonly<Record<K, string>>) =>
    Object.fromEntries(Object.keys(of).map((name) => [name, `${prefix}-${name.toLowerCase()}`])) as Record<K, string>;
  const tables: Record<TableName, string> = names(tableVariables);
  const buckets: Record<BucketName, string> = names(bucketVariables);
  for (const [name, definition] of Object.entries(tableDefinitions)) {
    await clients.dynamodb.send(new CreateTableCommand({ TableName: tables[name as TableName], ...definition }));
  }
  for (const Bucket of Object.values(buckets)) await clients.s3.send(new CreateBucketCommand({ Bucket }));
  const topic = await clients.sns.send(new CreateTopicCommand({ Name: `${prefix}-events` }));
  const queue = await clients.sqs.send(new CreateQueueCommand({ QueueName: `${prefix}-backup-request` }));
  return {
    clients,
    config: {
      tables,
      buckets,
      eventsTopicArn: topic.TopicArn ?? '',
      queues: { 'backup-request': queue.QueueUrl ?? '' },
    },
    credentials,
    endpoints,
    close: async () => {
      clients.destroy();
      await emulators.close();
    },
  };
};
