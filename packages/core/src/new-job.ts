/** Jobs that begin: the row that every type of job starts with, and its creation, which may be repeated. */
import type { Job } from './jobs.ts';
import type { Ports } from './ports.ts';

type Given = 'jobId' | 'userId' | 'jobType' | 'status' | 'ttl';

/** A job's first attempt, at which nothing was done yet. */
export const newJob = (ports: Ports, job: Pick<Job, Given> & Partial<Job>): Job => {
  const now = ports.clock();
  const { roundTrip } = ports;
  const begun = { attempt: 1, createdAt: now, updatedAt: now, progress: 0, announced: [], redrives: 0, version: 1 };
  return { ...begun, ...(roundTrip && { roundTrip }), ...job };
};

/** Creates a job unless its id is taken; gives the job that has the id then. Only its creation is worth an audit line. */
export const createJob = async (ports: Ports, made: Job): Promise<{ job: Job; created: boolean }> => {
  const created = await ports.jobs.create(made);
  const { jobId, userId } = made;
  const job = await ports.jobs.find(jobId);
  if (!job) throw new Error(`job ${jobId} is gone right after it was created`);
  if (created) ports.audit({ who: userId, what: 'job.status', jobId, outcome: job.status });
  return { job, created };
};
