/** What the dashboard shows, as a table: each widget with its lines. `monitoring.ts` draws it. */
import type { MetricName, metrics } from '../packages/core/src/metrics.ts';
import { type FunctionName, functionNames, type Step, steps } from '../packages/core/src/topology.ts';

/** A metric of ours over all functions, one line for each value of what it is measured by. */
export type OwnLine = {
  [N in MetricName]: {
    metric: N;
    /** All of its dimensions in `core/src/metrics.ts`: CloudWatch finds a metric by nothing less. */
    by: (typeof metrics)[N]['dimensions'];
    statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'p50' | 'p95';
    /** Adds up what several functions measured to one line; `rate` is the mean of all values. */
    as?: 'total' | 'rate';
  };
}[MetricName];

/** A metric of AWS. */
export type AwsLine =
  | { queue: Step; deadLetters?: boolean; metric: string; statistic: string }
  | { of: FunctionName; metric: string; statistic: string }
  | { api: string; statistic: string }
  | { table: 'jobs' | 'transactions'; metric: string; statistic: string }
  | { bucket: 'packages'; metric: 'BucketSizeBytes' | 'NumberOfObjects'; storage: string };

export type Widget = { title: string; lines: (OwnLine | AwsLine)[]; wide?: boolean };

const eachQueue = (metric: string, deadLetters: boolean): AwsLine[] =>
  steps.map((queue) => ({ queue, deadLetters, metric, statistic: 'Maximum' }));
const eachFunction = (metric: string, statistic: string): AwsLine[] =>
  functionNames.map((of) => ({ of, metric, statistic }));

export const widgets: Widget[] = [
  {
    title: 'Success: backups, restores',
    lines: [
      { metric: 'BackupSuccess', by: [], statistic: 'Average', as: 'rate' },
      { metric: 'RestoreSuccess', by: [], statistic: 'Average', as: 'rate' },
    ],
  },
  {
    title: 'Backups: how long, ms',
    lines: [
      { metric: 'BackupDuration', by: [], statistic: 'p50' },
      { metric: 'BackupDuration', by: [], statistic: 'p95' },
    ],
  },
  {
    title: 'Restores: how long, ms',
    lines: [
      { metric: 'RestoreDuration', by: [], statistic: 'p50' },
      { metric: 'RestoreDuration', by: [], statistic: 'p95' },
    ],
  },
  {
    title: 'Packages: bytes',
    lines: [
      { metric: 'FZIPPackageSize', by: [], statistic: 'p50' },
      { metric: 'FZIPPackageSize', by: [], statistic: 'p95' },
    ],
  },
  {
    title: 'Validation: score, damaged, incomplete',
    lines: [
      { metric: 'BackupValidationScore', by: [], statistic: 'Minimum' },
      { metric: 'BackupValidationScore', by: [], statistic: 'Average' },
      { metric: 'BackupIntegrityFailures', by: [], statistic: 'Sum', as: 'total' },
      { metric: 'BackupCompletenessFailures', by: [], statistic: 'Sum', as: 'total' },
    ],
  },
  {
    title: 'Rows and files backed up and restored',
    lines: [
      { metric: 'BackupDataVolume', by: ['kind'], statistic: 'Sum' },
      { metric: 'BackupFileVolume', by: [], statistic: 'Sum', as: 'total' },
      { metric: 'RestoreDataVolume', by: ['kind'], statistic: 'Sum' },
    ],
  },
  {
    title: 'Failed backups by code and phase',
    lines: [{ metric: 'BackupProcessingErrors', by: ['type', 'phase'], statistic: 'Sum' }],
  },
  {
    title: 'Failed restores by code and phase; rollbacks',
    lines: [
      { metric: 'RestoreProcessingErrors', by: ['type', 'phase'], statistic: 'Sum' },
      { metric: 'RestoreRollbacks', by: [], statistic: 'Sum', as: 'total' },
      { metric: 'RollbackNotFinishing', by: [], statistic: 'Sum', as: 'total' },
    ],
  },
  {
    title: 'Refused packages by code',
    lines: [{ metric: 'RestoreValidationFailures', by: ['type'], statistic: 'Sum' }],
  },
  {
    title: 'Security events by type; refusals by user',
    lines: [
      { metric: 'SecurityEvents', by: ['type'], statistic: 'Sum' },
      { metric: 'UserRefusals', by: ['user'], statistic: 'Sum' },
    ],
  },
  {
    title: 'Messages: rate of failures, failures by step and error',
    lines: [
      { metric: 'MessageFailures', by: [], statistic: 'Average', as: 'rate' },
      { metric: 'StepErrors', by: ['step', 'type'], statistic: 'Sum' },
    ],
  },
  {
    title: 'Jobs: late, sent on, given up',
    lines: [
      { metric: 'JobsBeyondPromise', by: [], statistic: 'Maximum', as: 'total' },
      { metric: 'JobsRedriven', by: [], statistic: 'Sum', as: 'total' },
      { metric: 'JobsFailedBySweep', by: [], statistic: 'Sum', as: 'total' },
    ],
  },
  {
    title: 'Dead letters',
    lines: [
      { metric: 'DeadLetters', by: ['step'], statistic: 'Sum' },
      ...eachQueue('ApproximateNumberOfMessagesVisible', true),
    ],
  },
  { title: 'Queues: waiting', lines: eachQueue('ApproximateNumberOfMessagesVisible', false), wide: true },
  { title: 'Queues: age of the oldest, s', lines: eachQueue('ApproximateAgeOfOldestMessage', false), wide: true },
  { title: 'Functions: crashes', lines: eachFunction('Errors', 'Sum') },
  { title: 'Functions: how long, p95, ms', lines: eachFunction('Duration', 'p95') },
  { title: 'Functions: throttled', lines: eachFunction('Throttles', 'Sum') },
  {
    title: 'API: requests, refusals, failures',
    lines: [
      { api: 'Count', statistic: 'Sum' },
      { api: '4xx', statistic: 'Sum' },
      { api: '5xx', statistic: 'Sum' },
    ],
  },
  {
    title: 'API: how long, ms',
    lines: [
      { api: 'Latency', statistic: 'p50' },
      { api: 'Latency', statistic: 'p95' },
      { api: 'Latency', statistic: 'p99' },
    ],
  },
  {
    title: 'Cost: storage',
    lines: [
      { bucket: 'packages', metric: 'BucketSizeBytes', storage: 'StandardStorage' },
      { bucket: 'packages', metric: 'NumberOfObjects', storage: 'AllStorageTypes' },
    ],
  },
  {
    title: 'Cost: units of tables',
    lines: (['jobs', 'transactions'] as const).flatMap((table) => [
      { table, metric: 'ConsumedReadCapacityUnits', statistic: 'Sum' },
      { table, metric: 'ConsumedWriteCapacityUnits', statistic: 'Sum' },
    ]),
  },
  { title: 'Cost: function time, ms', lines: eachFunction('Duration', 'Sum') },
  {
    title: 'Cost: messages sent',
    lines: steps.map((queue) => ({ queue, metric: 'NumberOfMessagesSent', statistic: 'Sum' })),
  },
];
