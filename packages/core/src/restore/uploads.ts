/** What was uploaded for a restore: one object a volume, at a key of its own, and the pinned copies that everything later reads. */
import { hash } from 'node:crypto';
import { openVolume, type Row, safeFileName, type Volume } from '@fzip/format';
import { type Job, restoreParameters, type Upload } from '../jobs.ts';
import { objectSource, sharedBlocks } from '../object-source.ts';
import type { ObjectInfo, Ports } from '../ports.ts';
import { stagingPrefix } from '../staging.ts';

type Owned = Pick<Job, 'userId' | 'jobId'>;

export const uploadPrefix = (job: Owned): string => `uploads/${job.userId}/${job.jobId}/`;

/** Where a volume of a restore's package is uploaded to. In which order a set is uploaded does not matter. */
export const uploadKey = (job: Owned, volume: number): string => `${uploadPrefix(job)}${volume}.fzip`;

/** `uploads/{userId}/{jobId}/{volume}.fzip` */
const uploadPattern = /^uploads\/([^/]+)\/([^/]+)\/([1-9]\d{0,2})\.fzip$/;

/** What a key says that it is, if it is an upload's. */
export const placeOfUpload = (key: string): { userId: string; jobId: string; volume: number } | undefined => {
  const [, userId, jobId, volume] = uploadPattern.exec(key) ?? [];
  return userId === undefined || jobId === undefined ? undefined : { userId, jobId, volume: Number(volume) };
};

/** Every upload that a restore takes. */
export const uploadKeys = (job: Job): string[] =>
  Array.from({ length: restoreParameters(job).volumes }, (_, n) => uploadKey(job, n + 1));

/** How many uploads a restore waits for, and which of them are there. */
export type Received = { expected: number; received: number[]; missing: number[] };

export const receivedUploads = async (ports: Ports, job: Job): Promise<Received> => {
  const there = new Set<string>();
  for await (const { key } of ports.packages.list(uploadPrefix(job))) there.add(key);
  const numbers = uploadKeys(job).map((key, n) => ({ volume: n + 1, isThere: there.has(key) }));
  return {
    expected: numbers.length,
    received: numbers.filter(({ isThere }) => isThere).map(({ volume }) => volume),
    missing: numbers.filter(({ isThere }) => !isThere).map(({ volume }) => volume),
  };
};

/** `volumes 2, 3 of 5`; of one volume `the package`. */
export const missingInWords = ({ expected, missing }: Received): string => {
  if (expected === 1) return 'the package';
  const shown = missing.slice(0, 10).join(', ');
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : '';
  return `${missing.length === 1 ? 'volume' : 'volumes'} ${shown}${more} of ${expected}`;
};

/** Copies that are made at the same time. */
const copiesAtOnce = 4;

/**
 * Copies every upload as it is now. Each copy's name has the ETag of its upload: whatever is uploaded later never takes its place,
 * and a copy made twice is the same. Undefined if one is not there.
 */
export const pinUploads = async (ports: Ports, job: Job): Promise<Upload[] | undefined> => {
  const keys = uploadKeys(job);
  const infos = await Promise.all(keys.map((key) => ports.packages.head(key)));
  const pinned: Upload[] = [];
  for (let from = 0; from < keys.length; from += copiesAtOnce) {
    const some = keys.slice(from, from + copiesAtOnce).map((key, n) => {
      const info = infos[from + n];
      return info && pinOne(ports, job, key, from + n + 1, info);
    });
    for (const upload of await Promise.all(some)) {
      if (!upload) return undefined;
      pinned.push(upload);
    }
  }
  return pinned;
};

const pinOne = async (ports: Ports, job: Job, key: string, volume: number, uploaded: ObjectInfo): Promise<Upload> => {
  const number = String(volume).padStart(3, '0');
  const copy = `${stagingPrefix(job.jobId)}${job.attempt}/upload-${number}-${hash('sha256', uploaded.etag).slice(0, 16)}.fzip`;
  const { size, etag } = await ports.packages.copy(key, copy, { etag: uploaded.etag });
  return { key: copy, size, etag };
};

/** Opens uploads of a restore by their place in `job.uploads`, all of them unless told which. @throws PackageRefused */
export const openUploads = async (
  ports: Ports,
  job: Job,
  which?: readonly number[],
): Promise<ReadonlyMap<number, Volume>> => {
  const { uploads = [] } = job;
  const blocks = sharedBlocks();
  const opened = new Map<number, Volume>();
  for (const place of which ?? uploads.keys()) {
    const upload = uploads[place];
    if (!upload) throw new Error(`job ${job.jobId} has ${uploads.length} uploads, none of them at ${place}`);
    opened.set(place, await openVolume(objectSource(ports.packages, upload.key, upload, blocks)));
  }
  return opened;
};

/** A file's entry, in a folder that is named by the id made safe, and the upload that holds it, among some that are open. */
export const holderOf = (opened: ReadonlyMap<number, Volume>, packaged: Row) => {
  const id = safeFileName(String(packaged.fileId));
  for (const [place, volume] of opened) {
    const entry = volume.files.get(id);
    if (entry) return { place, volume, entry };
  }
  return undefined;
};
