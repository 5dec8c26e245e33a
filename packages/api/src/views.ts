/** Jobs as the API shows them: never the user, never an object key, never a link that was kept. */
import {
  backupParameters,
  type Estimate,
  isDamaged,
  type Job,
  jobCan,
  qualityNow,
  type StoredVolume,
  shownStatus,
} from '@fzip/core';
import type { ErrorCode } from './errors.ts';
import { type BackupListItem, type BackupStatus, type BackupVolume, ShownBackupStatus } from './schemas.ts';

/** A field if it has a value: `{}` or `{name: value}`. */
export const given = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };

/** A backup whose time is over shows as expired, even while the sweep has not come by. */
export const shownBackupStatus = (job: Job, now: number): ShownBackupStatus =>
  jobCan.expire(job, now) ? 'expired' : ShownBackupStatus.parse(shownStatus(job.status));

/** Why a backup of a status cannot be downloaded. */
export const downloadRefusals: Readonly<Record<ShownBackupStatus, ErrorCode | undefined>> = {
  initiated: 'NOT_READY',
  processing: 'NOT_READY',
  completed: undefined,
  failed: 'BACKUP_FAILED',
  canceled: 'BACKUP_FAILED',
  expired: 'EXPIRED',
};

const provenAt = (job: Job): number | undefined => {
  const proof = job.examinations?.round_trip;
  return proof?.ok && !isDamaged(job) ? proof.at : undefined;
};

export const listItem = (job: Job, now: number): BackupListItem => ({
  backupId: job.jobId,
  status: shownBackupStatus(job, now),
  backupType: backupParameters(job).backupType,
  requestedAt: job.createdAt,
  // A verdict moves the status; what was tallied before it may have been rounded down.
  progress: job.status === 'backup_completed' ? 100 : job.progress,
  ...given('completedAt', job.completedAt),
  ...given('expiresAt', job.expiresAt),
  ...given('packageSize', job.packageSize),
  ...given('quality', qualityNow(job)?.overall_quality),
  ...given('provenAt', provenAt(job)),
  ...(isDamaged(job) ? { damaged: true as const } : {}),
  ...given('description', job.amended?.description ?? backupParameters(job).description),
});

export const errorOf = (job: Job) => job.error && { ...job.error, ...given('details', job.errorDetails) };

const volumeView =
  (links: readonly string[]) =>
  ({ size, sha256 }: StoredVolume, index: number): BackupVolume => ({
    number: index + 1,
    size,
    sha256,
    ...given('downloadUrl', links[index]),
  });

/** `links`: one per volume, or none while the backup may not be downloaded. `estimate`: while it is being made. */
type Now = { now: number; links: readonly string[]; estimate: Estimate | undefined };

export const statusView = (job: Job, { now, links, estimate }: Now): BackupStatus => ({
  ...listItem(job, now),
  updatedAt: job.updatedAt,
  ...given('startedAt', job.startedAt),
  ...given('currentPhase', job.currentPhase),
  ...given('estimatedSize', estimate?.bytes),
  ...given('estimatedCompletion', estimate?.completionAt),
  ...given('downloadUrl', links[0]),
  ...given('validation', qualityNow(job)),
  ...given('validations', job.examinations),
  ...given('manifest_checksums', job.summary?.manifestChecksums),
  ...given('counts', job.summary?.counts),
  volumes: (job.packages ?? []).map(volumeView(links)),
  failedFiles: job.summary?.failedFiles ?? [],
  failedFilesCount: job.summary?.failedFilesCount ?? 0,
  notIncluded: job.summary?.notIncluded ?? [],
  ...given('error', errorOf(job)),
});
