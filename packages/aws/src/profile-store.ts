/** HouseF3's tables, read by the index of the user. HOUSEF3.md section 1. */
import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { ProfileStore, RowQuery } from '@fzip/core';
import type { EntityKind } from '@fzip/format';
import { z } from 'zod';
import { fromAttributeValues } from './attribute-values.ts';
import type { TableName } from './config.ts';
import { readCursor, writeCursor } from './cursors.ts';

/** Where the rows of each kind stand. */
export const kindTables: Readonly<Record<EntityKind, { table: TableName; index: string }>> = {
  accounts: { table: 'accounts', index: 'UserIdIndex' },
  categories: { table: 'categories', index: 'UserIdIndex' },
  file_maps: { table: 'fileMaps', index: 'UserIdIndex' },
  transaction_files: { table: 'transactionFiles', index: 'UserIdIndex' },
  transactions: { table: 'transactions', index: 'UserIdIndex' },
  analytics: { table: 'analyticsData', index: 'UserAnalyticsIndex' },
};

type Tables = {
  dynamodb: DynamoDBClient;
  tables: Readonly<Record<TableName, string>>;
  /** ms since epoch; only counting looks at it. */
  clock?: () => number;
};

/** The profile store on HouseF3's tables. A page is what one query gives: 1 MB at most. */
export const profileStore = (on: Tables): ProfileStore => ({
  page: (query) => page(on, query),
  count: (userId, kind, withinMs) => count(on, userId, kind, withinMs),
});

const ofUser = ({ tables }: Tables, userId: string, kind: EntityKind): QueryCommandInput => ({
  TableName: tables[kindTables[kind].table],
  IndexName: kindTables[kind].index,
  KeyConditionExpression: '#user = :user',
  ExpressionAttributeNames: { '#user': 'userId' },
  ExpressionAttributeValues: { ':user': { S: userId } },
});

/** The keys of table and index where a page ended. Every one of them is a text or a number. */
const Place = z.record(z.string(), z.union([z.strictObject({ S: z.string() }), z.strictObject({ N: z.string() })]));

const page = async (on: Tables, { userId, kind, cursor, attributes }: RowQuery) => {
  const base = ofUser(on, userId, kind);
  const place = cursor === undefined ? undefined : { ...readCursor(Place, cursor), userId: { S: userId } };
  const answer = await on.dynamodb.send(
    new QueryCommand({
      ...base,
      ...(place && { ExclusiveStartKey: place }),
      ...(attributes?.length && {
        ProjectionExpression: attributes.map((_, n) => `#a${n}`).join(', '),
        ExpressionAttributeNames: {
          ...base.ExpressionAttributeNames,
          ...Object.fromEntries(attributes.map((name, n) => [`#a${n}`, name])),
        },
      }),
    }),
  );
  const rows = (answer.Items ?? []).map(fromAttributeValues);
  return answer.LastEvaluatedKey ? { rows, cursor: writeCursor(answer.LastEvaluatedKey) } : { rows };
};

const count = async (on: Tables, userId: string, kind: EntityKind, withinMs: number) => {
  const clock = on.clock ?? Date.now;
  const end = clock() + withinMs;
  let counted = 0;
  let from: Record<string, AttributeValue> | undefined;
  do {
    const left = end - clock();
    if (left <= 0) return { count: counted, exact: false };
    const query = new QueryCommand({
      ...ofUser(on, userId, kind),
      Select: 'COUNT',
      ...(from && { ExclusiveStartKey: from }),
    });
    const inTime = AbortSignal.timeout(Math.floor(left));
    try {
      const answer = await on.dynamodb.send(query, { abortSignal: inTime });
      counted += answer.Count ?? 0;
      from = answer.LastEvaluatedKey;
    } catch (error) {
      if (inTime.aborted) return { count: counted, exact: false };
      throw error;
    }
  } while (from);
  return { count: counted, exact: true };
};
