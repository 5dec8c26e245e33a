/** Ending jobs, and finding out whether a message still has a job to work on. */

import { shortText } from '@fzip/format';
import { announceEnding } from './announce.ts';
import {
  advance,
  atRest,
  type Intent,
  type Job,
  type JobPatch,
  type JobStatus,
  type Quality,
  type ValidationResults,
} from './jobs.ts';
import { times } from './limits.ts';
import { isHostile, measureEnding } from './measure-ending.ts';
import type { Work } from './messages.ts';
import { type Ports, StaleJob } from './ports.ts';
import { isEmpty, rowsBeyondDefaults } from './restore/empty.ts';

/** Another consumer holds the lease of this piece. The message is to come again when that consumer's time is over. */
export class Busy extends Error {
  /** ms until the lease ends, as far as is known. */
  readonly waitMs: number;
  constructor(what: string, waitMs: number) {
    super(`${what} is being worked on by another consumer; it will be looked at again`);
    this.name = 'Busy';
    this.waitMs = waitMs;
  }
}

/** Why a message has nothing to do. All of these are answers: the message is acknowledged. */
export type Idle = 'unknown-job' | 'out-of-date' | 'at-rest' | 'stopping' | 'other-world';

export type Standing = { ok: true; job: Job } | { ok: false; outcome: Idle };

/** Whether a message's job still wants the work; ends the job first if it is meant to end, and says what was left unsaid. */
export const standing = async (ports: Ports, work: Work): Promise<Standing> => {
  const job = await ports.jobs.find(work.jobId);
  if (!job) return { ok: false, outcome: 'unknown-job' };
  if (job.attempt !== work.attempt) return { ok: false, outcome: 'out-of-date' };
  if (!isAtHome(ports, job)) return { ok: false, outcome: 'other-world' };
  if (atRest(job.status)) {
    await announceEnding(ports, job);
    return { ok: false, outcome: 'at-rest' };
  }
  if (job.intent) {
    await fulfil(ports, job, job.intent);
    return { ok: false, outcome: 'stopping' };
  }
  return { ok: true, job };
};

/** Whether these ports are the job's world: what a round trip writes never reaches a profile, whatever a message says. */
export const isAtHome = ({ roundTrip }: Ports, job: Job): boolean =>
  roundTrip?.jobId === job.roundTrip?.jobId && roundTrip?.attempt === job.roundTrip?.attempt;

/** What became of an attempt to end a job. */
export type Settled = 'settled' | 'already-there' | 'out-of-order' | 'out-of-date' | 'stopping' | 'unknown-job';

/** Moves a job to a status at which it rests and announces it. Whatever intent came first decides the end. */
export const settle = async (
  ports: Ports,
  work: Work,
  to: JobStatus,
  patch: JobPatch | ((job: Job) => JobPatch) = {},
): Promise<Settled> => {
  for (;;) {
    const job = await ports.jobs.find(work.jobId);
    if (!job) return 'unknown-job';
    if (job.attempt !== work.attempt) return 'out-of-date';
    const move = advance(job, to, ports.clock());
    if (!move.ok) {
      await release(ports, job);
      await announceEnding(ports, job);
      return move.reason;
    }
    if (job.intent && endOf(job, job.intent) !== to) {
      await fulfil(ports, job, job.intent);
      return 'stopping';
    }
    const moved = await unlessStale(() =>
      ports.jobs.change(job, {
        ...move.patch,
        ttl: rowTtl(ports.clock()),
        ...(typeof patch === 'function' ? patch(job) : patch),
      }),
    );
    if (!moved) continue;
    ports.audit({ who: moved.userId, what: 'job.status', jobId: moved.jobId, outcome: to });
    measureEnding(ports, moved, job);
    auditSuspicion(ports, moved);
    await release(ports, moved);
    await announceEnding(ports, moved);
    return 'settled';
  }
};

/** Whoever looks for a pattern needs to know whose packages were refused for what no accident makes. */
const auditSuspicion = (ports: Ports, { userId, jobId, error, validationResults }: Job): void => {
  const codes = Object.keys(validationResults?.errorsByCode ?? {}).filter(isHostile);
  if (error?.code === 'ID_CONFLICT') codes.push(error.code);
  if (codes.length > 0) ports.audit({ who: userId, what: 'security', jobId, outcome: codes.join(' ') });
};

/** The types of jobs that take a profile for themselves. */
export const locksProfile = ({ jobType }: Pick<Job, 'jobType'>): boolean =>
  jobType === 'restore' || jobType === 'clear';

/** A restore or a clearing that rests gives its user's profile back. */
export const release = async (ports: Ports, job: Job): Promise<void> => {
  if (locksProfile(job) && atRest(job.status)) await ports.ledger.unlockProfile(job.userId, job.jobId);
};

/** Sets, once, that a job is to end. False if it rests already or was told to end before. */
export const intend = async (ports: Ports, work: Work, intent: Omit<Intent, 'at'>): Promise<boolean> => {
  for (;;) {
    const job = await ports.jobs.find(work.jobId);
    if (!job || job.attempt !== work.attempt || atRest(job.status) || job.intent) return false;
    const { currentPhase: phase } = job;
    const changed = await unlessStale(() =>
      ports.jobs.change(job, { intent: { ...intent, at: ports.clock(), ...(phase && { phase }) } }),
    );
    if (changed) return true;
  }
};

/**
 * Ends a job as its intent says. A backup has nothing to undo, what it staged is swept; a validation changes nothing. A restore that has begun to
 * write is rolled back first, and its rollback ends it.
 */
export const fulfil = async (ports: Ports, job: Job, intent: Intent): Promise<Settled> => {
  if (job.status === 'restore_processing' || job.status === 'restore_rolling_back') return rollBack(ports, job);
  return settle(ports, job, endOf(job, intent), { error: { code: intent.code, message: intent.message } });
};

/** Where an intent leads. */
export const endOf = (job: Pick<Job, 'jobType'>, { kind }: Intent): JobStatus => {
  if (job.jobType === 'restore') return kind === 'cancel' ? 'restore_canceled' : 'restore_failed';
  if (job.jobType === 'validation') return 'validation_failed';
  if (job.jobType === 'clear') return 'clear_failed';
  return kind === 'cancel' ? 'backup_canceled' : 'backup_failed';
};

/** Has a restore undone. Sending it again does no harm. */
const rollBack = async (ports: Ports, job: Job): Promise<Settled> => {
  const move = advance(job, 'restore_rolling_back', ports.clock());
  if (move.ok) {
    const moved = await unlessStale(() => ports.jobs.change(job, { ...move.patch, currentPhase: 'rolling_back' }));
    if (!moved) {
      const now = await ports.jobs.find(job.jobId);
      return now?.intent ? fulfil(ports, now, now.intent) : 'unknown-job';
    }
    ports.audit({ who: job.userId, what: 'job.status', jobId: job.jobId, outcome: 'restore_rolling_back' });
  }
  await ports.queues.send('restore-rollback', [{ jobId: job.jobId, attempt: job.attempt }], job.userId);
  return 'stopping';
};

/** A clearing that cannot go on. What it has deleted stays deleted, and it can be asked for again. */
export const failClear = (ports: Ports, work: Work, code: string, message: string): Promise<Settled> =>
  settle(ports, work, 'clear_failed', {
    intent: { kind: 'fail', code, message, at: ports.clock() },
    error: { code, message },
  });

/** A restore that cannot go on: its intent, and then whatever that demands of the status it is in. */
export const failRestore = async (ports: Ports, work: Work, code: string, message: string): Promise<Settled> => {
  await intend(ports, work, { kind: 'fail', code, message });
  const job = await ports.jobs.find(work.jobId);
  return job?.intent ? fulfil(ports, job, job.intent) : 'unknown-job';
};

/** The verdict that a package cannot be restored. Nothing was written. */
export const refuseRestore = async (
  ports: Ports,
  job: Job,
  { errors, errorCount, errorsByCode, warnings }: Refusal,
): Promise<Settled> => {
  const { counts } = await rowsBeyondDefaults(ports, job.userId);
  return settle(ports, job, 'restore_validation_failed', {
    error: {
      code: 'VALIDATION_FAILED',
      message: shortText(`the package cannot be restored: ${errors[0] ?? 'no reason was kept'}`, 400),
    },
    errorDetails: errors.slice(0, kept),
    validationResults: {
      profileEmpty: isEmpty(counts),
      schemaValid: false,
      ready: false,
      errors: errors.slice(0, kept),
      errorCount,
      errorsByCode,
      warnings: warnings.slice(0, kept),
    },
  });
};

/** The first errors in words; all of them counted. */
type Refusal = Pick<ValidationResults, 'errors' | 'errorCount' | 'errorsByCode' | 'warnings'>;

/** How many findings a job's row keeps. */
const kept = 100;

/** A failing verdict ends the backup in one write: its intent, its cause and what was found. */
export const failBackup = async (
  ports: Ports,
  work: Work,
  code: string,
  message: string,
  details: readonly string[] = [],
  validation?: Quality,
): Promise<Settled> =>
  settle(ports, work, 'backup_failed', {
    intent: { kind: 'fail', code, message, at: ports.clock() },
    error: { code, message: shortText(message, 400) },
    ...(details.length > 0 ? { errorDetails: details.slice(0, kept).map((one) => shortText(one)) } : {}),
    ...(validation ? { validation } : {}),
  });

const unlessStale = async (change: () => Promise<Job>): Promise<Job | undefined> => {
  try {
    return await change();
  } catch (error) {
    if (error instanceof StaleJob) return undefined;
    throw error;
  }
};

/** DynamoDB deletes by seconds, long after the objects are gone. */
export const rowTtl = (now: number): number => Math.floor((now + times.backupKeptAtMost + times.rowKept) / 1000);
