/** What is kept beside the jobs, as items of the same table outside its indexes. DESIGN.md section 3, rule 4. */
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DeadLetter, Ledger, LedgerRecord, LedgerScope, LockHolder, Step } from '@fzip/core';
import { onCondition } from './conditions.ts';
import { untilNoneLeft } from './left-over.ts';

/** No item may have an attribute `userId`, `jobType` or `status`: those would bring it into an index. */
const keys = {
  chunk: (scope: LedgerScope, n: number) => `chunk#${place(scope)}#${n}`,
  page: (scope: LedgerScope, page: number | 'root') => `ledger#${place(scope)}#${page}`,
  lease: (scope: LedgerScope, n: number) => `lease#${place(scope)}#${n}`,
  tally: (jobId: string, attempt: number) => `tally#${jobId}#${attempt}`,
  blame: (jobId: string, attempt: number, step: Step) => `blame#${jobId}#${attempt}#${step}`,
  lock: (userId: string) => `lock#${userId}`,
  turns: (userId: string, begins: number) => `turns#${userId}#${begins}`,
  note: (name: string) => `note#${name}`,
  dead: (id: string) => `dead#${id}`,
};
const place = ({ jobId, attempt, step, kind }: LedgerScope): string => `${jobId}#${attempt}#${step}#${kind}`;

const keptSeconds = 30 * 24 * 60 * 60;
/** BatchGetItem takes no more keys. */
const keysPerRead = 100;
/** An item holds 400 KB in all. */
const longestBody = 300_000;
const longestCause = 10_000;
/** Keeps pieces apart from the item's own attributes. */
const pieceAttribute = (piece: string): string => `piece ${piece}`;

type Table = { documents: DynamoDBDocumentClient; table: string; ttl: () => number };

/** The ledger on the job table. `clock` (ms) dates what the table deletes by itself after 30 days. */
export const jobLedger = (on: { documents: DynamoDBDocumentClient; table: string; clock?: () => number }): Ledger => {
  const clock = on.clock ?? Date.now;
  const table: Table = { ...on, ttl: () => Math.floor(clock() / 1000) + keptSeconds };
  return {
    put: (scope, n, record) => put(table, keys.chunk(scope, n), record),
    get: async (scope, n) => recordOf(await read(table, keys.chunk(scope, n))),
    range: (scope, from, count) => range(table, scope, from, count),
    mark: (scope, page, n) => mark(table, keys.page(scope, page), n),
    lease: (scope, n, lease) => take(table, keys.lease(scope, n), lease),
    release: (scope, n, owner) => release(table, keys.lease(scope, n), owner),
    tally: (jobId, attempt, piece, done) => tally(table, keys.tally(jobId, attempt), pieceAttribute(piece), done),
    blame: async ({ jobId, attempt }, step, why) => {
      const item = { jobId: keys.blame(jobId, attempt, step), why: why.slice(0, longestCause), ttl: table.ttl() };
      await table.documents.send(new PutCommand({ TableName: table.table, Item: item }));
    },
    blamed: async ({ jobId, attempt }, step) => {
      const why = (await read(table, keys.blame(jobId, attempt, step)))?.why;
      return typeof why === 'string' ? why : undefined;
    },
    leaseUntil: async (scope, n) => {
      const until = (await read(table, keys.lease(scope, n)))?.until;
      return typeof until === 'number' ? until : undefined;
    },
    lockProfile: (userId, holder, from) => lock(table, keys.lock(userId), holder, from),
    unlockProfile: (userId, jobId) => unlock(table, keys.lock(userId), jobId),
    takeTurn: (userId, begins, allowed) => takeTurn(table, keys.turns(userId, begins), allowed),
    remember: async (name, text) => {
      const item = { jobId: keys.note(name), text, ttl: table.ttl() };
      await table.documents.send(new PutCommand({ TableName: table.table, Item: item }));
    },
    recall: async (name) => {
      const text = (await read(table, keys.note(name)))?.text;
      return typeof text === 'string' ? text : undefined;
    },
    bury: (letter) => bury(table, letter),
    findBuried: async (id) => letterOf(await read(table, keys.dead(id))),
    buried: () => buried(table),
    noteResent: (id, at) => noteResent(table, keys.dead(id), at),
  };
};

type Item = Record<string, unknown>;

const recordOf = (item: Item | undefined): LedgerRecord | undefined => item?.record as LedgerRecord | undefined;

const read = async ({ documents, table }: Table, key: string): Promise<Item | undefined> =>
  (await documents.send(new GetCommand({ TableName: table, Key: { jobId: key }, ConsistentRead: true }))).Item;

/** True if the item was put, false if its key is taken. */
const putOnce = async ({ documents, table, ttl }: Table, key: string, item: Item): Promise<boolean> => {
  const command = new PutCommand({
    TableName: table,
    Item: { ...item, jobId: key, ttl: ttl() },
    ConditionExpression: 'attribute_not_exists(jobId)',
  });
  return (await onCondition(documents.send(command))) !== undefined;
};

const put = async <T extends LedgerRecord>(on: Table, key: string, record: T): Promise<T> => {
  if (await putOnce(on, key, { record })) return record;
  const before = recordOf(await read(on, key));
  // Its thirty days ended between the two calls.
  if (before === undefined) return put(on, key, record);
  return before as T;
};

const range = async (on: Table, scope: LedgerScope, from: number, count: number): Promise<LedgerRecord[]> => {
  const found: LedgerRecord[] = [];
  while (found.length < count) {
    const size = Math.min(keysPerRead, count - found.length);
    const wanted = Array.from({ length: size }, (_, n) => keys.chunk(scope, from + found.length + n));
    const items = await readMany(on, wanted);
    for (const key of wanted) {
      const record = recordOf(items.get(key));
      if (record === undefined) return found;
      found.push(record);
    }
  }
  return found;
};

/** DynamoDB may leave keys out of its answer when it is busy; they are asked for again, each time after a longer wait. */
const readMany = async ({ documents, table }: Table, wanted: readonly string[]): Promise<Map<string, Item>> => {
  const items = new Map<string, Item>();
  await untilNoneLeft(wanted, async (left) => {
    const Keys = left.map((jobId) => ({ jobId }));
    const answer = await documents.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
    );
    for (const item of answer.Responses?.[table] ?? []) items.set(String(item.jobId), item);
    return (answer.UnprocessedKeys?.[table]?.Keys ?? []).map((key) => String(key.jobId));
  });
  return items;
};

const mark = async ({ documents, table, ttl }: Table, key: string, n: number): Promise<number> => {
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName: table,
      Key: { jobId: key },
      UpdateExpression: 'ADD done :n SET #ttl = :ttl',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':n': new Set([n]), ':ttl': ttl() },
      ReturnValues: 'ALL_NEW',
    }),
  );
  const done: unknown = Attributes?.done;
  if (!(done instanceof Set)) throw new TypeError(`${key} came back without its set`);
  return done.size;
};

const take = async (
  { documents, table, ttl }: Table,
  key: string,
  { owner, until, now }: { owner: string; until: number; now: number },
): Promise<boolean> => {
  const command = new PutCommand({
    TableName: table,
    Item: { jobId: key, owner, until, ttl: ttl() },
    ConditionExpression: 'attribute_not_exists(jobId) OR #owner = :me OR #until < :now',
    ExpressionAttributeNames: { '#owner': 'owner', '#until': 'until' },
    ExpressionAttributeValues: { ':me': owner, ':now': now },
  });
  return (await onCondition(documents.send(command))) !== undefined;
};

const release = async ({ documents, table }: Table, key: string, owner: string): Promise<void> => {
  const command = new DeleteCommand({
    TableName: table,
    Key: { jobId: key },
    ConditionExpression: '#owner = :me',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':me': owner },
  });
  await onCondition(documents.send(command));
};

/** A message of an older attempt finds the attempt that holds; it never takes the profile back to its own. */
const lock = async (on: Table, key: string, holder: LockHolder, from?: string): Promise<LockHolder> => {
  const command = new PutCommand({
    TableName: on.table,
    Item: { jobId: key, holder: holder.jobId, attempt: holder.attempt, ttl: on.ttl() },
    ConditionExpression:
      'attribute_not_exists(jobId) OR (#holder = :job AND attempt <= :attempt) OR (#holder = :from AND #holder <> :job)',
    ExpressionAttributeNames: { '#holder': 'holder' },
    ExpressionAttributeValues: { ':job': holder.jobId, ':attempt': holder.attempt, ':from': from ?? holder.jobId },
  });
  if (await onCondition(on.documents.send(command))) return { jobId: holder.jobId, attempt: holder.attempt };
  const held = await read(on, key);
  // It was given back between the two calls.
  if (held === undefined) return lock(on, key, holder, from);
  return { jobId: String(held.holder), attempt: Number(held.attempt) };
};

const unlock = async ({ documents, table }: Table, key: string, jobId: string): Promise<void> => {
  const command = new DeleteCommand({
    TableName: table,
    Key: { jobId: key },
    ConditionExpression: '#holder = :job',
    ExpressionAttributeNames: { '#holder': 'holder' },
    ExpressionAttributeValues: { ':job': jobId },
  });
  await onCondition(documents.send(command));
};

const tally = async (on: Table, key: string, piece: string, done: number): Promise<number> => {
  const command = new UpdateCommand({
    TableName: on.table,
    Key: { jobId: key },
    UpdateExpression: 'SET #piece = :done, #ttl = :ttl',
    ConditionExpression: 'attribute_not_exists(#piece) OR #piece < :done',
    ExpressionAttributeNames: { '#piece': piece, '#ttl': 'ttl' },
    ExpressionAttributeValues: { ':done': done, ':ttl': on.ttl() },
    ReturnValues: 'ALL_NEW',
  });
  const written = await onCondition(on.documents.send(command));
  const item = written?.Attributes ?? (await read(on, key)) ?? {};
  return Object.entries(item)
    .filter(([name]) => name.startsWith(pieceAttribute('')))
    .reduce((sum, [, value]) => sum + Number(value), 0);
};

const takeTurn = async ({ documents, table, ttl }: Table, key: string, allowed: number): Promise<boolean> => {
  if (allowed < 1) return false;
  const command = new UpdateCommand({
    TableName: table,
    Key: { jobId: key },
    UpdateExpression: 'ADD taken :one SET #ttl = :ttl',
    ConditionExpression: 'attribute_not_exists(taken) OR taken < :allowed',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: { ':one': 1, ':allowed': allowed, ':ttl': ttl() },
  });
  return (await onCondition(documents.send(command))) !== undefined;
};

const bury = async (on: Table, { id, body, cause, ...letter }: DeadLetter): Promise<void> => {
  const bytes = Buffer.from(body);
  const kept = bytes.length <= longestBody ? { body } : { body: cut(bytes), bodyBytes: bytes.length };
  await putOnce(on, keys.dead(id), {
    // What was too long for its keeper before has its length already.
    letter: { id, ...kept, ...letter, ...(cause === undefined ? {} : { cause: cause.slice(0, longestCause) }) },
  });
};

const letterOf = (item: Item | undefined): DeadLetter | undefined => item?.letter as DeadLetter | undefined;

/** No index has the ledger's items, and a list for operators is worth none: this reads the table. */
async function* buried({ documents, table }: Table): AsyncGenerator<DeadLetter> {
  const pages = paginateScan(
    { client: documents },
    {
      TableName: table,
      FilterExpression: 'begins_with(jobId, :dead)',
      ExpressionAttributeValues: { ':dead': keys.dead('') },
      ConsistentRead: true,
    },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const letter = letterOf(item);
      if (letter) yield letter;
    }
  }
}

const noteResent = async ({ documents, table }: Table, key: string, at: number): Promise<void> => {
  const command = new UpdateCommand({
    TableName: table,
    Key: { jobId: key },
    UpdateExpression: 'SET letter.resentAt = :at',
    ConditionExpression: 'attribute_exists(jobId)',
    ExpressionAttributeValues: { ':at': at },
  });
  await onCondition(documents.send(command));
};

/** A message may hold 1 MiB, an item less than half of that: the beginning is kept, and how long it was. */
const cut = (bytes: Buffer): string => bytes.subarray(0, longestBody).toString();
