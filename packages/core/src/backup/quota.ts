/** How much of FZIP one user may have at a time. */
import { atRest, type Job, jobCan } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { idOfKey } from './request.ts';

export type OverQuota =
  | { code: 'TOO_MANY_JOBS'; running: number; allowed: number }
  | { code: 'STORAGE_QUOTA'; storedBytes: number; allowed: number };

/** Why a user may not begin another backup now; undefined if nothing speaks against it. */
export const overQuota = async (ports: Ports, userId: string): Promise<OverQuota | undefined> => {
  const { runningJobs, storedBytes: allowed } = ports.limits;
  let [running, storedBytes] = [0, 0];
  for await (const job of jobsOf(ports, userId)) {
    if (!atRest(job.status)) running += 1;
    if (jobCan.download(job, ports.clock())) storedBytes += job.packageSize ?? 0;
  }
  if (running >= runningJobs) return { code: 'TOO_MANY_JOBS', running, allowed: runningJobs };
  return storedBytes >= allowed ? { code: 'STORAGE_QUOTA', storedBytes, allowed } : undefined;
};

async function* jobsOf(ports: Ports, userId: string): AsyncGenerator<Job> {
  let cursor: string | undefined;
  do {
    const page = await ports.jobs.list(userId, 'backup', { limit: 100, ...(cursor ? { cursor } : {}) });
    yield* page.jobs;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The backup that a user's idempotency key stands for already. */
export const backupOfKey = async (ports: Ports, userId: string, key: string): Promise<Job | undefined> =>
  ports.jobs.find(await idOfKey(ports, 'key', userId, key));
