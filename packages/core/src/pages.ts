/** What comes in pages, one after the other. */
import type { EntityKind, Row } from '@fzip/format';
import { atRest, type Job, type JobType } from './jobs.ts';
import type { Ports } from './ports.ts';

/** A user's rows of a kind in the order of the user's index, page by page; pages without rows are left out. */
export async function* rowPages(
  { profiles }: Pick<Ports, 'profiles'>,
  query: { userId: string; kind: EntityKind; attributes?: readonly string[] },
): AsyncGenerator<Row[]> {
  let cursor: string | undefined;
  do {
    const page = await profiles.page({ ...query, ...(cursor ? { cursor } : {}) });
    if (page.rows.length > 0) yield page.rows;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The newest job of a type that is as wanted. The index is late: what works, or has just come to be as wanted, is looked at itself. */
export const newestJob = async (
  ports: Pick<Ports, 'jobs'>,
  userId: string,
  type: JobType,
  wanted: (job: Job) => boolean,
): Promise<Job | undefined> => {
  for await (const hint of jobsOf(ports, userId, type)) {
    if (atRest(hint.status) && !wanted(hint)) continue;
    const job = await ports.jobs.find(hint.jobId);
    if (job && wanted(job)) return job;
  }
  return undefined;
};

/** A user's jobs of a type, newest first. The index lags behind: what matters is to be read again. */
export async function* jobsOf({ jobs }: Pick<Ports, 'jobs'>, userId: string, type: JobType): AsyncGenerator<Job> {
  let cursor: string | undefined;
  do {
    const page = await jobs.list(userId, type, { limit: 100, ...(cursor ? { cursor } : {}) });
    yield* page.jobs;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
