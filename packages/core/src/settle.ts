/** Ending jobs, and finding out whether a message still has a job to work on. */
import { announceEnding } from './announce.ts';
import { advance, atRest, type Intent, type Job, type JobPatch, type JobStatus, type Quality } from './jobs.ts';
import { times } from './limits.ts';
import type { Work } from './messages.ts';
import { type Ports, StaleJob } from './ports.ts';

/** Another consumer holds the lease of this piece. Thrown, so that the message comes again when that consumer's time is over. */
export class Busy extends Error {
  constructor(what: string) {
    super(`${what} is being worked on by another consumer; it will be looked at again`);
    this.name = 'Busy';
  }
}

/** Why a message has nothing to do. All of these are answers: the message is acknowledged. */
export type Idle = 'unknown-job' | 'out-of-date' | 'at-rest' | 'stopping';

export type Standing = { ok: true; job: Job } | { ok: false; outcome: Idle };

/** Whether a message's job still wants the work; ends the job first if it is meant to end, and says what was left unsaid. */
export const standing = async (ports: Ports, work: Work): Promise<Standing> => {
  const job = await ports.jobs.find(work.jobId);
  if (!job) return { ok: false, outcome: 'unknown-job' };
  if (job.attempt !== work.attempt) return { ok: false, outcome: 'out-of-date' };
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

/** What became of an attempt to end a job. */
export type Settled = 'settled' | 'already-there' | 'out-of-order' | 'out-of-date' | 'stopping' | 'unknown-job';

/** Moves a job to a status at which it rests and announces it. Whatever intent came first decides the end. */
export const settle = async (ports: Ports, work: Work, to: JobStatus, patch: JobPatch = {}): Promise<Settled> => {
  for (;;) {
    const job = await ports.jobs.find(work.jobId);
    if (!job) return 'unknown-job';
    if (job.attempt !== work.attempt) return 'out-of-date';
    const move = advance(job, to, ports.clock());
    if (!move.ok) {
      await announceEnding(ports, job);
      return move.reason;
    }
    if (job.intent && endOf(job.intent) !== to) {
      await fulfil(ports, job, job.intent);
      return 'stopping';
    }
    const moved = await unlessStale(() =>
      ports.jobs.change(job, { ...move.patch, ttl: rowTtl(ports.clock()), ...patch }),
    );
    if (!moved) continue;
    ports.audit({ who: moved.userId, what: 'job.status', jobId: moved.jobId, outcome: to });
    await announceEnding(ports, moved);
    return 'settled';
  }
};

/** Sets, once, that a job is to end. False if it rests already or was told to end before. */
export const intend = async (ports: Ports, work: Work, intent: Omit<Intent, 'at'>): Promise<boolean> => {
  for (;;) {
    const job = await ports.jobs.find(work.jobId);
    if (!job || job.attempt !== work.attempt || atRest(job.status) || job.intent) return false;
    const changed = await unlessStale(() => ports.jobs.change(job, { intent: { ...intent, at: ports.clock() } }));
    if (changed) return true;
  }
};

/** Ends a backup as its intent says. Nothing has to be undone: what it staged is swept. */
export const fulfil = (ports: Ports, job: Job, intent: Intent): Promise<Settled> =>
  settle(ports, job, endOf(intent), { error: { code: intent.code, message: intent.message } });

const endOf = (intent: Intent): JobStatus => (intent.kind === 'cancel' ? 'backup_canceled' : 'backup_failed');

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
    error: { code, message },
    ...(details.length > 0 ? { errorDetails: details.slice(0, 100) } : {}),
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
