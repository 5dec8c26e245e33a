/** How much of FZIP one user may have at a time. */
import { atRest, type Job, jobCan } from '../jobs.ts';
import { jobsOf } from '../pages.ts';
import type { Ports } from '../ports.ts';
import { idOfKey } from './request.ts';

export type OverQuota =
  | { code: 'TOO_MANY_JOBS'; running: number; allowed: number }
  | { code: 'STORAGE_QUOTA'; storedBytes: number; allowed: number };

/** Jobs of these types take turns: a backup and a validation read the same packages and tables. */
const counted = ['backup', 'validation'] as const;

/** Why a user may not begin another backup now; undefined if nothing speaks against it. */
export const overQuota = async (ports: Ports, userId: string): Promise<OverQuota | undefined> => {
  const allowed = ports.limits.storedBytes;
  let storedBytes = 0;
  for await (const job of jobsOf(ports, userId, 'backup')) {
    if (jobCan.download(job, ports.clock())) storedBytes += job.packageSize ?? 0;
  }
  const tooMany = await tooManyJobs(ports, userId);
  return tooMany ?? (storedBytes >= allowed ? { code: 'STORAGE_QUOTA', storedBytes, allowed } : undefined);
};

/** The same for a job that stores nothing. */
export const tooManyJobs = async (ports: Ports, userId: string): Promise<OverQuota | undefined> => {
  const allowed = ports.limits.runningJobs;
  let running = 0;
  for (const type of counted) {
    for await (const job of jobsOf(ports, userId, type)) if (!atRest(job.status)) running += 1;
  }
  return running >= allowed ? { code: 'TOO_MANY_JOBS', running, allowed } : undefined;
};

/** The backup that a user's idempotency key stands for already. */
export const backupOfKey = async (ports: Ports, userId: string, key: string): Promise<Job | undefined> =>
  ports.jobs.find(await idOfKey(ports, 'key', userId, key));
