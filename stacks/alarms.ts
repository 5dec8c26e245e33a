/**
 * What somebody is called for, and what to do then: the table of alarms. `monitoring.ts` makes them, `docs/operating.md` lists them.
 * Metrics of our own come from many functions, each under its name; where it does not matter which, CloudWatch's queries add them up.
 */
import type { MetricName } from '../packages/core/src/metrics.ts';
import { type FunctionName, functionNames, type Step, steps, topology } from '../packages/core/src/topology.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** One number over time. `own` is a metric of ours of one function, `all` of all of them; the others are of AWS. */
export type Measured =
  | { all: MetricName; take: 'SUM' | 'AVG' | 'MIN' | 'MAX'; worstBy?: 'user' }
  | { own: MetricName; service: FunctionName; dimensions?: Record<string, string>; statistic: string }
  | { queue: Step; deadLetters?: boolean; metric: string; statistic: string }
  | { invocationsOf: FunctionName }
  | { errorPercentOf: FunctionName }
  | { apiErrorPercent: true }
  | { apiLatency: string }
  | { growthOfPackages: true };

export type Alarm = {
  id: string;
  /** For whom: what has happened. */
  about: string;
  /** What to do. */
  todo: string;
  measured: Measured;
  above?: number;
  below?: number;
  /** Seconds of one look, and how many looks in a row. */
  period: number;
  looks: number;
  /** Nothing measured is itself the alarm. */
  silenceIsBad?: boolean;
};

const isLong = (step: Step): boolean => topology[step].batchSize === 1;

/** Waits for twice as long as a message may be worked on. */
const oldestSeconds = (step: Step): number => 2 * topology[step].visibilitySeconds;

const alarmsOf = (step: Step): Alarm[] => [
  {
    id: `${step}-dead-letters`,
    about: `A message for ${step} failed five times. Its job has been ended with the cause.`,
    todo: 'Read the cause (“Dead letters” below), mend it, then redrive it, or ask the user to begin anew.',
    measured: { own: 'DeadLetters', service: 'dead-letter', dimensions: { step }, statistic: 'Sum' },
    above: 0,
    period: 5 * minute,
    looks: 1,
  },
  {
    id: `${step}-dead-letters-waiting`,
    about: `Dead letters of ${step} are not taken by their consumer, so their jobs do not end.`,
    todo: 'Look at the log of dead-letter. The letters stay for 14 days, and are taken when it works again.',
    measured: { queue: step, deadLetters: true, metric: 'ApproximateNumberOfMessagesVisible', statistic: 'Maximum' },
    above: 0,
    period: 5 * minute,
    looks: 3,
  },
  {
    id: `${step}-oldest-message`,
    about: `A message for ${step} waits for more than ${oldestSeconds(step) / minute} minutes.`,
    todo: isLong(step)
      ? 'Look whether the function runs and is throttled; then whether very many jobs came at once: concurrency is in the topology.'
      : 'Look whether the function fails again and again (StepErrors by type), or is throttled by its tables.',
    measured: { queue: step, metric: 'ApproximateAgeOfOldestMessage', statistic: 'Maximum' },
    above: oldestSeconds(step),
    period: 5 * minute,
    looks: 2,
  },
];

const errorsOf = (name: FunctionName): Alarm => ({
  id: `${name}-crashes`,
  about: `More than 1 % of the invocations of ${name} crashed, ran out of time or memory.`,
  todo: 'Read its log from the time of the alarm. A function that does not start names the setting that it lacks.',
  measured: { errorPercentOf: name },
  above: 1,
  period: 15 * minute,
  looks: 1,
});

/** Gates that the product is specified by, and patterns that somebody should see. */
const overall: Alarm[] = [
  {
    id: 'backups-fail',
    about: 'Fewer than 95 % of the backups of the last hour completed.',
    todo: 'See BackupProcessingErrors by type and phase on the dashboard; the code says what failed.',
    measured: { all: 'BackupSuccess', take: 'AVG' },
    below: 0.95,
    period: hour,
    looks: 1,
  },
  {
    id: 'backups-not-valid',
    about: 'More than 5 % of the packages of the last hour did not pass their validation.',
    todo: 'As with integrity failures: such backups have failed and nobody can download them. See which check found what.',
    measured: { all: 'BackupIntegrityFailures', take: 'AVG' },
    above: 0.05,
    period: hour,
    looks: 1,
  },
  {
    id: 'integrity-failure',
    about: 'A validation found a package damaged: one that was just made, or one that is kept.',
    todo: 'Find the job by the audit lines (`backup_failed`, or a validation). If a kept package is damaged, ask its user to make another at once, and keep the object for looking at it.',
    measured: { all: 'BackupIntegrityFailures', take: 'SUM' },
    above: 0,
    period: 5 * minute,
    looks: 1,
  },
  {
    id: 'validation-score',
    about: 'A backup was validated with a score below 85.',
    todo: 'Its status says which rows or files are missing, or that rows moved while it was made.',
    measured: { all: 'BackupValidationScore', take: 'MIN' },
    below: 85,
    period: 5 * minute,
    looks: 1,
  },
  {
    id: 'backups-incomplete',
    about: 'A tenth of the backups of the last hour lack a row, or the bytes of a file.',
    todo: 'See their issues: files that HouseF3 no longer has are named. Many at once mean that its bucket or a table refuses reads.',
    measured: { all: 'BackupCompletenessFailures', take: 'AVG' },
    above: 0.1,
    period: hour,
    looks: 1,
  },
  {
    id: 'backups-slow',
    about: 'Half of the backups of the last half hour took more than 60 s.',
    todo: 'Compare queue ages and the durations of backup-collect and backup-package; look for throttled tables.',
    measured: { own: 'BackupDuration', service: 'backup-validate', statistic: 'p50' },
    above: 60_000,
    period: 30 * minute,
    looks: 1,
  },
  {
    id: 'restores-fail',
    about: 'Fewer than 99 % of the restores of the last hour completed. Each that failed was undone.',
    todo: 'See RestoreProcessingErrors by type and phase; then “A restore failed” below.',
    measured: { all: 'RestoreSuccess', take: 'AVG' },
    below: 0.99,
    period: hour,
    looks: 1,
  },
  {
    id: 'messages-fail',
    about: 'More than 1 % of all messages failed and came again.',
    todo: 'See StepErrors by step and type: one step alone points to its code or its data, all of them to a service.',
    measured: { all: 'MessageFailures', take: 'AVG' },
    above: 0.01,
    period: 15 * minute,
    looks: 1,
  },
  {
    id: 'jobs-late',
    about: 'A job takes longer than its type is promised: backups 15 minutes, all others an hour.',
    todo: 'Find it by its heartbeat in the jobs table (StatusIndex); the sweep starts silent jobs again twice, then fails them.',
    measured: { own: 'JobsBeyondPromise', service: 'sweep', statistic: 'Maximum' },
    above: 0,
    period: 5 * minute,
    looks: 2,
  },
  {
    id: 'jobs-given-up',
    about: 'The sweep failed a job that stayed silent after two new starts.',
    todo: 'Its error is STUCK. Read the log of the step of its phase by its jobId.',
    measured: { own: 'JobsFailedBySweep', service: 'sweep', statistic: 'Sum' },
    above: 0,
    period: 5 * minute,
    looks: 1,
  },
  {
    id: 'rollback-not-finishing',
    about: 'A restore is not undone an hour after that was wanted: its user’s profile is neither empty nor whole.',
    todo: 'Urgent. Read the log of restore-rollback by the jobId; it is started again by every sweep until it succeeds. See “A rollback does not finish” below.',
    measured: { own: 'RollbackNotFinishing', service: 'sweep', statistic: 'Sum' },
    above: 0,
    period: 5 * minute,
    looks: 1,
  },
  {
    id: 'sweep-silent',
    about: 'No sweep ran for a quarter of an hour: nothing expires, no silent job is found.',
    todo: 'Look whether the schedule is enabled and its role may invoke the function.',
    measured: { invocationsOf: 'sweep' },
    below: 1,
    period: 15 * minute,
    looks: 1,
    silenceIsBad: true,
  },
  {
    id: 'suspicious-user',
    about: 'One user had five packages refused, or asked for others’ ids, within an hour.',
    todo: 'Find who in the audit lines (“Suspicious users” below). A tool that is broken looks the same as an attack.',
    measured: { all: 'UserRefusals', take: 'SUM', worstBy: 'user' },
    above: 4,
    period: hour,
    looks: 1,
  },
  {
    id: 'security-events',
    about: 'More than ten packages or requests of an hour were such as no accident makes.',
    todo: 'See SecurityEvents by type, then the audit lines `security`. Nothing was let in; it is about who tries.',
    measured: { all: 'SecurityEvents', take: 'SUM' },
    above: 10,
    period: hour,
    looks: 1,
  },
  {
    id: 'api-errors',
    about: 'More than 1 % of the answers of the API are failures of our own (5xx).',
    todo: 'Read the log of api: each failure has its stack and the id that the client was told.',
    measured: { apiErrorPercent: true },
    above: 1,
    period: 15 * minute,
    looks: 1,
  },
  {
    id: 'api-slow',
    about: 'One answer of the API in a hundred takes more than 10 s; API Gateway gives up after 30.',
    todo: 'Look at the durations of api and at throttled tables.',
    measured: { apiLatency: 'p99' },
    above: 10_000,
    period: 15 * minute,
    looks: 2,
  },
];

/** @param growthGibPerDay of the packages bucket, from where on somebody is told */
export const alarms = (growthGibPerDay: number): Alarm[] => [
  ...overall,
  {
    id: 'storage-grows',
    about: 'The packages bucket grew by more within a day than FZIP_GROWTH_GIB_PER_DAY says.',
    todo: 'See whether the sweep cleans (its log tells what), who keeps backups for how long, and whether uploads are abused: quotas are by user.',
    measured: { growthOfPackages: true },
    above: growthGibPerDay * 2 ** 30,
    period: day,
    looks: 1,
  },
  ...steps.flatMap(alarmsOf),
  ...functionNames.map(errorsOf),
];
