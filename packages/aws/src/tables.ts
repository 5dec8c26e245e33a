/** What CreateTable is told of each table. The keys and indexes themselves are `@fzip/core`'s. */
import type { CreateTableCommandInput, KeySchemaElement } from '@aws-sdk/client-dynamodb';
import { keyAttributes, type TableKey, type TableName, type TableRules, tableRules } from '@fzip/core';

const keySchema = ([hash, range]: TableKey): KeySchemaElement[] => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' } as const]),
];

export type TableDefinition = Omit<CreateTableCommandInput, 'TableName'>;

const definition = (table: TableRules): TableDefinition => ({
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: keySchema(table.key),
  AttributeDefinitions: keyAttributes(table).map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
  GlobalSecondaryIndexes: Object.entries(table.indexes).map(([name, key]) => ({
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: 'ALL' },
  })),
});

/** What CreateTable needs besides the table's name: `{ TableName: config.tables.jobs, ...tableDefinitions.jobs }`. */
export const tableDefinitions = Object.fromEntries(
  Object.entries(tableRules).map(([name, table]) => [name, definition(table)]),
) as Readonly<Record<TableName, TableDefinition>>;
