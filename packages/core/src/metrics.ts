/** What is measured, by name: the one table that code, dashboard and alarms go by. */
import { type EntityKind, entityKinds, hostile } from '@fzip/format';
import { type Job, shownStatus } from './jobs.ts';
import type { Ports } from './ports.ts';

/** The namespace that the dashboards and alarms read. */
export const metricNamespace = 'HouseF3/FZIP';

/** As CloudWatch names them. */
export type MetricRules = {
  unit: 'Count' | 'Milliseconds' | 'Bytes' | 'None';
  /** Besides the service, which is the function that measured. */
  dimensions: readonly string[];
  /** When it is measured, and what it tells. */
  about: string;
};

export const metrics = {
  BackupSuccess: {
    unit: 'Count',
    dimensions: [],
    about: '1 when a backup completes, 0 when it fails; its mean is the success rate. A canceled backup is neither.',
  },
  BackupDuration: {
    unit: 'Milliseconds',
    dimensions: [],
    about: 'From the request to the verdict, of a completed backup.',
  },
  FZIPPackageSize: { unit: 'Bytes', dimensions: [], about: 'Of all volumes of a completed backup.' },
  BackupDataVolume: { unit: 'Count', dimensions: ['kind'], about: 'Rows of each kind that a completed backup holds.' },
  BackupFileVolume: { unit: 'Count', dimensions: [], about: 'Files whose bytes a completed backup holds.' },
  BackupValidationScore: {
    unit: 'None',
    dimensions: [],
    about: 'The score, 0 to 100, of every backup that was validated.',
  },
  BackupIntegrityFailures: {
    unit: 'Count',
    dimensions: [],
    about:
      '1 when a validation finds a package damaged, 0 when it finds it whole: at the end of a backup, and on demand.',
  },
  BackupCompletenessFailures: {
    unit: 'Count',
    dimensions: [],
    about:
      '1 when a validated backup lacks a row, or the bytes of a file, or rows moved while it was made; 0 when not.',
  },
  BackupProcessingErrors: {
    unit: 'Count',
    dimensions: ['type', 'phase'],
    about: 'A failed backup, by the code of its error and the phase in which it failed.',
  },
  RestoreSuccess: {
    unit: 'Count',
    dimensions: [],
    about: '1 when a restore completes, 0 when it fails. One that was canceled or refused is neither.',
  },
  RestoreDuration: {
    unit: 'Milliseconds',
    dimensions: [],
    about: 'From the request to the end, of a completed restore.',
  },
  RestoreDataVolume: {
    unit: 'Count',
    dimensions: ['kind'],
    about: 'Rows of each kind that a completed restore wrote.',
  },
  RestoreValidationFailures: {
    unit: 'Count',
    dimensions: ['type'],
    about: 'A package that cannot be restored was refused: 1 for each code of its errors.',
  },
  SecurityEvents: {
    unit: 'Count',
    dimensions: ['type'],
    about:
      "A refused package that no accident makes (`hostile_package`), one that was to keep ids which are taken (`taken_ids`), or a request for a job that is another user's (`foreign_job`). An audit line names the user.",
  },
  UserRefusals: {
    unit: 'Count',
    dimensions: ['user'],
    about:
      'Of one user: a package was refused, was to keep ids which are taken, or a job of somebody else was asked for. Many within an hour are a pattern.',
  },
  RestoreRollbacks: { unit: 'Count', dimensions: [], about: 'A restore was undone to its end.' },
  RestoreProcessingErrors: {
    unit: 'Count',
    dimensions: ['type', 'phase'],
    about: 'A failed restore, by the code of its error and the phase in which it failed.',
  },
  RollbackNotFinishing: {
    unit: 'Count',
    dimensions: [],
    about: 'A rollback that is not finished an hour after it was wanted, each sweep; it is started again until it is.',
  },
  StepErrors: {
    unit: 'Count',
    dimensions: ['step', 'type'],
    about: 'A message failed and comes again, by its step and the name of the error.',
  },
  MessageFailures: {
    unit: 'Count',
    dimensions: [],
    about: '1 when a message failed and comes again, 0 when it was done; its mean is the rate of errors.',
  },
  DeadLetters: { unit: 'Count', dimensions: ['step'], about: 'A message failed for good; its job was ended.' },
  JobsRedriven: { unit: 'Count', dimensions: [], about: 'Jobs that the sweep found silent and sent on, each sweep.' },
  JobsBeyondPromise: {
    unit: 'Count',
    dimensions: [],
    about: 'Jobs that take longer than their type is promised (`core/src/limits.ts`), each sweep.',
  },
  JobsFailedBySweep: {
    unit: 'Count',
    dimensions: [],
    about: 'Jobs that the sweep failed since nothing helped, each sweep.',
  },
} as const satisfies Record<string, MetricRules>;

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as MetricName[];

/** One value of each dimension that the table has for the metric. */
export type Dimensions<N extends MetricName> = Record<(typeof metrics)[N]['dimensions'][number], string>;

/** Notes one measurement. It never fails and is never waited for. */
export type Measure = <N extends MetricName>(name: N, value: number, dimensions: Dimensions<N>) => void;

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

export const metricsMarkdown = (): string => `# Metrics

Made from the table in \`packages/core/src/metrics.ts\` by \`node packages/core/scripts/events.ts\`. Namespace \`${metricNamespace}\`; every
metric has the dimension \`service\`, the function that measured it.

A job's ending is measured at most once, by whoever moved the job to its end, whatever was delivered how often; a crash right behind
that move loses it. What a round trip does in its
scratch tables is not measured.

| metric | unit | dimensions | measured |
|---|---|---|---|
${metricNames
  .map((name) => {
    const { unit, dimensions, about } = metrics[name];
    return `| \`${name}\` | ${unit} | ${dimensions.map((each) => `\`${each}\``).join(', ') || 'none'} | ${about} |`;
  })
  .join('\n')}
`;
