/** What a user does with a backup after asking for it: download, cancel, delete; and what time does: expire. */

import { announceEnding } from '../announce.ts';
import { type Job, jobCan } from '../jobs.ts';
import { hour, times } from '../limits.ts';
import type { ObjectStore, Ports } from '../ports.ts';
import { fulfil, intend, rowTtl, settle } from '../settle.ts';
import { stagingPrefix } from '../staging.ts';
import { packagePrefix } from './package.ts';
import type { Amendment } from './parameters.ts';
import { buryJob } from './request.ts';

/** A presigned link to one volume, good for 15 minutes. @throws RangeError if the backup has no such volume */
export const downloadLink = (ports: Ports, job: Job, volume: number): Promise<string> => {
  const stored = job.packages?.[volume - 1];
  if (!stored)
    throw new RangeError(`backup ${job.jobId} has ${job.packages?.length ?? 0} volumes, asked for is ${volume}`);
  return ports.packages.presignGet(stored.key, {
    expiresInSeconds: times.presigned / 1_000,
    fileName: packageFileName(job, volume),
  });
};

/** `backup_20240115T103000Z_user.fzip`; of a set `….part-001.fzip`. FORMAT.md section 1. */
export const packageFileName = (job: Job, volume: number): string => {
  const timestamp = new Date(job.createdAt).toISOString().replace(/[-:]|\.\d+/g, '');
  const user = job.userId.replaceAll(/[^A-Za-z0-9_@.-]/g, '_');
  const part = (job.packages?.length ?? 1) > 1 ? `.part-${String(volume).padStart(3, '0')}` : '';
  return `backup_${timestamp}_${user}${part}.fzip`;
};

/** Stops a working backup. False if it rests or was told to end before. */
export const cancelBackup = async (ports: Ports, job: Job): Promise<boolean> => {
  const intent = { kind: 'cancel', code: 'CANCELED', message: 'canceled by the user' } as const;
  if (!(await intend(ports, job, intent))) return false;
  const intended = await ports.jobs.find(job.jobId);
  if (intended?.intent) await fulfil(ports, intended, intended.intent);
  return true;
};

/** Changes until when a backup is kept, or how it is described. Undefined if there is nothing to keep. @throws StaleJob */
export const amendBackup = async (
  ports: Ports,
  job: Job,
  { description, expiresInHours }: Amendment,
): Promise<Job | undefined> => {
  const now = ports.clock();
  if (!jobCan.amend(job, now)) return undefined;
  const amended = {
    ...job.amended,
    ...(description === undefined ? {} : { description }),
    ...(expiresInHours === undefined ? {} : { expiresInHours }),
  };
  const isDated = job.status === 'backup_completed' && expiresInHours !== undefined;
  const changed = await ports.jobs.change(job, {
    amended,
    ...(isDated ? { expiresAt: now + expiresInHours * hour, ttl: rowTtl(now) } : {}),
  });
  ports.audit({ who: job.userId, what: 'backup.amend', jobId: job.jobId, outcome: 'changed' });
  return changed;
};

/**
 * Removes every object of a backup, then its row. A working backup is canceled first; a consumer that is still
 * writing finds no job and removes what it wrote.
 */
export const deleteBackup = async (ports: Ports, job: Job): Promise<void> => {
  await cancelBackup(ports, job);
  await buryJob(ports, job.jobId);
  await removeObjects(ports, job);
  await ports.jobs.delete(job.jobId);
  ports.audit({ who: job.userId, what: 'backup.delete', jobId: job.jobId, outcome: 'deleted' });
};

const removeObjects = async (ports: Ports, job: Job): Promise<void> => {
  await removeAll(ports.packages, packagePrefix(job));
  await removeAll(ports.packages, stagingPrefix(job.jobId));
};

/** Deletes everything under a prefix but what is to be kept, and ends uploads that were begun there. */
export const removeAll = async (
  store: ObjectStore,
  prefix: string,
  keep: ReadonlySet<string> = new Set(),
): Promise<number> => {
  for await (const upload of store.unfinished(prefix)) await store.abort(upload.key, upload.uploadId);
  let removed = 0;
  let keys: string[] = [];
  const flush = async () => {
    if (keys.length > 0) await store.delete(keys);
    removed += keys.length;
    keys = [];
  };
  for await (const { key } of store.list(prefix)) {
    if (!keep.has(key)) keys.push(key);
    if (keys.length === 1_000) await flush();
  }
  await flush();
  return removed;
};

/** Ends a backup whose time is over: its objects first, so that a crash leaves it to be swept again. */
export const expireBackup = async (ports: Ports, job: Job): Promise<boolean> => {
  if (!jobCan.expire(job, ports.clock())) return false;
  // A crash may have left its completion untold, and an expired backup tells of its expiry alone.
  await announceEnding(ports, job);
  await removeObjects(ports, job);
  return (await settle(ports, job, 'backup_expired')) === 'settled';
};
