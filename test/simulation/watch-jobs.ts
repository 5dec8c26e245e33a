/** Looks at every change of a job as it happens: no status moves that may not, progress never falls, what is set once stays. */
import { isDeepStrictEqual } from 'node:util';
import { type Job, type JobStatus, mayFollow } from '@fzip/core';
import type { MemoryJobStore } from '@fzip/testing';
import { violated, type World } from './world.ts';

/** The statuses that jobs begin with. */
const first: ReadonlySet<JobStatus> = new Set<JobStatus>([
  'backup_initiated',
  'restore_uploaded',
  'clear_processing',
  'validation_processing',
]);

/** Statuses that a job which was told to end never comes to. */
const good: ReadonlySet<JobStatus> = new Set<JobStatus>([
  'backup_completed',
  'restore_completed',
  'restore_validation_passed',
  'clear_completed',
]);

export const watchedJobs = (world: World): MemoryJobStore => {
  const { jobs } = world.memory;
  const deleted = new Set<string>();
  const looked =
    <P extends unknown[], R>(id: (...parameters: P) => string, change: (...parameters: P) => Promise<R>) =>
    async (...parameters: P): Promise<R> => {
      const before = await jobs.find(id(...parameters));
      const result = await change(...parameters);
      const after = await jobs.find(id(...parameters));
      if (before && after) compare(world, before, after);
      if (after) world.seen.set(after.jobId, after);
      return result;
    };
  return {
    ...jobs,
    create: async (job) => {
      const created = await jobs.create(job);
      if (created && deleted.has(job.jobId)) violated(world, `job ${job.jobId} was deleted and came back`);
      if (created && !first.has(job.status)) violated(world, `job ${job.jobId} began as ${job.status}`);
      if (created) world.seen.set(job.jobId, job);
      return created;
    },
    change: looked(({ jobId }) => jobId, jobs.change),
    report: looked((jobId) => jobId, jobs.report),
    announce: looked((jobId) => jobId, jobs.announce),
    delete: async (jobId) => {
      deleted.add(jobId);
      await jobs.delete(jobId);
    },
  };
};

const compare = (world: World, before: Job, after: Job): void => {
  const say = (what: string) => violated(world, `job ${before.jobId}: ${what}`);
  const isRetry = after.attempt === before.attempt + 1;
  if (after.status !== before.status && !mayFollow(before.status, after.status))
    say(`moved from ${before.status} to ${after.status}`);
  if (after.attempt !== before.attempt && !(isRetry && after.status === 'restore_validating'))
    say(`attempt ${after.attempt} followed ${before.attempt}, ${after.status}`);
  if (isRetry) return;
  if (after.progress < before.progress) say(`its progress fell from ${before.progress} to ${after.progress}`);
  if (before.intent && !isDeepStrictEqual(before.intent, after.intent)) say('its intent was changed');
  if (before.intent && after.status !== before.status && good.has(after.status))
    say(`was to end (${before.intent.code}) and is ${after.status}`);
  if (before.writing && !isDeepStrictEqual(before.writing, after.writing)) say('its way of writing was changed');
  if (before.pieces && !isDeepStrictEqual(before.pieces, after.pieces)) say('its pieces were cut anew');
  const lost = before.announced.filter((id) => !after.announced.includes(id));
  if (lost.length > 0) say('what was announced was forgotten');
};
