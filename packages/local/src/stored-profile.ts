/** A user's profile as it stands in the tables and the file storage: read directly, past every port. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { fromAttributeValues, kindTables } from '@fzip/aws';
import { type EntityKind, entityKinds, formatRow, OrderFreeDigest, type Row } from '@fzip/format';
import type { Store } from './profile-loader.ts';

/** The table itself rather than the index that a backup reads by: what the index lacks must be missed here. */
export const storedRows = async function* (
  { clients, config }: Store,
  kind: EntityKind,
  userId: string,
): AsyncGenerator<Row> {
  const TableName = config.tables[kindTables[kind].table];
  let ExclusiveStartKey: NonNullable<Parameters<typeof fromAttributeValues>[0]> | undefined;
  do {
    const page = await clients.dynamodb.send(new ScanCommand({ TableName, ExclusiveStartKey }));
    for (const item of page.Items ?? []) if (item.userId?.S === userId) yield fromAttributeValues(item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
};

export type StoredObject = { sha256: string; version: string | undefined /** User metadata. */; metadata: string[] };

/** Undefined where nothing is stored. */
export const storedObject = async (
  { clients, config }: Store,
  key: Row[string] | undefined,
): Promise<StoredObject | undefined> => {
  if (typeof key !== 'string' || key === '') return undefined;
  try {
    const found = await clients.s3.send(new GetObjectCommand({ Bucket: config.buckets.files, Key: key }));
    return {
      sha256: await sha256Of(found.Body as Readable),
      version: found.VersionId,
      metadata: Object.keys(found.Metadata ?? {}),
    };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
};

export const sha256Of = async (bytes: Readable): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** What changes with any row, any attribute, any file's bytes, metadata or version. By kind, and `files`. */
export type Fingerprint = Record<EntityKind | 'files', string>;

export const fingerprint = async (store: Store, userId: string): Promise<Fingerprint> => {
  const files = new OrderFreeDigest();
  const ofKind = async (kind: EntityKind): Promise<string> => {
    const rows = new OrderFreeDigest();
    for await (const row of storedRows(store, kind, userId)) {
      rows.add(formatRow(row));
      if (kind !== 'transaction_files') continue;
      files.add(JSON.stringify([row.s3Key, (await storedObject(store, row.s3Key)) ?? null]));
    }
    return digestText(rows);
  };
  const digests: [string, string][] = [];
  for (const kind of entityKinds) digests.push([kind, await ofKind(kind)]);
  return Object.fromEntries([...digests, ['files', digestText(files)]]) as Fingerprint;
};

const digestText = (digest: OrderFreeDigest): string => `${digest.count}:${digest.hex()}`;

/** What changed between two looks, each in words. */
export const changesBetween = (userId: string, before: Fingerprint, after: Fingerprint): string[] =>
  (Object.keys(before) as (keyof Fingerprint)[])
    .filter((part) => before[part] !== after[part])
    .map((part) => `${userId}: ${part} changed while another profile was restored`);
