/** Finds the job that a request is about. */
import { type Job, JobId, type JobType } from '@fzip/core';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';

/** The user's own job. @throws ApiError NOT_FOUND, the same for what is not there, is another's or is of another type */
export const ownJob = async (c: ApiContext, id: string, jobType: JobType): Promise<Job> => {
  const jobId = JobId.safeParse(id);
  if (!jobId.success) throw new ApiError('NOT_FOUND');
  c.set('jobId', jobId.data);
  const ports = c.get('ports');
  const job = await ports.jobs.find(jobId.data);
  // Nobody comes upon the id of a job by accident. Whoever asks is told nothing of it.
  if (job && job.userId !== c.get('user')) {
    ports.measure('SecurityEvents', 1, { type: 'foreign_job' });
    ports.measure('UserRefusals', 1, { user: c.get('user') });
  }
  if (!job || job.userId !== c.get('user') || job.jobType !== jobType || job.roundTrip) throw new ApiError('NOT_FOUND');
  return job;
};

/** The Idempotency-Key stood for another request. */
export const keyReused = (): ApiError =>
  new ApiError('IDEMPOTENCY_KEY_REUSED', undefined, [
    { field: 'Idempotency-Key', message: 'was used before, with other parameters; use a new key' },
  ]);
