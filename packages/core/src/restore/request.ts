/** What a user does with a restore: ask for it, upload, confirm, cancel, delete. */

import type { z } from 'zod';
import { announceEnding } from '../announce.ts';
import { removeAll } from '../backup/lifecycle.ts';
import { buryJob, idOfKey } from '../backup/request.ts';
import type { Counts } from '../counts.ts';
import { atRest, type Job, type JobPatch, jobCan, RestoreParameters, restoreParameters } from '../jobs.ts';
import { times } from '../limits.ts';
import { createJob, newJob } from '../new-job.ts';
import type { Ports } from '../ports.ts';
import { fulfil, intend, rowTtl } from '../settle.ts';
import { stagingPrefix } from '../staging.ts';
import { begin } from './begin.ts';
import { isEmpty, rowsBeyondDefaults } from './empty.ts';
import { sendUnpack } from './start.ts';
import { uploadKey, uploadKeys, uploadPrefix } from './uploads.ts';

export type CreatedRestore = { ok: true; job: Job; created: boolean } | { ok: false; counts: Counts; exact: boolean };

/** Creates a restore that waits for its package. Not for a profile that holds anything, unless nothing is to be written. */
export const createRestore = async (
  ports: Ports,
  request: { userId: string; parameters: z.input<typeof RestoreParameters>; idempotencyKey?: string },
): Promise<CreatedRestore> => {
  const { userId, idempotencyKey } = request;
  const parameters = RestoreParameters.parse(request.parameters);
  const jobId = idempotencyKey === undefined ? ports.newId() : await keyedId(ports, userId, idempotencyKey);
  const before = idempotencyKey === undefined ? undefined : await ports.jobs.find(jobId);
  if (before) return { ok: true, job: before, created: false };
  const found = await profileInTheWay(ports, userId, parameters);
  if (found) return { ok: false, ...found };
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

const keyedId = (ports: Ports, userId: string, key: string) => idOfKey(ports, 'restore', userId, key);

/** The restore that a user's idempotency key stands for already. */
export const restoreOfKey = async (ports: Ports, userId: string, key: string): Promise<Job | undefined> =>
  ports.jobs.find(await keyedId(ports, userId, key));

type Held = { counts: Counts; exact: boolean };

/** What a profile holds, if that keeps it from being restored into. */
const profileInTheWay = async (
  ports: Ports,
  userId: string,
  { validateOnly }: RestoreParameters,
): Promise<Held | undefined> => {
  if (validateOnly) return undefined;
  const found = await rowsBeyondDefaults(ports, userId);
  return isEmpty(found.counts) ? undefined : found;
};

/** Why a restore is not run again; `job` is as it stands now. */
export type Retried =
  | { ok: true; job: Job }
  | { ok: false; why: 'not-failed' | 'package-gone'; job: Job }
  | ({ ok: false; why: 'not-empty' } & Held);

/** Runs a restore again that failed, as a new attempt, with the package that was uploaded for it. */
export const retryRestore = async (ports: Ports, job: Job): Promise<Retried> => {
  if (!jobCan.retry(job)) return { ok: false, why: 'not-failed', job };
  for (const { key, etag } of job.uploads ?? []) {
    if ((await ports.packages.head(key))?.etag !== etag) return { ok: false, why: 'package-gone', job };
  }
  const found = await profileInTheWay(ports, job.userId, restoreParameters(job));
  if (found) return { ok: false, why: 'not-empty', ...found };
  // Of an attempt that is over nobody tells any more: what a crash left unsaid is said before the next one begins.
  await announceEnding(ports, job);
  const begun = await ports.jobs.change(job, { ...nothingDone, attempt: job.attempt + 1, updatedAt: ports.clock() });
  ports.audit({ who: job.userId, what: 'restore.retry', jobId: job.jobId, outcome: `attempt ${begun.attempt}` });
  // A crash before this is mended by the sweep, which finds the job silent.
  await sendUnpack(ports, begun);
  return { ok: true, job: begun };
};

/** An attempt at its beginning: whatever the one before found or did is forgotten. */
const nothingDone = {
  status: 'restore_validating',
  currentPhase: 'parsing_package',
  progress: 0,
  redrives: 0,
  intent: undefined,
  writing: undefined,
  error: undefined,
  errorDetails: undefined,
  validationResults: undefined,
  packageCounts: undefined,
  packageSummary: undefined,
  results: undefined,
  completedAt: undefined,
} as const satisfies JobPatch;

/** Forms by which a browser uploads the volumes: each for its key, this type, this size at most, for 15 minutes. */
export const uploadForms = (ports: Ports, job: Job): Promise<{ url: string; fields: Record<string, string> }[]> =>
  Promise.all(
    uploadKeys(job).map((key) =>
      ports.packages.presignPost(key, {
        expiresInSeconds: times.presigned / 1_000,
        largestBytes: ports.limits.largestFileBytes,
        contentType: 'application/zip',
      }),
    ),
  );

/** "I have uploaded": helps when the storage's own notification is late. Starts nothing twice. */
export const uploaded = async (ports: Ports, job: Job): Promise<void> => {
  if (!jobCan.upload(job)) return;
  await ports.queues.send('restore-start', [{ key: uploadKey(job, 1) }], job.userId);
};

export type Confirmed = { ok: true } | { ok: false; why: 'not-waiting' } | ({ ok: false; why: 'not-empty' } & Held);

/** Goes on with a restore that waits for its user's word. It waits on if the profile holds anything. */
export const confirmRestore = async (ports: Ports, job: Job): Promise<Confirmed> => {
  if (!jobCan.confirm(job)) return { ok: false, why: 'not-waiting' };
  const found = await profileInTheWay(ports, job.userId, restoreParameters(job));
  if (found) return { ok: false, why: 'not-empty', ...found };
  await begin(ports, job);
  // A cancel at the same time may have come first.
  const now = await ports.jobs.find(job.jobId);
  return now?.intent?.kind === 'cancel' ? { ok: false, why: 'not-waiting' } : { ok: true };
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
  // Of a job that is gone nobody would know that it rests.
  await ports.ledger.unlockProfile(job.userId, job.jobId);
  await ports.jobs.delete(job.jobId);
  ports.audit({ who: job.userId, what: 'restore.delete', jobId: job.jobId, outcome: 'deleted' });
  return true;
};
