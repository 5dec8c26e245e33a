/** What a user does with a whole profile: have it cleared, so that another can be restored into it. */

import type { Counts } from '../counts.ts';
import { atRest, type Job, type JobType, jobCan } from '../jobs.ts';
import { createJob, newJob } from '../new-job.ts';
import { jobsOf, newestJob } from '../pages.ts';
import type { Ports } from '../ports.ts';
import { rowTtl } from '../settle.ts';
import { profileCounts } from './counts.ts';
import { lacksOf } from './covered.ts';

export type CreatedClear =
  | { ok: true; job: Job; counts: Counts }
  | { ok: false; why: 'jobs-running'; running: Job }
  /** `lacks` says what the newest one that can be downloaded lacks, if there is one. */
  | { ok: false; why: 'no-backup'; lacks?: { backupId: string; message: string } };

/**
 * Begins to clear a profile: everything HouseF3 has of it that a package can hold, files with all their versions. Not while a job of
 * the user works, and not without a backup that can be downloaded and holds all that is there, unless the user wants it so. Asked for again while it
 * works, it is the same job.
 */
export const createClear = async (
  ports: Ports,
  { userId, withoutBackup }: { userId: string; withoutBackup: boolean },
): Promise<CreatedClear> => {
  const { counts } = await profileCounts(ports, userId);
  for (const type of types) {
    const running = await newestJob(ports, userId, type, ({ status }) => !atRest(status));
    if (running?.jobType === 'clear') return { ok: true, job: running, counts };
    if (running) return { ok: false, why: 'jobs-running', running };
  }
  if (!withoutBackup) {
    const backup = await coveringBackup(ports, userId, counts);
    if (!backup.ok) return { ok: false, why: 'no-backup', ...(backup.lacks && { lacks: backup.lacks }) };
  }
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

/** Looks for a backup that holds all that is there, the newest first; each was read back and found whole when it completed. */
const coveringBackup = async (
  ports: Ports,
  userId: string,
  counts: Counts,
): Promise<{ ok: true } | { ok: false; lacks?: { backupId: string; message: string } }> => {
  let newest: { backupId: string; message: string } | undefined;
  for await (const { jobId } of jobsOf(ports, userId, 'backup')) {
    const job = await ports.jobs.find(jobId);
    if (!job || !jobCan.download(job, ports.clock())) continue;
    const message = lacksOf(job, counts);
    if (message === undefined) return { ok: true };
    newest ??= { backupId: jobId, message };
  }
  return { ok: false, ...(newest && { lacks: newest }) };
};

export const sendClear = (ports: Ports, { jobId, attempt, userId }: Job): Promise<void> =>
  ports.queues.send('profile-clear', [{ jobId, attempt, pass: 1, done: 0 }], userId);
