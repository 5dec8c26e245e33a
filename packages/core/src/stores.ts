/**
 * The tables, buckets and topic that FZIP works on: the variable that names each, and the keys of the tables. Read by the adapters, the
 * stacks and the embedded runtime alike.
 */

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

export type TableName = keyof typeof tableVariables;
export const tableNames = Object.keys(tableVariables) as TableName[];

/** Tables of the same keys and indexes as a profile's, which round trips restore to. No user's rows are ever there for long. */
export const scratchTables = {
  accounts: 'scratchAccounts',
  transactions: 'scratchTransactions',
  categories: 'scratchCategories',
  fileMaps: 'scratchFileMaps',
  transactionFiles: 'scratchTransactionFiles',
  analyticsData: 'scratchAnalyticsData',
} as const satisfies { [table in TableName]?: TableName };

export type ScratchName = (typeof scratchTables)[keyof typeof scratchTables];

/** HouseF3's own tables: it makes them, unless FZIP stands alone. */
export const hostTables = [
  'accounts',
  'transactions',
  'categories',
  'fileMaps',
  'transactionFiles',
  'analyticsData',
  'analyticsStatus',
] as const satisfies readonly TableName[];

/** The variable that names each bucket: FZIP's own, and HouseF3's file storage. */
export const bucketVariables = { packages: 'FZIP_PACKAGES_BUCKET', files: 'FILE_STORAGE_BUCKET' } as const;

export type BucketName = keyof typeof bucketVariables;

export const topicVariable = 'FZIP_EVENTS_TOPIC_ARN';

/** Bounds of a deployment instead of the usual ones, as JSON: `{"runningJobs": 3}`. See `Limits`. */
export const limitsVariable = 'FZIP_LIMITS';

/** The namespace of metrics, where several deployments share an account. See `metricNamespace`. */
export const namespaceVariable = 'FZIP_METRICS_NAMESPACE';

export type TableKey = readonly [hash: string, range?: string];
export type TableRules = {
  key: TableKey;
  indexes: Readonly<Record<string, TableKey>>;
  /** Key attributes that are no strings. */
  types?: Readonly<Record<string, 'N' | 'B'>>;
  /** The attribute by which DynamoDB deletes items, in seconds since epoch. */
  ttl?: string;
};

const ownRules: Readonly<Record<Exclude<TableName, ScratchName>, TableRules>> = {
  jobs: {
    key: ['jobId'],
    indexes: {
      UserIdIndex: ['userId', 'createdAt'],
      JobTypeIndex: ['jobType', 'createdAt'],
      StatusIndex: ['status', 'createdAt'],
    },
    types: { createdAt: 'N' },
    ttl: 'ttl',
  },
  accounts: { key: ['accountId'], indexes: { UserIdIndex: ['userId', 'createdAt'] }, types: { createdAt: 'N' } },
  transactions: {
    key: ['transactionId'],
    indexes: {
      FileIdIndex: ['fileId'],
      UserIdIndex: ['userId', 'date'],
      StatusIndex: ['status'],
      AccountAmountIndex: ['accountId', 'amount'],
      AccountBalanceIndex: ['accountId', 'balance'],
      ImportOrderIndex: ['fileId', 'importOrder'],
      AccountDateIndex: ['accountId', 'date'],
      AccountStatusDateIndex: ['accountId', 'statusDate'],
      TransactionHashIndex: ['accountId', 'transactionHash'],
      AccountCategoryIndex: ['accountId', 'categoryId'],
      CategoryDateIndex: ['primaryCategoryId', 'date'],
      StatusDateIndex: ['status', 'date'],
      TransactionTypeIndex: ['transactionType', 'date'],
    },
    types: { date: 'N', amount: 'N', balance: 'N', importOrder: 'N', transactionHash: 'N' },
  },
  categories: {
    key: ['categoryId'],
    indexes: { UserIdIndex: ['userId', 'name'], UserIdParentCategoryIdIndex: ['userId', 'parentCategoryId'] },
  },
  fileMaps: { key: ['fileMapId'], indexes: { UserIdIndex: ['userId'], AccountIdIndex: ['accountId'] } },
  transactionFiles: {
    key: ['fileId'],
    indexes: { UserIdIndex: ['userId'], AccountIdIndex: ['accountId'], S3KeyIndex: ['s3Key'] },
    ttl: 'expiryDate',
  },
  analyticsData: { key: ['pk', 'sk'], indexes: { UserAnalyticsIndex: ['userId', 'analyticType'] }, ttl: 'ttl' },
  analyticsStatus: {
    key: ['pk', 'sk'],
    indexes: {
      UserStatusIndex: ['userId', 'lastUpdated'],
      ProcessingQueueIndex: ['processingPriority', 'lastUpdated'],
      ComputationNeededIndex: ['computationNeeded', 'lastUpdated'],
    },
    types: { computationNeeded: 'B', processingPriority: 'N' },
  },
};

/** A scratch row is gone with its round trip; nothing may delete it before. */
const scratchRules = Object.fromEntries(
  Object.entries(scratchTables).map(([table, scratch]) => {
    const { ttl: _, ...rules } = ownRules[table as keyof typeof scratchTables];
    return [scratch, rules];
  }),
) as Record<ScratchName, TableRules>;

/** Keys and indexes as HouseF3 and FZIP define them. HOUSEF3.md section 1, DESIGN.md section 4. */
export const tableRules: Readonly<Record<TableName, TableRules>> = { ...ownRules, ...scratchRules };

/** Every attribute that is part of a key of the table or of an index, with its type. */
export const keyAttributes = ({ key, indexes, types }: TableRules): { name: string; type: 'S' | 'N' | 'B' }[] => {
  const names = new Set([key, ...Object.values(indexes)].flat().filter((name) => name !== undefined));
  return [...names].map((name) => ({ name, type: types?.[name] ?? 'S' }));
};
