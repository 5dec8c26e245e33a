/** Pages by offset over a list that goes on by cursor. */
import type { Job, JobStore } from '@fzip/core';

export type PageRequest = {
  limit: number;
  offset: number;
  /** ms since epoch: leaves out what was created later. */
  asOf?: number;
};

export type JobsPage = { jobs: Job[]; total: number; hasMore: boolean };

/** Asked of the store at once, at most. */
const atOnce = 1_000;

/** One page of a user's backups, newest first, and how many there are in all. */
export const pageOfBackups = async (store: JobStore, userId: string, request: PageRequest): Promise<JobsPage> => {
  const { limit, offset, asOf = Number.POSITIVE_INFINITY } = request;
  const jobs: Job[] = [];
  let seen = 0;
  let newer = 0;
  let cursor: string | undefined;
  do {
    const wanted = Math.min(atOnce, offset + limit + 1 - seen);
    const page = await store.list(userId, 'backup', { limit: wanted, ...(cursor === undefined ? {} : { cursor }) });
    for (const job of page.jobs) {
      if (job.createdAt > asOf) newer += 1;
      else {
        if (seen >= offset && jobs.length < limit) jobs.push(job);
        seen += 1;
      }
    }
    cursor = page.cursor;
  } while (cursor !== undefined && seen <= offset + limit);
  const total = cursor === undefined ? seen : Math.max(seen, (await store.count(userId, 'backup')) - newer);
  return { jobs, total, hasMore: seen > offset + limit };
};
