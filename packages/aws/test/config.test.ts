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
