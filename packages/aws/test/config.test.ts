import { steps } from '@fzip/core';
import { describe, expect, test } from 'vitest';
import { awsClients } from '../src/clients.ts';
import { type AwsConfig, configFromEnvironment, environmentOf } from '../src/config.ts';

const config: AwsConfig = {
  tables: {
    jobs: 'fzip-jobs',
    accounts: 'accounts',
    transactions: 'transactions',
    categories: 'categories',
    fileMaps: 'file-maps',
    transactionFiles: 'transaction-files',
    analyticsData: 'analytics-data',
    analyticsStatus: 'analytics-status',
    scratchAccounts: 'scratch-accounts',
    scratchTransactions: 'scratch-transactions',
    scratchCategories: 'scratch-categories',
    scratchFileMaps: 'scratch-file-maps',
    scratchTransactionFiles: 'scratch-transaction-files',
    scratchAnalyticsData: 'scratch-analytics-data',
  },
  buckets: { packages: 'packages', files: 'files' },
  eventsTopicArn: 'arn:aws:sns:us-east-1:000000000000:fzip-events',
  queues: { 'backup-collect': 'https://sqs/backup-collect' },
};

describe('the configuration', () => {
  test('comes from the environment, with the queues that are there', () => {
    expect(environmentOf(config)).toMatchObject({
      FZIP_JOBS_TABLE: 'fzip-jobs',
      FILE_STORAGE_BUCKET: 'files',
      FZIP_QUEUE_BACKUP_COLLECT: 'https://sqs/backup-collect',
    });
    expect(configFromEnvironment({ ...environmentOf(config), OTHER: 'x' })).toEqual(config);
  });

  test('may have a queue for every step', () => {
    const queues = Object.fromEntries(steps.map((step) => [step, `https://sqs/${step}`]));
    expect(configFromEnvironment(environmentOf({ ...config, queues })).queues).toEqual(queues);
  });

  test('names every variable that is missing or empty', () => {
    const { FZIP_JOBS_TABLE: _, FZIP_EVENTS_TOPIC_ARN: __, ...rest } = environmentOf(config);
    expect(() => configFromEnvironment({ ...rest, ACCOUNTS_TABLE: '' })).toThrow(
      'the environment lacks FZIP_JOBS_TABLE, ACCOUNTS_TABLE, FZIP_EVENTS_TOPIC_ARN',
    );
  });

  test('says of a wrong one what was found and what is allowed, beside those that are missing', () => {
    const { FZIP_JOBS_TABLE: _, ...rest } = environmentOf(config);
    const wrong = { ...rest, FILE_STORAGE_BUCKET: 'My Files', FZIP_QUEUE_BACKUP_COLLECT: 'backup-collect' };
    expect(() => configFromEnvironment(wrong)).toThrow(
      'the environment lacks FZIP_JOBS_TABLE; FILE_STORAGE_BUCKET is "My Files"; allowed is the name of a bucket: 3 to 63 of ' +
        'small letters, digits, "." and "-"; FZIP_QUEUE_BACKUP_COLLECT is "backup-collect"; allowed is the URL of a queue',
    );
  });

  test('may have bounds and a namespace of its own', () => {
    const limits = { runningJobs: 3, storedBytes: 1_000_000 };
    const own = { ...config, limits, metricsNamespace: 'HouseF3/FZIP/dev' };
    expect(configFromEnvironment(environmentOf(own))).toEqual(own);
  });

  test.each(['{', '[]', '{"runningJobs": 0}', '{"runningJobs": "3"}', '{"jobs": 3}'])('refuses bounds %s', (limits) => {
    expect(() => configFromEnvironment({ ...environmentOf(config), FZIP_LIMITS: limits })).toThrow(
      `FZIP_LIMITS is "${limits}"; allowed is a JSON object of whole numbers above 0, named chunkRows, `,
    );
  });
});

test('clients go by paths and not by host names behind an endpoint of their own, and only there', async () => {
  const region = 'us-east-1';
  const url = 'http://127.0.0.1:1';
  const local = awsClients({ region, endpoints: { s3: url, sqs: url } });
  expect(local.s3.config.forcePathStyle).toBe(true);
  expect(local.sqs.config.useQueueUrlAsEndpoint).toBe(false);
  const cloud = awsClients({ region });
  expect(cloud.s3.config.forcePathStyle).toBe(false);
  expect(cloud.sqs.config.useQueueUrlAsEndpoint).toBe(true);
  for (const clients of [local, cloud]) clients.destroy();
});
