/** HouseF3's tables, read by the index of the user or by key. HOUSEF3.md section 1. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  type KeysAndAttributes,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { DateRange, ProfileStore, RowQuery, UnindexedQuery } from '@fzip/core';
import type { EntityKind, Row } from '@fzip/format';
import * as z from 'zod';
import { fromAttributeValues, type Item } from './attribute-values.ts';
import { readCursor, writeCursor } from './cursors.ts';
import { untilNoneLeft } from './left-over.ts';
import { keyNames, keyOf, keyText, kindTables, type ProfileTables, tableOf } from './profile-tables.ts';
import { profileWriter } from './profile-writer.ts';
import { inSlices, sideBySide } from './side-by-side.ts';

/** BatchGetItem takes no more keys. */
const keysPerRead = 100;
const readsAtOnce = 4;

type Tables = ProfileTables & {
  /** ms since epoch; only counting looks at it. */
  clock?: () => number;
};

/** The profile store on HouseF3's tables. A page is what one query gives: 1 MB at most. */
export const profileStore = (on: Tables): ProfileStore => ({
  page: (query) => page(on, query),
  unindexed: (query) => unindexed(on, query),
  count: (userId, kind, withinMs, range) => count(on, { userId, kind, range }, withinMs),
  span: (userId, range) => span(on, userId, range),
  get: (kind, keys, attributes) => get(on, kind, keys, attributes),
  ...profileWriter(on),
});

type Rows = { userId: string; kind: EntityKind; range?: DateRange | undefined };

const ofUser = (on: Tables, { userId, kind, range }: Rows): QueryCommandInput => {
  const { condition, names, values } = within(kind, range);
  return {
    TableName: tableOf(on, kind),
    IndexName: kindTables[kind].index,
    KeyConditionExpression: `#user = :user${condition}`,
    ExpressionAttributeNames: { '#user': 'userId', ...names },
    ExpressionAttributeValues: { ':user': { S: userId }, ...values },
  };
};

/** The dates that a query takes. A key condition knows no half-open range, so the end is the largest number below it. */
const within = (kind: EntityKind, { from, below }: DateRange = {}) => {
  if (from === undefined && below === undefined) return { condition: '', names: {}, values: {} };
  if (kind !== 'transactions') throw new TypeError(`rows of ${kind} have no range of dates; transactions have`);
  const least = from === undefined ? {} : { ':from': { N: String(from) } };
  const most = below === undefined ? {} : { ':to': { N: justBelow(below) } };
  const conditions = { from: ' AND #date >= :from', to: ' AND #date <= :to', both: ' AND #date BETWEEN :from AND :to' };
  const condition = below === undefined ? conditions.from : from === undefined ? conditions.to : conditions.both;
  return { condition, names: { '#date': 'date' }, values: { ...least, ...most } };
};

/** The largest number below an integer that DynamoDB's 38 digits can spell, for integers of up to 18 digits. */
const justBelow = (integer: number): string =>
  integer > 0 ? `${integer - 1}.${'9'.repeat(20)}` : `${integer === 0 ? '-0' : integer}.${'0'.repeat(19)}1`;

/** The keys of table and index where a page ended. Every one of them is a text or a number. */
const Place = z.record(z.string(), z.union([z.strictObject({ S: z.string() }), z.strictObject({ N: z.string() })]));

/** A projection of these attributes; `names` are others that the expression knows. */
const only = (attributes: readonly string[], names: Record<string, string> = {}) => ({
  ProjectionExpression: attributes.map((_, n) => `#a${n}`).join(', '),
  ExpressionAttributeNames: { ...names, ...Object.fromEntries(attributes.map((name, n) => [`#a${n}`, name])) },
});

const page = async (on: Tables, { userId, kind, range, cursor, attributes }: RowQuery) => {
  const base = ofUser(on, { userId, kind, range });
  const place = cursor === undefined ? undefined : { ...readCursor(Place, cursor), userId: { S: userId } };
  const answer = await on.dynamodb.send(
    new QueryCommand({
      ...base,
      ...(place && { ExclusiveStartKey: place }),
      ...(attributes?.length && only(attributes, base.ExpressionAttributeNames)),
    }),
  );
  const rows = (answer.Items ?? []).map(fromAttributeValues);
  return answer.LastEvaluatedKey ? { rows, cursor: writeCursor(answer.LastEvaluatedKey) } : { rows };
};

/** The index that shows rows without the range key of the one that `page` reads, and the key by which it is asked. */
const otherIndexes = {
  transactions: { index: 'AccountAmountIndex', key: 'accountId', lacks: 'date' },
  categories: { index: 'UserIdParentCategoryIdIndex', key: 'userId', lacks: 'name' },
} as const;

/** It reads the whole of the other index: only the table itself knows which rows lack the key. */
const unindexed = async (on: Tables, query: UnindexedQuery) => {
  const { userId, kind, cursor } = query;
  const { index, key, lacks } = otherIndexes[kind];
  const value = query.kind === 'transactions' ? query.accountId : userId;
  const place = cursor === undefined ? undefined : { ...readCursor(Place, cursor), [key]: { S: value } };
  const answer = await on.dynamodb.send(
    new QueryCommand({
      TableName: tableOf(on, kind),
      IndexName: index,
      KeyConditionExpression: '#key = :key',
      // An account's rows may be another user's as well: nothing keeps them apart but their own word.
      FilterExpression:
        key === 'userId' ? 'attribute_not_exists(#lacks)' : '#user = :user AND attribute_not_exists(#lacks)',
      ExpressionAttributeNames: { '#key': key, '#lacks': lacks, ...(key === 'userId' ? {} : { '#user': 'userId' }) },
      ExpressionAttributeValues: { ':key': { S: value }, ...(key === 'userId' ? {} : { ':user': { S: userId } }) },
      ...(place && { ExclusiveStartKey: place }),
    }),
  );
  const rows = (answer.Items ?? []).map(fromAttributeValues);
  return answer.LastEvaluatedKey ? { rows, cursor: writeCursor(answer.LastEvaluatedKey) } : { rows };
};

const count = async (on: Tables, rows: Rows, withinMs: number) => {
  const clock = on.clock ?? Date.now;
  const end = clock() + withinMs;
  let counted = 0;
  let from: Record<string, AttributeValue> | undefined;
  do {
    const left = end - clock();
    if (left <= 0) return { count: counted, exact: false };
    const query = new QueryCommand({
      ...ofUser(on, rows),
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

const span = async (on: Tables, userId: string, range?: DateRange) => {
  const query = { ...ofUser(on, { userId, kind: 'transactions', range }), Limit: 1 };
  const edge = async (ScanIndexForward: boolean): Promise<number | undefined> => {
    const { Items: [row] = [] } = await on.dynamodb.send(new QueryCommand({ ...query, ScanIndexForward }));
    return row?.date?.N === undefined ? undefined : Number(row.date.N);
  };
  const [oldest, newest] = await Promise.all([edge(true), edge(false)]);
  return oldest === undefined || newest === undefined ? undefined : { oldest, newest };
};

const get = async (on: Tables, kind: EntityKind, rows: readonly Row[], attributes?: readonly string[]) => {
  const wanted = rows.map((row) => keyOf(kind, row));
  // A call that names a key twice is refused.
  const keys = new Map(wanted.map((key) => [keyText(kind, key), key]));
  const projection = attributes && only([...new Set([...keyNames(kind), ...attributes])]);
  const found = new Map<string, Row>();
  await sideBySide(inSlices([...keys.values()], keysPerRead), readsAtOnce, (slice) =>
    untilNoneLeft(slice, async (left) => {
      const { items, unread } = await read(on, kind, { ...projection, Keys: [...left] });
      for (const item of items) found.set(keyText(kind, item), fromAttributeValues(item));
      return unread;
    }),
  );
  return wanted.map((key) => found.get(keyText(kind, key)));
};

/** The items of some keys, and the keys that DynamoDB left unread: it was busy, or 16 MB were full. */
const read = async (
  on: Tables,
  kind: EntityKind,
  keys: KeysAndAttributes,
): Promise<{ items: Item[]; unread: Item[] }> => {
  const table = tableOf(on, kind);
  const { Responses, UnprocessedKeys } = await on.dynamodb.send(
    new BatchGetItemCommand({ RequestItems: { [table]: { ...keys, ConsistentRead: true } } }),
  );
  return { items: Responses?.[table] ?? [], unread: UnprocessedKeys?.[table]?.Keys ?? [] };
};
