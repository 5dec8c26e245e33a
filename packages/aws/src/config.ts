/** Which tables, buckets, queues and topic belong to this deployment. They come from the environment alone. */
import { queueVariable, type Step, steps } from '@fzip/core';
import { z } from 'zod';

/** The variable that names each table. */
export const tableVariables = {
  jobs: 'FZIP_JOBS_TABLE',
  accounts: 'ACCOUNTS_TABLE',
  transactions: 'TRANSACTIONS_TABLE',
  categories: 'CATEGORIES_TABLE',
  fileMaps: 'FILE_MAPS_TABLE',
  transactionFiles: 'TRANSACTION_FILES_TABLE',
  analyticsData: 'ANALYTICS_DATA_TABLE',
  analyticsStatus: 'ANALYTICS_STATUS_TABLE',
  scratchAccounts: 'FZIP_SCRATCH_ACCOUNTS_TABLE',
  scratchTransactions: 'FZIP_SCRATCH_TRANSACTIONS_TABLE',
  scratchCategories: 'FZIP_SCRATCH_CATEGORIES_TABLE',
  scratchFileMaps: 'FZIP_SCRATCH_FILE_MAPS_TABLE',
  scratchTransactionFiles: 'FZIP_SCRATCH_TRANSACTION_FILES_TABLE',
  scratchAnalyticsData: 'FZIP_SCRATCH_ANALYTICS_DATA_TABLE',
} as const;

/** Tables of the same keys and indexes as a profile's, which round trips restore to. No user's rows are ever there for long. */
export const scratchTables = {
  accounts: 'scratchAccounts',
  transactions: 'scratchTransactions',
  categories: 'scratchCategories',
  fileMaps: 'scratchFileMaps',
  transactionFiles: 'scratchTransactionFiles',
  analyticsData: 'scratchAnalyticsData',
} as const satisfies { [table in TableName]?: TableName };

/** The variable that names each bucket: FZIP's own, and HouseF3's file storage. */
export const bucketVariables = { packages: 'FZIP_PACKAGES_BUCKET', files: 'FILE_STORAGE_BUCKET' } as const;

export const topicVariable = 'FZIP_EVENTS_TOPIC_ARN';

export type TableName = keyof typeof tableVariables;
export type BucketName = keyof typeof bucketVariables;

export type AwsConfig = {
  tables: Record<TableName, string>;
  buckets: Record<BucketName, string>;
  eventsTopicArn: string;
  /** Queue URLs. A function knows only the queues it sends to. */
  queues: Partial<Record<Step, string>>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const required = [...Object.values(tableVariables), ...Object.values(bucketVariables), topicVariable] as const;
type Variable = (typeof required)[number];
const Variables = z.object(
  Object.fromEntries(required.map((name) => [name, z.string().min(1)])) as Record<Variable, z.ZodString>,
);

/** Reads the configuration. @throws Error that names every missing variable */
export const configFromEnvironment = (env: Environment = process.env): AwsConfig => {
  const parsed = Variables.safeParse(env);
  if (!parsed.success) {
    const missing = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
    throw new Error(`the environment lacks ${missing.join(', ')}`);
  }
  const named = <K extends string>(variables: Record<K, Variable>) =>
    Object.fromEntries(
      Object.entries<Variable>(variables).map(([key, variable]) => [key, parsed.data[variable]]),
    ) as Record<K, string>;
  return {
    tables: named(tableVariables),
    buckets: named(bucketVariables),
    eventsTopicArn: parsed.data[topicVariable],
    queues: Object.fromEntries(
      steps.flatMap((step) => {
        const url = env[queueVariable(step)];
        return url ? [[step, url]] : [];
      }),
    ),
  };
};

/** The same names as variables: what `configFromEnvironment` reads back. */
export const environmentOf = (config: AwsConfig): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(tableVariables).map(([key, name]) => [name, config.tables[key as TableName]])),
  ...Object.fromEntries(
    Object.entries(bucketVariables).map(([key, name]) => [name, config.buckets[key as BucketName]]),
  ),
  [topicVariable]: config.eventsTopicArn,
  ...Object.fromEntries(Object.entries(config.queues).map(([step, url]) => [queueVariable(step as Step), url])),
});
