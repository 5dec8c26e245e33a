/** The half of the profile store that writes. DESIGN.md section 8, rule 2. */
import { BatchWriteItemCommand, DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ProfileStore } from '@fzip/core';
import { analyticTypes, type EntityKind, type Row } from '@fzip/format';
import { type Item, toAttributeValues } from './attribute-values.ts';
import { onCondition } from './conditions.ts';
import { untilNoneLeft } from './left-over.ts';
import { keyNames, keyOf, keyText, type ProfileTables, tableOf } from './profile-tables.ts';
import { inSlices, sideBySide } from './side-by-side.ts';

const writesAtOnce = 16;
/** BatchWriteItem takes no more items. */
const rowsPerBatch = 25;
const batchesAtOnce = 4;

type Writes = 'putOwn' | 'putFresh' | 'deleteOwn' | 'markAnalyticsStale';

/** Single calls that are throttled are tried again by the client. */
export const profileWriter = (on: ProfileTables): Pick<ProfileStore, Writes> => ({
  putOwn: (userId, kind, rows) => putOwn(on, userId, kind, rows),
  putFresh: (kind, rows) => putFresh(on, kind, rows),
  deleteOwn: (userId, kind, keys) => deleteOwn(on, userId, kind, keys),
  markAnalyticsStale: (userId, at) => markAnalyticsStale(on, userId, at),
});

/** Holds where nobody's row has the key, or the user's own. */
const freeOrOwn = (userId: string, kind: EntityKind) => ({
  ConditionExpression: 'attribute_not_exists(#key) OR #user = :me',
  ExpressionAttributeNames: { '#key': keyNames(kind)[0] ?? '', '#user': 'userId' },
  ExpressionAttributeValues: { ':me': { S: userId } },
});

const putOwn = async (on: ProfileTables, userId: string, kind: EntityKind, rows: readonly Row[]) => {
  const foreign = rows.filter((row) => row.userId !== userId).length;
  if (foreign > 0) throw new TypeError(`${foreign} of ${rows.length} rows of ${kind} are not the user's own`);
  let conflicts = 0;
  await sideBySide(rows, writesAtOnce, async (row) => {
    const put = new PutItemCommand({
      TableName: tableOf(on, kind),
      Item: toAttributeValues(row),
      ...freeOrOwn(userId, kind),
    });
    if ((await onCondition(on.dynamodb.send(put))) === undefined) conflicts += 1;
  });
  return { conflicts };
};

const putFresh = async (on: ProfileTables, kind: EntityKind, rows: readonly Row[]): Promise<void> => {
  // A batch that names a key twice is refused whole: the last row counts, as it would if put one by one.
  const items = new Map(rows.map((row) => [keyText(kind, keyOf(kind, row)), toAttributeValues(row)]));
  const batches = inSlices([...items.values()], rowsPerBatch);
  await sideBySide(batches, batchesAtOnce, (batch) => untilNoneLeft(batch, (left) => putBatch(on, kind, left)));
};

/** The items that DynamoDB did not take. */
const putBatch = async (on: ProfileTables, kind: EntityKind, items: readonly Item[]): Promise<Item[]> => {
  const table = tableOf(on, kind);
  const requests = items.map((item) => ({ PutRequest: { Item: item } }));
  const { UnprocessedItems } = await on.dynamodb.send(
    new BatchWriteItemCommand({ RequestItems: { [table]: requests } }),
  );
  return (UnprocessedItems?.[table] ?? []).flatMap(({ PutRequest }) => (PutRequest?.Item ? [PutRequest.Item] : []));
};

const deleteOwn = (on: ProfileTables, userId: string, kind: EntityKind, keys: readonly Row[]): Promise<void> =>
  sideBySide(keys, writesAtOnce, async (row) => {
    const command = new DeleteItemCommand({
      TableName: tableOf(on, kind),
      Key: keyOf(kind, row),
      ...freeOrOwn(userId, kind),
    });
    await onCondition(on.dynamodb.send(command));
  });

/** HouseF3 keeps its boolean as one byte, so that an index can have it for a key. */
const isNeeded = new Uint8Array([1]);
/** HouseF3's own default, kept where it chose another. */
const usualPriority = '3';
/** Attributes that HouseF3 does not read a status without, though they may be null. */
const neverAbsent = ['lastComputedDate', 'dataAvailableThrough'] as const;

const markAnalyticsStale = (on: ProfileTables, userId: string, at: number): Promise<void> =>
  sideBySide(analyticTypes, writesAtOnce, async (analyticType) => {
    const set = {
      userId: { S: userId },
      analyticType: { S: analyticType },
      status: { S: 'stale' },
      // Python before 3.11 reads no `Z`.
      lastUpdated: { S: new Date(at).toISOString().replace('Z', '+00:00') },
      computationNeeded: { B: isNeeded },
    };
    const setOnce = {
      processingPriority: { N: usualPriority },
      ...Object.fromEntries(neverAbsent.map((name) => [name, { NULL: true as const }])),
    };
    const names = Object.keys({ ...set, ...setOnce });
    const assignments = names.map((name) => (name in set ? `#${name} = :${name}` : `#${name} = ${unlessThere(name)}`));
    const command = new UpdateItemCommand({
      TableName: on.tables.analyticsStatus,
      Key: { pk: { S: userId }, sk: { S: `${analyticType}#ALL` } },
      UpdateExpression: `SET ${assignments.join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries({ ...set, ...setOnce }).map(([name, value]) => [`:${name}`, value]),
      ),
    });
    await on.dynamodb.send(command);
  });

const unlessThere = (name: string): string => `if_not_exists(#${name}, :${name})`;
