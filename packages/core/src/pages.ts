/** What comes in pages, one after the other. */
import type { EntityKind, Row } from '@fzip/format';
import type { Job, JobType } from './jobs.ts';
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

/** A user's jobs of a type, newest first. The index lags behind: what matters is to be read again. */
export async function* jobsOf({ jobs }: Pick<Ports, 'jobs'>, userId: string, type: JobType): AsyncGenerator<Job> {
  let cursor: string | undefined;
  do {
    const page = await jobs.list(userId, type, { limit: 100, ...(cursor ? { cursor } : {}) });
    yield* page.jobs;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
