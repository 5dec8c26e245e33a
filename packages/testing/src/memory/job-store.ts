/** The job table in memory. */
import { atRest, Job, JobId, type JobPage, type JobPatch, type JobStore, StaleJob } from '@fzip/core';
import { readCursor, writeCursor } from './cursors.ts';

export type MemoryJobStore = JobStore & {
  /** Every job as it is now, oldest first. */
  all(): Job[];
};

export const memoryJobStore = (): MemoryJobStore => {
  const jobs = new Map<string, Job>();
  const update = (jobId: string, when: (job: Job) => boolean, patch: (job: Job) => Partial<Job>): void => {
    const job = jobs.get(jobId);
    if (job && when(job)) jobs.set(jobId, copy({ ...job, ...patch(job) }));
  };
  const ofUser = (userId: string, jobType: string) =>
    [...jobs.values()].filter((job) => job.userId === userId && job.jobType === jobType && !job.roundTrip);

  return {
    all: () => [...jobs.values()].sort(byAge).map(given),
    find: async (jobId) => {
      const job = JobId.safeParse(jobId).success ? jobs.get(jobId) : undefined;
      return job && given(job);
    },
    create: async (job) => {
      if (jobs.has(job.jobId)) return false;
      jobs.set(job.jobId, copy(job));
      return true;
    },
    change: async (job, patch) => {
      const now = jobs.get(job.jobId);
      if (now?.version !== job.version) throw new StaleJob(job.jobId, job.version);
      const changed = copy(patched(now, patch));
      jobs.set(job.jobId, changed);
      return given(changed);
    },
    report: async (jobId, attempt, at, { percent, phase }) =>
      update(
        jobId,
        (job) => job.attempt === attempt && !atRest(job.status),
        (job) =>
          job.progress <= percent
            ? { updatedAt: at, progress: percent, ...(phase === undefined ? {} : { currentPhase: phase }) }
            : { updatedAt: Math.max(at, job.updatedAt) },
      ),
    announce: async (jobId, ids) =>
      update(
        jobId,
        () => true,
        (job) => ({ announced: [...new Set([...job.announced, ...ids])].sort() }),
      ),
    list: async (userId, jobType, page) => pageOf(ofUser(userId, jobType).sort(byAge).reverse(), page, -1),
    count: async (userId, jobType) => ofUser(userId, jobType).length,
    withStatus: async (status, page) =>
      pageOf([...jobs.values()].filter((job) => job.status === status).sort(byAge), page, 1),
    delete: async (jobId) => {
      jobs.delete(jobId);
    },
  };
};

/** A job without the attributes that are undefined, as the table has it, and apart from what the caller holds. */
const copy = (job: Job): Job => Job.parse(JSON.parse(JSON.stringify(job)));

/** What is stored was parsed; here it only has to be apart from it. */
const given = (job: Job): Job => JSON.parse(JSON.stringify(job)) as Job;

const patched = (job: Job, patch: JobPatch): Job => ({ ...job, ...patch, version: job.version + 1 });

type Place = Pick<Job, 'createdAt' | 'jobId'>;
const byAge = (a: Place, b: Place): number =>
  a.createdAt - b.createdAt || (a.jobId < b.jobId ? -1 : Number(a.jobId > b.jobId));

/** `order` is 1 for oldest first and -1 for newest first. */
const pageOf = (jobs: Job[], { limit, cursor }: { limit: number; cursor?: string }, order: 1 | -1): JobPage => {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const left = after ? jobs.filter((job) => byAge(job, after) * order > 0) : jobs;
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  return left.length > shown.length && last
    ? { jobs: shown.map(given), cursor: writeCursor([last.createdAt, last.jobId]) }
    : { jobs: shown.map(given) };
};

const placeOf = (cursor: string): Place => {
  const [createdAt, jobId] = readCursor(cursor, 2);
  return { createdAt: Number(createdAt), jobId: String(jobId) };
};
