/** Finds the job that a request is about. */
import { type Job, JobId, type JobType } from '@fzip/core';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';

/** The user's own job. @throws ApiError NOT_FOUND, the same for what is not there, is another's or is of another type */
export const ownJob = async (c: ApiContext, id: string, jobType: JobType): Promise<Job> => {
  const jobId = JobId.safeParse(id);
  if (!jobId.success) throw new ApiError('NOT_FOUND');
  c.set('jobId', jobId.data);
  const job = await c.get('ports').jobs.find(jobId.data);
  if (!job || job.userId !== c.get('user') || job.jobType !== jobType || job.roundTrip) throw new ApiError('NOT_FOUND');
  return job;
};

/** The Idempotency-Key stood for another request. */
export const keyReused = (): ApiError =>
  new ApiError('IDEMPOTENCY_KEY_REUSED', undefined, [
    { field: 'Idempotency-Key', message: 'was used before, with other parameters; use a new key' },
  ]);
