/** What a user does with a restore: ask for it, upload, confirm, cancel, delete. */
import { removeAll } from '../backup/lifecycle.ts';
import { buryJob, idOfKey } from '../backup/request.ts';
import type { Counts } from '../counts.ts';
import { atRest, type Job, jobCan, type RestoreParameters } from '../jobs.ts';
import { times } from '../limits.ts';
import { createJob, newJob } from '../new-job.ts';
import type { Ports } from '../ports.ts';
import { fulfil, intend, rowTtl } from '../settle.ts';
import { stagingPrefix } from '../staging.ts';
import { begin } from './begin.ts';
import { isEmpty, rowsBeyondDefaults } from './empty.ts';

export const uploadPrefix = (job: Pick<Job, 'userId' | 'jobId'>): string => `uploads/${job.userId}/${job.jobId}/`;

/** Where a volume of a restore's package is uploaded to. */
export const uploadKey = (job: Pick<Job, 'userId' | 'jobId'>, volume: number): string =>
  `${uploadPrefix(job)}${volume}.fzip`;

/** How long counting may take while somebody waits. */
const countingMs = 2_000;

export type CreatedRestore = { ok: true; job: Job; created: boolean } | { ok: false; counts: Counts; exact: boolean };

/** Creates a restore that waits for its package. Not for a profile that holds anything, unless nothing is to be written. */
export const createRestore = async (
  ports: Ports,
  request: { userId: string; parameters: RestoreParameters; idempotencyKey?: string },
): Promise<CreatedRestore> => {
  const { userId, parameters, idempotencyKey } = request;
  const jobId = idempotencyKey === undefined ? ports.newId() : await idOfKey(ports, 'restore', userId, idempotencyKey);
  const before = idempotencyKey === undefined ? undefined : await ports.jobs.find(jobId);
  if (before) return { ok: true, job: before, created: false };
  if (!parameters.validateOnly) {
    const found = await rowsBeyondDefaults(ports, userId, countingMs);
    if (!isEmpty(found.counts)) return { ok: false, ...found };
  }
  const made = newJob(ports, {
    jobId,
    userId,
    jobType: 'restore',
    status: 'restore_uploaded',
    ttl: rowTtl(ports.clock()),
    restore: parameters,
  });
  const { job, created } = await createJob(ports, made);
  return { ok: true, job, created };
};

/** A form by which a browser uploads the package: this key, this type, this size at most, for 15 minutes. */
export const uploadForm = (ports: Ports, job: Job): Promise<{ url: string; fields: Record<string, string> }> =>
  ports.packages.presignPost(uploadKey(job, 1), {
    expiresInSeconds: times.presigned / 1_000,
    largestBytes: ports.limits.largestFileBytes,
    contentType: 'application/zip',
  });

/** "I have uploaded": helps when the storage's own notification is late. Starts nothing twice. */
export const uploaded = async (ports: Ports, job: Job): Promise<void> => {
  if (!jobCan.upload(job)) return;
  await ports.queues.send('restore-start', [{ key: uploadKey(job, 1) }], job.userId);
};

/** Goes on with a restore that waits for its user's word. False if it does not wait. */
export const confirmRestore = async (ports: Ports, job: Job): Promise<boolean> => {
  if (!jobCan.confirm(job)) return false;
  await begin(ports, job);
  return true;
};

/** Stops a restore: at once before the first write, by a rollback after it. False if it rests or was told to end before. */
export const cancelRestore = async (ports: Ports, job: Job): Promise<boolean> => {
  const intent = { kind: 'cancel', code: 'CANCELED', message: 'canceled by the user' } as const;
  if (!(await intend(ports, job, intent))) return false;
  const intended = await ports.jobs.find(job.jobId);
  if (intended?.intent) await fulfil(ports, intended, intended.intent);
  return true;
};

/** Removes a restore that rests, with what was uploaded for it. One that only waits is canceled first. False while it works. */
export const deleteRestore = async (ports: Ports, job: Job): Promise<boolean> => {
  if (jobCan.upload(job) || jobCan.confirm(job)) await cancelRestore(ports, job);
  const now = await ports.jobs.find(job.jobId);
  if (now && !atRest(now.status)) return false;
  await buryJob(ports, job.jobId);
  await removeAll(ports.packages, uploadPrefix(job));
  await removeAll(ports.packages, stagingPrefix(job.jobId));
  await ports.jobs.delete(job.jobId);
  ports.audit({ who: job.userId, what: 'restore.delete', jobId: job.jobId, outcome: 'deleted' });
  return true;
};
