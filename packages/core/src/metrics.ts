/** What is measured, by name: the one table that code, dashboard and alarms go by. It imports nothing, so that the stacks can read it. */

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
