/** Where the rows of each kind stand, and by what key. */
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EntityKind, Row } from '@fzip/format';
import type { Item } from './attribute-values.ts';
import type { TableName } from './config.ts';
import { tableDefinitions } from './tables.ts';

export const kindTables: Readonly<Record<EntityKind, { table: TableName; index: string }>> = {
  accounts: { table: 'accounts', index: 'UserIdIndex' },
  categories: { table: 'categories', index: 'UserIdIndex' },
  file_maps: { table: 'fileMaps', index: 'UserIdIndex' },
  transaction_files: { table: 'transactionFiles', index: 'UserIdIndex' },
  transactions: { table: 'transactions', index: 'UserIdIndex' },
  analytics: { table: 'analyticsData', index: 'UserAnalyticsIndex' },
};

export type ProfileTables = { dynamodb: DynamoDBClient; tables: Readonly<Record<TableName, string>> };

export const tableOf = ({ tables }: ProfileTables, kind: EntityKind): string => tables[kindTables[kind].table];

/** The attributes that are a kind's key: its id, for analytics `pk` and `sk`. */
export const keyNames = (kind: EntityKind): string[] =>
  (tableDefinitions[kindTables[kind].table].KeySchema ?? []).flatMap(({ AttributeName: name }) => name ?? []);

/** The key of a row. @throws TypeError if the row lacks a part of it */
export const keyOf = (kind: EntityKind, row: Row): Item =>
  Object.fromEntries(
    keyNames(kind).map((name): [string, AttributeValue] => {
      const value = row[name];
      if (typeof value === 'string' && value !== '') return [name, { S: value }];
      throw new TypeError(`a row of ${kind} has no ${name}, found ${value === '' ? '""' : typeof value}`);
    }),
  );

/** A key as a text: the same for the same key, whatever the row came with. */
export const keyText = (kind: EntityKind, item: Item): string =>
  JSON.stringify(keyNames(kind).map((name) => item[name]?.S));
