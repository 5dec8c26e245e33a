/** Jobs that write into a profile: what is backed up meanwhile would be a part. */
import { atRest, type Job, type JobStatus, type JobType } from '../jobs.ts';
import { jobsOf } from '../pages.ts';
import type { Ports } from '../ports.ts';

const writers: readonly JobType[] = ['clear', 'restore'];
const writing: ReadonlySet<JobStatus> = new Set<JobStatus>([
  'clear_processing',
  'restore_processing',
  'restore_rolling_back',
]);

/** A restore or a clearing that is at work in the user's profile now. */
export const profileWriter = (ports: Ports, userId: string): Promise<Job | undefined> =>
  writer(ports, userId, ({ status }) => writing.has(status));

/** One that was at work there at some time since `since`, in ms since epoch. */
export const wroteSince = (ports: Ports, userId: string, since: number): Promise<Job | undefined> =>
  writer(ports, userId, (job) => beganToWrite(job) !== undefined && (!atRest(job.status) || endedAt(job) > since));

const beganToWrite = ({ jobType, createdAt, writing }: Job): number | undefined =>
  jobType === 'clear' ? createdAt : writing?.startedAt;

const endedAt = ({ completedAt, updatedAt }: Job): number => completedAt ?? updatedAt;

const writer = async (ports: Ports, userId: string, wanted: (job: Job) => boolean): Promise<Job | undefined> => {
  for (const type of writers) {
    for await (const hint of jobsOf(ports, userId, type)) {
      // The index is late and may not show all of a job; what works, or has just ended, is looked at itself.
      if (atRest(hint.status) && !wanted(hint)) continue;
      const job = await ports.jobs.find(hint.jobId);
      // A round trip writes into tables of its own.
      if (job && !job.roundTrip && wanted(job)) return job;
    }
  }
  return undefined;
};

/** What such a job does, or did, in words. */
export const writesInWords = ({ jobType, jobId, status }: Job): string => {
  if (jobType === 'clear') return `the profile ${atRest(status) ? 'was' : 'is being'} cleared (${jobId})`;
  return `a restore ${atRest(status) ? 'wrote' : 'writes'} into the profile (${jobId})`;
};
