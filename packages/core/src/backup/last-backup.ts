/** The backup that one is held against: the last of the same user that took the same. */
import { backupParameters, type Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { withAnalytics } from './types.ts';

/** What it came to. */
export type LastBackup = { jobId: string; packageSize: number; compressionRatio: number };

/** Newer backups that are looked at; most users make the same one again and again. */
const lookedAt = 100;

/** The last completed backup of the same type and filters, be it expired by now; undefined if there is none among the newest. */
export const lastBackup = async (ports: Ports, job: Job): Promise<LastBackup | undefined> => {
  if (job.roundTrip) return undefined;
  const { jobs } = await ports.jobs.list(job.userId, 'backup', { limit: lookedAt });
  const asked = askedOf(job);
  const last = jobs.find(
    (one) =>
      one.jobId !== job.jobId &&
      one.createdAt <= job.createdAt &&
      one.validation &&
      one.packages &&
      askedOf(one) === asked,
  );
  if (!last?.validation) return undefined;
  const { jobId, packageSize = 0, validation } = last;
  return { jobId, packageSize, compressionRatio: validation.compression_ratio };
};

/** What was asked for, apart from how long it is kept and what it is called. */
const askedOf = (job: Job): string => {
  const parameters = backupParameters(job);
  const { backupType, accountIds, categoryIds, dateRangeStart, dateRangeEnd, packageFormat = 'fzip' } = parameters;
  const sorted = (ids: readonly string[] | undefined) => ids && [...ids].sort();
  return JSON.stringify([
    backupType,
    withAnalytics(parameters),
    sorted(accountIds),
    sorted(categoryIds),
    dateRangeStart,
    dateRangeEnd,
    packageFormat,
  ]);
};
