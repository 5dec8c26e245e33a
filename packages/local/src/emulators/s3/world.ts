import { randomBytes } from 'node:crypto';
import type { Bodies } from './bodies.ts';
import type { Call } from './call.ts';
import type { Catalog } from './catalog.ts';
import type { Bucket } from './catalog-buckets.ts';
import { S3Error } from './errors.ts';
import type { Notifier } from './notifications.ts';
import type { Judge } from './signature.ts';

/** What every operation works with. */
export type World = {
  catalog: Catalog;
  bodies: Bodies;
  notifier: Notifier;
  judge: Judge;
  region: string;
  clock(): number;
};

/** Answers one request. Throws S3Error to refuse it. */
export type Operation = (world: World, call: Call) => Promise<void> | void;

/** An id that nobody can guess, 32 characters. */
export const newId = (): string => randomBytes(24).toString('base64url');

/** The call's bucket. Throws NoSuchBucket. */
export const bucketOf = (world: World, call: Call): Bucket => {
  const bucket = world.catalog.buckets.find(call.bucket);
  if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  return bucket;
};

/** The call's key. Throws KeyTooLongError. */
export const checkKey = (key: string): string => {
  const bytes = Buffer.byteLength(key);
  if (bytes > 1024) throw new S3Error('KeyTooLongError', `Your key has ${bytes} bytes; allowed are 1024.`);
  return key;
};

export const isoTime = (ms: number): string => new Date(ms).toISOString();
export const httpTime = (ms: number): string => new Date(ms).toUTCString();
