/** What a user does with a whole profile: have it cleared, so that another can be restored into it. */

import type { Counts } from '../counts.ts';
import { atRest, type Job, type JobType, jobCan } from '../jobs.ts';
import { createJob, newJob } from '../new-job.ts';
import { jobsOf } from '../pages.ts';
import type { Ports } from '../ports.ts';
import { rowTtl } from '../settle.ts';
import { profileCounts } from './counts.ts';

export type CreatedClear =
  | { ok: true; job: Job; counts: Counts }
  | { ok: false; why: 'jobs-running'; running: Job }
  | { ok: false; why: 'no-backup' };

/**
 * Begins to clear a profile: everything HouseF3 has of it that a package can hold, files with all their versions. Not while a job of
 * the user works, and not without a complete backup that can be downloaded, unless the user wants it so. Asked for again while it
 * works, it is the same job.
 */
export const createClear = async (
  ports: Ports,
  { userId, withoutBackup }: { userId: string; withoutBackup: boolean },
): Promise<CreatedClear> => {
  const { counts } = await profileCounts(ports, userId);
  for (const type of types) {
    const running = await newest(ports, userId, type, ({ status }) => !atRest(status));
    if (running?.jobType === 'clear') return { ok: true, job: running, counts };
    if (running) return { ok: false, why: 'jobs-running', running };
  }
  if (!withoutBackup && !(await lastCompleteBackup(ports, userId))) return { ok: false, why: 'no-backup' };
  const now = ports.clock();
  const made = newJob(ports, {
    jobId: ports.newId(),
    userId,
    jobType: 'clear',
    status: 'clear_processing',
    currentPhase: 'clearing',
    ttl: rowTtl(now),
    startedAt: now,
    expected: counts,
  });
  const { job } = await createJob(ports, made);
  await sendClear(ports, job);
  return { ok: true, job, counts };
};

/** The clearing first: whoever asks for it twice means it. */
const types: readonly JobType[] = ['clear', 'restore', 'backup', 'validation'];

/** The newest backup of everything that is there to be downloaded; each was read back and found whole when it completed. */
const lastCompleteBackup = (ports: Ports, userId: string): Promise<Job | undefined> =>
  newest(
    ports,
    userId,
    'backup',
    (job) => job.parameters?.backupType === 'complete' && jobCan.download(job, ports.clock()),
  );

const newest = async (
  ports: Ports,
  userId: string,
  type: JobType,
  wanted: (job: Job) => boolean,
): Promise<Job | undefined> => {
  for await (const hint of jobsOf(ports, userId, type)) {
    const job = wanted(hint) ? await ports.jobs.find(hint.jobId) : undefined;
    if (job && wanted(job)) return job;
  }
  return undefined;
};

export const sendClear = (ports: Ports, { jobId, attempt, userId }: Job): Promise<void> =>
  ports.queues.send('profile-clear', [{ jobId, attempt, pass: 1, done: 0 }], userId);
