/** Jobs that write into a profile: what is backed up meanwhile would be a part. */
import { atRest, type Job, type JobStatus, type JobType } from '../jobs.ts';
import { newestJob } from '../pages.ts';
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
    // A round trip writes into tables of its own.
    const found = await newestJob(ports, userId, type, (job) => !job.roundTrip && wanted(job));
    if (found) return found;
  }
  return undefined;
};

/** What such a job does, or did, in words. */
export const writesInWords = ({ jobType, jobId, status }: Job): string => {
  if (jobType === 'clear') return `the profile ${atRest(status) ? 'was' : 'is being'} cleared (${jobId})`;
  return `a restore ${atRest(status) ? 'wrote' : 'writes'} into the profile (${jobId})`;
};
