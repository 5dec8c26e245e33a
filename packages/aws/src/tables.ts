/** The tables FZIP works on, as HouseF3 and FZIP define them. HOUSEF3.md section 1, DESIGN.md section 4. */
import type {
  AttributeDefinition,
  CreateTableCommandInput,
  KeySchemaElement,
  ScalarAttributeType,
} from '@aws-sdk/client-dynamodb';
import { scratchTables, type TableName } from './config.ts';

type Key = readonly [hash: string, range?: string];
type TableRules = {
  key: Key;
  indexes: Readonly<Record<string, Key>>;
  /** Key attributes that are no strings. */
  types?: Readonly<Record<string, ScalarAttributeType>>;
};

type ScratchName = (typeof scratchTables)[keyof typeof scratchTables];

const ownRules: Readonly<Record<Exclude<TableName, ScratchName>, TableRules>> = {
  jobs: {
    key: ['jobId'],
    indexes: {
      UserIdIndex: ['userId', 'createdAt'],
      JobTypeIndex: ['jobType', 'createdAt'],
      StatusIndex: ['status', 'createdAt'],
    },
    types: { createdAt: 'N' },
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
  },
  analyticsData: { key: ['pk', 'sk'], indexes: { UserAnalyticsIndex: ['userId', 'analyticType'] } },
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

const scratchRules = Object.fromEntries(
  Object.entries(scratchTables).map(([table, scratch]) => [scratch, ownRules[table as keyof typeof scratchTables]]),
) as Record<ScratchName, TableRules>;

const rules: Readonly<Record<TableName, TableRules>> = { ...ownRules, ...scratchRules };

/** The attribute by which DynamoDB deletes a table's items, in seconds. CreateTable does not take it. */
export const ttlAttributes: Readonly<Partial<Record<TableName, string>>> = {
  jobs: 'ttl',
  transactionFiles: 'expiryDate',
  analyticsData: 'ttl',
};

const keySchema = ([hash, range]: Key): KeySchemaElement[] => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' } as const]),
];

const attributes = ({ key, indexes, types }: TableRules): AttributeDefinition[] => {
  const names = new Set([key, ...Object.values(indexes)].flat().filter((name) => name !== undefined));
  return [...names].map((name) => ({ AttributeName: name, AttributeType: types?.[name] ?? 'S' }));
};

export type TableDefinition = Omit<CreateTableCommandInput, 'TableName'>;

const definition = (table: TableRules): TableDefinition => ({
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: keySchema(table.key),
  AttributeDefinitions: attributes(table),
  GlobalSecondaryIndexes: Object.entries(table.indexes).map(([name, key]) => ({
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: 'ALL' },
  })),
});

/** What CreateTable needs besides the table's name: `{ TableName: config.tables.jobs, ...tableDefinitions.jobs }`. */
export const tableDefinitions = Object.fromEntries(
  Object.entries(rules).map(([name, table]) => [name, definition(table)]),
) as Readonly<Record<TableName, TableDefinition>>;
