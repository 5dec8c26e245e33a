/** The promises of `JobStore` about listings. Where they are eventually consistent, the tests wait until what was written is seen. */
import { randomUUID } from 'node:crypto';
import type { Job, JobPage, JobStatus, JobStore } from '@fzip/core';
import { expect, test } from 'vitest';
import { sampleJob, someUser } from '../samples.ts';
import { eventually } from './contract.ts';

type World = () => { store: JobStore };

const createAll = async ({ store }: { store: JobStore }, jobs: readonly Job[]): Promise<void> => {
  await Promise.all(jobs.map((job) => store.create(job)));
};

/** `count` jobs of one user, each a ms younger than the one before. */
const jobsOf = (userId: string, count: number, but: Partial<Job> = {}): Job[] =>
  Array.from({ length: count }, (_, n) => sampleJob({ userId, createdAt: 1_000 + n, ...but }));

const everyPage = async (page: (cursor?: string) => Promise<JobPage>): Promise<Job[][]> => {
  const pages: Job[][] = [];
  let cursor: string | undefined;
  do {
    const next: JobPage = await page(cursor);
    pages.push(next.jobs);
    cursor = next.cursor;
  } while (cursor !== undefined);
  return pages;
};

const ids = (jobs: readonly Job[]): string[] => jobs.map((job) => job.jobId);
const paged = (limit: number, cursor: string | undefined) => (cursor === undefined ? { limit } : { limit, cursor });

export const jobListingTests = (world: World): void => {
  test("list: one user's jobs of a type, newest first, whole, without those of round trips", async () => {
    const userId = someUser();
    const jobs = jobsOf(userId, 3);
    const restores = jobsOf(userId, 2, { jobType: 'restore', status: 'restore_uploaded' });
    const hidden = jobsOf(userId, 2, { roundTrip: { jobId: randomUUID(), attempt: 1 } });
    await createAll(world(), [...jobs, ...restores, ...hidden, ...jobsOf(someUser(), 2)]);
    const newestFirst = { jobs: [...jobs].reverse() };
    await eventually(async () =>
      expect(await world().store.list(userId, 'backup', { limit: 10 })).toEqual(newestFirst),
    );
  });

  test('list: pages follow one another without gap or repeat, and the last one says so', async () => {
    const userId = someUser();
    const jobs = jobsOf(userId, 6);
    await createAll(world(), jobs);
    const newestFirst = ids([...jobs].reverse());
    const expected = [newestFirst.slice(0, 2), newestFirst.slice(2, 4), newestFirst.slice(4)];
    await eventually(async () => {
      const pages = await everyPage((cursor) => world().store.list(userId, 'backup', paged(2, cursor)));
      expect(pages.map(ids)).toEqual(expected);
    });
  });

  test('list: jobs made in the same ms are all given', async () => {
    const userId = someUser();
    const jobs = jobsOf(userId, 5, { createdAt: 1_000 });
    await createAll(world(), jobs);
    await eventually(async () => {
      const pages = await everyPage((cursor) => world().store.list(userId, 'backup', paged(2, cursor)));
      expect(ids(pages.flat()).sort()).toEqual(ids(jobs).sort());
    });
  });

  test('list: finds the few jobs of a type among many of another', async () => {
    const userId = someUser();
    const others = jobsOf(userId, 230, { jobType: 'restore', status: 'restore_completed' });
    const few = [1_001, 1_100, 1_200].map((createdAt) => sampleJob({ userId, createdAt }));
    await createAll(world(), [...others, ...few]);
    await eventually(async () => {
      const pages = await everyPage((cursor) => world().store.list(userId, 'backup', paged(2, cursor)));
      expect(pages.map(ids)).toEqual([ids(few).reverse().slice(0, 2), ids(few).slice(0, 1)]);
    });
  });

  test('list: a cursor that no page gave is refused', async () => {
    for (const cursor of ['', 'x', '!!!', Buffer.from('{"a":1}').toString('base64url')]) {
      const listing = world().store.list(someUser(), 'backup', { limit: 2, cursor });
      await expect(listing).rejects.toMatchObject({ name: 'BadCursor' });
    }
  });

  test("list: another user's cursor leads to nobody's jobs but one's own", async () => {
    const [mine, theirs] = [someUser(), someUser()];
    await createAll(world(), [...jobsOf(mine, 3), ...jobsOf(theirs, 3)]);
    const cursor = await eventually(async () => {
      const page = await world().store.list(theirs, 'backup', { limit: 1 });
      expect(page.cursor).toBeDefined();
      return page.cursor as string;
    });
    const { jobs } = await world().store.list(mine, 'backup', { limit: 10, cursor });
    expect(jobs.every((job) => job.userId === mine)).toBe(true);
  });

  test('count: how many list would give in all', async () => {
    const userId = someUser();
    const restores = jobsOf(userId, 3, { jobType: 'restore', status: 'restore_uploaded' });
    await createAll(world(), [...jobsOf(userId, 7), ...restores]);
    await eventually(async () => expect(await world().store.count(userId, 'backup')).toBe(7));
    expect(await world().store.count(someUser(), 'backup')).toBe(0);
  });

  test('withStatus: jobs of a status, oldest first, page by page', async () => {
    const status: JobStatus = 'clear_processing';
    const jobs = jobsOf(someUser(), 5, { jobType: 'clear', status });
    await createAll(world(), [...jobs].reverse());
    await eventually(async () => {
      const pages = await everyPage((cursor) => world().store.withStatus(status, paged(2, cursor)));
      expect(pages.map(ids)).toEqual([ids(jobs).slice(0, 2), ids(jobs).slice(2, 4), ids(jobs).slice(4)]);
    });
  });

  test('withStatus: a job is listed by the status that it has now', async () => {
    const job = sampleJob({ jobType: 'validation', status: 'validation_processing' });
    await createAll(world(), [job]);
    await world().store.change(job, { status: 'validation_completed' });
    await eventually(async () => {
      const listed = await world().store.withStatus('validation_completed', { limit: 10 });
      expect(ids(listed.jobs)).toContain(job.jobId);
      expect((await world().store.withStatus('validation_processing', { limit: 10 })).jobs).toEqual([]);
    });
  });
};
