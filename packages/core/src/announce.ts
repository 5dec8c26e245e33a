/** Telling what happened to a job, so that nothing is told twice by intent and nothing is left untold by a crash. Rule 5 of DESIGN.md section 3. */
import { eventOf, type FzipEvent } from './events.ts';
import { derivedId } from './ids.ts';
import { backupParameters, type Job, type JobStatus } from './jobs.ts';
import type { Ports } from './ports.ts';

/** The id under which a job's first message is kept as sent. */
export const requestSent = (job: Pick<Job, 'jobId' | 'attempt'>): string =>
  derivedId(`${job.jobId}:${job.attempt}:request`);

const backup = (job: Job) => ({ backupId: job.jobId, backupType: backupParameters(job).backupType });
const restore = (job: Job) => ({ restoreId: job.jobId });
const at = (job: Job): number => job.completedAt ?? job.updatedAt;
const cause = (job: Job) => ({
  error: job.error?.code ?? 'UNKNOWN',
  message: job.error?.message ?? 'no cause was kept',
});

/** What a status has to say, made from the job's row alone, so that whoever finds it unsaid can say it. */
const endings: { [status in JobStatus]?: (job: Job) => FzipEvent } = {
  backup_completed: (job) => {
    if (!job.validation || !job.summary) throw new Error(`job ${job.jobId} is completed without a validation`);
    return eventOf(
      'backup.completed',
      job,
      {
        ...backup(job),
        packageSize: job.packageSize ?? 0,
        volumes: job.packages?.length ?? 0,
        counts: job.summary.counts,
        validation: job.validation,
        expiresAt: job.expiresAt ?? 0,
      },
      job.completedAt ?? job.updatedAt,
    );
  },
  backup_failed: (job) =>
    eventOf('backup.failed', job, { ...backup(job), ...cause(job) }, job.completedAt ?? job.updatedAt),
  backup_canceled: (job) =>
    eventOf('backup.canceled', job, { ...backup(job), ...cause(job) }, job.completedAt ?? job.updatedAt),
  backup_expired: (job) => eventOf('backup.expired', job, backup(job), job.updatedAt),
  restore_validation_passed: (job) => eventOf('restore.validated', job, restore(job), at(job)),
  restore_validation_failed: (job) =>
    eventOf('restore.validation_failed', job, { ...restore(job), ...cause(job) }, at(job)),
  restore_awaiting_confirmation: (job) => eventOf('restore.awaiting_confirmation', job, restore(job), at(job)),
  restore_completed: (job) => {
    if (!job.results) throw new Error(`job ${job.jobId} is completed without results`);
    return eventOf('restore.completed', job, { ...restore(job), counts: job.results }, at(job));
  },
  clear_completed: (job) => {
    if (!job.results) throw new Error(`job ${job.jobId} is completed without results`);
    return eventOf('profile.cleared', job, { counts: job.results }, at(job));
  },
  restore_failed: (job) => eventOf('restore.failed', job, { ...restore(job), ...cause(job) }, at(job)),
  restore_canceled: (job) => eventOf('restore.canceled', job, { ...restore(job), ...cause(job) }, at(job)),
};

const publishOnce = async (ports: Ports, job: Job, event: FzipEvent): Promise<void> => {
  if (job.announced.includes(event.id)) return;
  await ports.events.publish(event, job.jobType);
  await ports.jobs.announce(job.jobId, [event.id]);
};

export const announceStart = (ports: Ports, job: Job): Promise<void> =>
  publishOnce(
    ports,
    job,
    job.jobType === 'restore'
      ? eventOf('restore.initiated', job, restore(job), job.createdAt)
      : eventOf('backup.initiated', job, backup(job), job.createdAt),
  );

/** Tells once for each end that is set: a backup that is kept longer is told of anew. */
export const announceExpiring = (ports: Ports, job: Job, expiresAt: number): Promise<void> =>
  publishOnce(ports, job, eventOf('backup.expiring', job, { ...backup(job), expiresAt }, ports.clock(), expiresAt));

/** What a job's status has to tell: its end, or that it waits for its user. Undefined for a job that works. */
export const endingOf = (job: Job): FzipEvent | undefined => endings[job.status]?.(job);

/**
 * Publishes how a job at rest ended, unless that was done. Without effect for a job that still works. A crash may have left its
 * beginning untold, and then nobody else tells it any more.
 */
export const announceEnding = async (ports: Ports, job: Job): Promise<void> => {
  const ending = endingOf(job);
  if (!ending) return;
  const tellsOfBeginning = job.jobType === 'backup' || job.jobType === 'restore';
  if (tellsOfBeginning && job.startedAt !== undefined) await announceStart(ports, job);
  await publishOnce(ports, job, ending);
};

/** The id under which it is kept that the sweep has looked after a job's lock. */
export const lockReleased = (job: Pick<Job, 'jobId' | 'attempt'>): string =>
  derivedId(`${job.jobId}:${job.attempt}:released`);
