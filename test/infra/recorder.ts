/** Which calls of AWS each function made, as IAM sees them. */
import { type AwsClients, type AwsConfig, awsClients, awsPorts } from '@fzip/aws';
import {
  type BucketName,
  type FunctionName,
  type Ports,
  queueVariable,
  type Step,
  steps,
  type TableName,
  tableNames,
} from '@fzip/core';
import type { Resource } from '../../stacks/policy.ts';

type Input = Record<string, never>;
export type Call = { name: FunctionName; action: string; resource: Resource };

export type Recorder = {
  /** To be given to the embedded runtime: every function gets clients of its own, whose calls are noted. */
  wrapPorts(ports: Ports, name: FunctionName): Ports;
  /** Each call once. */
  calls(): Call[];
  /** How often each action was asked for. */
  counts(): Record<string, number>;
  close(): void;
};

/** @param environment of the embedded runtime, once it is there */
export const recorder = (environment: () => { env: Record<string, string>; config: AwsConfig }): Recorder => {
  const made = new Map<FunctionName, { clients: AwsClients; ports: Omit<Ports, 'invocation'> }>();
  const noted = new Map<string, Call>();
  const counted = new Map<string, number>();
  const portsOf = (name: FunctionName) => {
    const known = made.get(name);
    if (known) return known.ports;
    const { env, config } = environment();
    const clients = clientsOf(env);
    for (const service of ['s3', 'sqs', 'sns', 'dynamodb'] as const) {
      const stack = clients[service].middlewareStack as unknown as Stack;
      stack.add(
        (next, context) => (args) => {
          for (const call of callsOf(config, context.commandName ?? '', args.input)) {
            noted.set(JSON.stringify([name, call]), { name, ...call });
            counted.set(call.action, (counted.get(call.action) ?? 0) + 1);
          }
          return next(args);
        },
        { step: 'initialize', name: 'recorded' },
      );
    }
    const ports = awsPorts(config, clients, { audit: () => undefined });
    made.set(name, { clients, ports });
    return ports;
  };
  return {
    wrapPorts: (ports, name) => ({ ...ports, ...portsOf(name), limits: ports.limits, measure: ports.measure }),
    calls: () => [...noted.values()],
    counts: () => Object.fromEntries(counted),
    close: () => {
      for (const { clients } of made.values()) clients.destroy();
    },
  };
};

type Next = (args: { input: Input }) => unknown;
type Stack = { add(middleware: (next: Next, context: { commandName?: string }) => Next, options: object): void };

const clientsOf = (env: Record<string, string>): AwsClients => {
  const { AWS_ENDPOINT_URL_S3: s3 = '', AWS_ENDPOINT_URL_SQS: sqs = '', AWS_ENDPOINT_URL_SNS: sns = '' } = env;
  return awsClients({
    region: env.AWS_REGION ?? '',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
    endpoints: { s3, sqs, sns, dynamodb: env.AWS_ENDPOINT_URL_DYNAMODB ?? '' },
  });
};

type Asked = Omit<Call, 'name'>;

/** What IAM is asked for each command. Of S3: the permissions that its documentation names for the operation. */
const s3Actions: Readonly<Record<string, readonly [action: string, on: 'objects' | 'bucket']>> = {
  GetObjectCommand: ['s3:GetObject', 'objects'],
  HeadObjectCommand: ['s3:GetObject', 'objects'],
  PutObjectCommand: ['s3:PutObject', 'objects'],
  CreateMultipartUploadCommand: ['s3:PutObject', 'objects'],
  UploadPartCommand: ['s3:PutObject', 'objects'],
  CompleteMultipartUploadCommand: ['s3:PutObject', 'objects'],
  AbortMultipartUploadCommand: ['s3:AbortMultipartUpload', 'objects'],
  CopyObjectCommand: ['s3:PutObject', 'objects'],
  DeleteObjectCommand: ['s3:DeleteObjectVersion', 'objects'],
  ListObjectsV2Command: ['s3:ListBucket', 'bucket'],
  ListObjectVersionsCommand: ['s3:ListBucketVersions', 'bucket'],
  ListMultipartUploadsCommand: ['s3:ListBucketMultipartUploads', 'bucket'],
};

const callsOf = (config: AwsConfig, command: string, input: Input): Asked[] => {
  const { Bucket, Key, CopySource, Delete, QueueUrl, TopicArn, TableName, IndexName, RequestItems } = input as {
    Bucket?: string;
    Key?: string;
    CopySource?: string;
    Delete?: { Objects: { Key: string }[] };
    QueueUrl?: string;
    TopicArn?: string;
    TableName?: string;
    IndexName?: string;
    RequestItems?: Record<string, unknown>;
  };
  if (TopicArn !== undefined) return [{ action: 'sns:Publish', resource: { topic: 'events' } }];
  if (QueueUrl !== undefined) return [{ action: 'sqs:SendMessage', resource: { queue: queueOf(config, QueueUrl) } }];
  if (Bucket === undefined) {
    const action = `dynamodb:${command.replace(/Command$/, '').replace(/^(Get|Put|Update|Delete)$/, '$1Item')}`;
    const documents: Record<string, string> = { BatchGet: 'BatchGetItem', BatchWrite: 'BatchWriteItem' };
    const name = documents[action.slice('dynamodb:'.length)];
    const tables = TableName === undefined ? Object.keys(RequestItems ?? {}) : [TableName];
    return tables.map((table) => ({
      action: name === undefined ? action : `dynamodb:${name}`,
      resource: { table: tableOf(config, table), ...(IndexName === undefined ? {} : { index: IndexName }) },
    }));
  }
  const bucket = bucketOf(config, Bucket);
  if (Delete) return Delete.Objects.map((each) => objects(bucket, each.Key, 's3:DeleteObject'));
  const [action, on] = s3Actions[command] ?? [`s3:${command}`, 'bucket'];
  const source = CopySource === undefined ? [] : [objects(bucket, keyOfSource(CopySource), 's3:GetObject')];
  return [on === 'bucket' ? { action, resource: { bucket } } : objects(bucket, Key ?? '', action), ...source];
};

const keyOfSource = (source: string): string => source.split('/').slice(1).map(decodeURIComponent).join('/');

const objects = (bucket: BucketName, key: string, action: string): Asked => ({
  action,
  resource: {
    objects: bucket,
    // A key outside of every folder is nobody's, and so shows as not allowed.
    prefix: (bucket === 'files' ? '' : `${key.split('/')[0]}/`) as '' | 'staging/',
  },
});

const found = <T>(what: string, names: readonly T[], is: (name: T) => boolean): T => {
  const name = names.find(is);
  if (name === undefined) throw new Error(`a function called for ${what}, which is none of its deployment`);
  return name;
};

const tableOf = (config: AwsConfig, table: string): TableName =>
  found(table, tableNames, (name) => config.tables[name] === table);
const bucketOf = (config: AwsConfig, bucket: string): BucketName =>
  found(bucket, ['packages', 'files'], (name) => config.buckets[name] === bucket);
const queueOf = (config: AwsConfig, url: string): Step =>
  found(`${url} (${queueVariable('backup-collect')} and the like)`, steps, (step) => config.queues[step] === url);
