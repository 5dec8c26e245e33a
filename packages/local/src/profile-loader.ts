/** Puts whole profiles into HouseF3's tables and file storage. */
import { BatchWriteItemCommand, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type AwsClients, type AwsConfig, kindTables, toAttributeValues } from '@fzip/aws';
import type { Ports } from '@fzip/core';
import { type EntityKind, entityKinds, type Row } from '@fzip/format';
import { type SampleOptions, sampleProfile } from '@fzip/sample';

/** The most rows that DynamoDB takes in one call. */
const batchRows = 25;
/** Calls in flight: batches of rows, files. */
const sideBySide = 8;

export type Counts = Record<EntityKind, number>;
export type Store = { clients: Pick<AwsClients, 'dynamodb' | 's3'>; config: AwsConfig };
/** A file's bytes on their way into file storage. */
export type StoredFile = { s3Key: string; contentType: string; bytes: () => Buffer | Promise<Buffer> };

/** A profile that has rows already. A sample is never mixed into what is there. */
export class ProfileNotEmpty extends Error {
  readonly counts: Counts;
  constructor(userId: string, counts: Counts) {
    super(`the profile of ${userId} is not empty; only an empty one is filled`);
    this.name = 'ProfileNotEmpty';
    this.counts = counts;
  }
}

/** Rows by kind, counted for at most 2 s each. */
export const countProfile = async (ports: Pick<Ports, 'profiles'>, userId: string): Promise<Counts> =>
  Object.fromEntries(
    await Promise.all(
      entityKinds.map(async (kind) => [kind, (await ports.profiles.count(userId, kind, 2_000)).count] as const),
    ),
  ) as Counts;

/**
 * Fills a user's empty profile from the sample generator; gives what was written, by kind.
 * @throws ProfileNotEmpty; RangeError for numbers that make no sample
 */
export const fillFromSample = async (
  store: Store,
  ports: Pick<Ports, 'profiles'>,
  sample: SampleOptions,
): Promise<Counts> => {
  const profile = sampleProfile(sample);
  const before = await countProfile(ports, sample.userId);
  if (Object.values(before).some((count) => count > 0)) throw new ProfileNotEmpty(sample.userId, before);
  await putFiles(store, profile.files());
  for (const kind of entityKinds) await putRows(store, kind, profile.rows(kind));
  return profile.counts;
};

/** Writes rows in batches side by side, in flat memory; what DynamoDB gives back is sent again. Returns how many. */
export const putRows = async (store: Store, kind: EntityKind, rows: Iterable<Row>): Promise<number> => {
  const table = store.config.tables[kindTables[kind].table];
  let written = 0;
  await eachSideBySide(batches(rows), async (batch) => {
    await writeBatch(
      store,
      table,
      batch.map((row) => ({ PutRequest: { Item: toAttributeValues(row) } })),
    );
    written += batch.length;
  });
  return written;
};

const batches = function* (rows: Iterable<Row>): Generator<Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    if (batch.push(row) < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
};

const writeBatch = async ({ clients }: Store, table: string, requests: WriteRequest[]): Promise<void> => {
  let left = requests;
  for (let wait = 20; left.length > 0; wait = Math.min(wait * 2, 2_000)) {
    const answer = await clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
    left = answer.UnprocessedItems?.[table] ?? [];
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
};

/** Stores files with a content type and without user metadata, which HouseF3 would take for an upload. Returns how many. */
export const putFiles = async ({ clients, config }: Store, files: Iterable<StoredFile>): Promise<number> => {
  let stored = 0;
  await eachSideBySide(files, async ({ s3Key, contentType, bytes }) => {
    const Body = await bytes();
    await clients.s3.send(
      new PutObjectCommand({ Bucket: config.buckets.files, Key: s3Key, Body, ContentType: contentType }),
    );
    stored += 1;
  });
  return stored;
};

/** Takes items one by one and works on a few at a time. The first failure ends it. */
const eachSideBySide = async <T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const source = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = source.next(); !next.done; next = source.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
};
