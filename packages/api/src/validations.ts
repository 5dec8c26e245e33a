/** What each route of validations does, once the request is parsed and the user known. */
import {
  backupParameters,
  createExamination,
  differencesOf,
  type Examination,
  examinationOfKey,
  type Job,
  jobCan,
  type Limits,
  mostVolumes,
  shownStatus,
  tooManyJobs,
} from '@fzip/core';
import type { z } from '@hono/zod-openapi';
import type { ApiContext } from './context.ts';
import { ApiError } from './errors.ts';
import { keyReused, ownJob } from './own-job.ts';
import { refuseTooOften } from './rate.ts';
import {
  ShownValidationStatus,
  type ValidateBackupRequest,
  type ValidateBackupResponse,
  type ValidationStatus,
} from './validation-schemas.ts';
import { downloadRefusals, errorOf, given, shownBackupStatus } from './views.ts';

type Creation = { body: z.output<typeof ValidateBackupRequest>; idempotencyKey: string | undefined };

/** @throws ApiError NOT_FOUND, NOT_READY, BACKUP_FAILED, TOO_LARGE, UNSUPPORTED_FORMAT, EXPIRED, TOO_MANY_JOBS, IDEMPOTENCY_KEY_REUSED */
export const create = async (
  c: ApiContext,
  backupId: string,
  { body: { mode }, idempotencyKey }: Creation,
): Promise<ValidateBackupResponse> => {
  const [ports, user] = [c.get('ports'), c.get('user')];
  const backup = await ownJob(c, backupId, 'backup');
  const asked: Examination = { backupId: backup.jobId, mode };
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const before = idempotencyKey === undefined ? undefined : await examinationOfKey(ports, user, idempotencyKey);
  if (!before) {
    await refuseTooOften(c);
    refuseUnlessThere(backup, ports.clock());
    if (mode !== 'deep') refuseOtherFormat(backup, mode);
    if (mode === 'round_trip') refuseIfTooLarge(backup, ports.limits);
    const over = await tooManyJobs(ports, user);
    if (over?.code === 'TOO_MANY_JOBS') {
      const message = `you have ${over.running} jobs running; allowed are ${over.allowed} at a time`;
      throw new ApiError(over.code, message);
    }
  }
  const { job } = await createExamination(ports, { userId: user, ...asked, ...key });
  const { examination } = job;
  if (job.userId !== user || examination?.backupId !== asked.backupId || examination.mode !== mode) throw keyReused();
  c.set('jobId', job.jobId);
  return view(job, asked);
};

const refuseUnlessThere = (backup: Job, now: number): void => {
  if (jobCan.examine(backup, now)) return;
  const shown = shownBackupStatus(backup, now);
  throw new ApiError(
    downloadRefusals[shown] ?? 'NOT_READY',
    `the backup is ${shown}; only a completed one can be validated`,
  );
};

/** What that format has no word for would look like a loss. */
const refuseOtherFormat = (backup: Job, mode: string): void => {
  const { packageFormat = 'fzip' } = backupParameters(backup);
  if (packageFormat === 'fzip') return;
  throw new ApiError('UNSUPPORTED_FORMAT', `the backup's packageFormat is ${packageFormat}; ${mode} takes fzip`);
};

const refuseIfTooLarge = ({ summary, packages = [] }: Job, { roundTripRows }: Limits): void => {
  const rows = Object.values(summary?.counts ?? {}).reduce((sum, count) => sum + count, 0);
  if (rows > roundTripRows) {
    throw new ApiError('TOO_LARGE', `the backup has ${rows} rows; round_trip restores ${roundTripRows} at most`);
  }
  if (packages.length > mostVolumes) {
    throw new ApiError(
      'TOO_LARGE',
      `the backup has ${packages.length} volumes; round_trip restores ${mostVolumes} at most`,
    );
  }
};

/** @throws ApiError NOT_FOUND, also for a validation of another backup */
export const status = async (c: ApiContext, backupId: string, validationId: string): Promise<ValidationStatus> => {
  const job = await ownJob(c, validationId, 'validation');
  if (job.examination?.backupId !== backupId) throw new ApiError('NOT_FOUND');
  return {
    ...view(job, job.examination),
    progress: job.status === 'validation_completed' ? 100 : job.progress,
    requestedAt: job.createdAt,
    updatedAt: job.updatedAt,
    ...given('completedAt', job.completedAt),
    ...given('result', await resultOf(c, job)),
    ...given('error', errorOf(job)),
  };
};

const view = (job: Job, { backupId, mode }: Examination): ValidateBackupResponse => ({
  validationId: job.jobId,
  backupId,
  mode,
  status: ShownValidationStatus.parse(shownStatus(job.status)),
});

const resultOf = async (c: ApiContext, job: Job): Promise<ValidationStatus['result']> => {
  const { examined } = job;
  if (!examined) return undefined;
  const { ok, damaged, issues, issueCount, warnings, counts, files } = examined;
  const found = { ok, damaged, issues, issueCount, warnings, counts, files, ...given('bytes', examined.bytes) };
  if (!examined.differences) return found;
  return {
    ...found,
    differences: await differencesOf(c.get('ports'), job),
    differencesByKind: examined.differences,
    ...given('differencesCount', examined.differencesCount),
  };
};
