/** What the end of a job measures. */
import { type EntityKind, entityKinds, hostile } from '@fzip/format';
import { type Job, shownStatus } from './jobs.ts';
import type { Measure } from './metrics.ts';
import type { Ports } from './ports.ts';

/** Measures a job that has just come to rest: only whoever moved it there does, so that each ending is measured once. */
export const measureEnding = (
  { measure }: Pick<Ports, 'measure'>,
  job: Job,
  before: Pick<Job, 'status' | 'currentPhase'>,
): void => {
  const status = shownStatus(job.status);
  if (job.jobType === 'backup') measureBackup(measure, job, before, status);
  else if (job.jobType === 'restore') measureRestore(measure, job, before, status);
  else if (job.status === 'validation_completed') measure('BackupIntegrityFailures', job.examined?.damaged ? 1 : 0, {});
};

type Before = Pick<Job, 'status' | 'currentPhase'>;

const measureBackup = (measure: Measure, job: Job, before: Before, status: string): void => {
  if (status !== 'completed' && status !== 'failed') return;
  const isCompleted = status === 'completed';
  measure('BackupSuccess', isCompleted ? 1 : 0, {});
  const { validation, summary, packageSize, error } = job;
  if (validation) {
    const { score, completeness_score } = validation;
    measure('BackupValidationScore', score, {});
    measure('BackupIntegrityFailures', isCompleted ? 0 : 1, {});
    measure('BackupCompletenessFailures', completeness_score < 100 ? 1 : 0, {});
  }
  if (!isCompleted) {
    measure('BackupProcessingErrors', 1, {
      type: error?.code ?? 'UNKNOWN',
      phase: job.intent?.phase ?? before.currentPhase ?? 'requested',
    });
    return;
  }
  measure('BackupDuration', lasted(job), {});
  measure('FZIPPackageSize', packageSize ?? 0, {});
  eachKind(summary?.counts, (kind, rows) => measure('BackupDataVolume', rows, { kind }));
  measure('BackupFileVolume', validation?.files_processed ?? 0, {});
};

/** No package has more codes than there are. */
const measureRefusal = (measure: Measure, { validationResults, userId }: Job): void => {
  measure('UserRefusals', 1, { user: userId });
  const types = Object.keys(validationResults?.errorsByCode ?? {});
  for (const type of types) measure('RestoreValidationFailures', 1, { type });
  if (types.some(isHostile)) measure('SecurityEvents', 1, { type: 'hostile_package' });
};

export const isHostile = (code: string): boolean => (hostile as ReadonlySet<string>).has(code);

const measureRestore = (measure: Measure, job: Job, before: Before, status: string): void => {
  if (before.status === 'restore_rolling_back') measure('RestoreRollbacks', 1, {});
  if (status === 'validation_failed') measureRefusal(measure, job);
  if (status !== 'completed' && status !== 'failed') return;
  measure('RestoreSuccess', status === 'completed' ? 1 : 0, {});
  if (status === 'failed') {
    const phase = job.intent?.phase ?? before.currentPhase ?? 'requested';
    measure('RestoreProcessingErrors', 1, { type: job.error?.code ?? 'UNKNOWN', phase });
    if (job.error?.code === 'ID_CONFLICT') {
      measure('SecurityEvents', 1, { type: 'taken_ids' });
      measure('UserRefusals', 1, { user: job.userId });
    }
    return;
  }
  measure('RestoreDuration', lasted(job), {});
  eachKind(job.results, (kind, rows) => measure('RestoreDataVolume', rows, { kind }));
};

const lasted = ({ completedAt, updatedAt, createdAt }: Job): number => (completedAt ?? updatedAt) - createdAt;

const eachKind = (
  counts: Readonly<Partial<Record<EntityKind, number>>> | undefined,
  tell: (kind: EntityKind, rows: number) => void,
): void => {
  for (const kind of entityKinds) {
    const rows = counts?.[kind] ?? 0;
    if (rows > 0) tell(kind, rows);
  }
};
