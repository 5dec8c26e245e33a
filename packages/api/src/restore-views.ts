/** Restores as the API shows them: never the user, never an object key, never the secret that new ids are made from. */
import {
  type Counts,
  type Job,
  type Received,
  restoreParameters,
  shownStatus,
  type ValidationResults,
} from '@fzip/core';
import { advice, type RefusalCode, refusals } from '@fzip/format';
import {
  type Guidance,
  type RestoreListItem,
  type RestoreResults,
  type RestoreStatus,
  type RestoreSummary,
  ShownRestoreStatus,
} from './restore-schemas.ts';
import { errorOf, given } from './views.ts';

export const shownRestoreStatus = (job: Job): ShownRestoreStatus => ShownRestoreStatus.parse(shownStatus(job.status));

/** What follows an upload, as its user is told. */
export const messages: Readonly<Record<ShownRestoreStatus, string>> = {
  uploaded: 'the restore waits for its package',
  validating: 'the package is being checked',
  validation_passed: 'the package is valid; nothing was written, as asked',
  validation_failed: 'the package is not valid; nothing was written',
  awaiting_confirmation: 'the package is valid; the restore waits to be started',
  processing: 'the profile is being restored',
  rolling_back: 'the restore ends, and what it wrote is being removed',
  completed: 'the profile is restored',
  failed: 'the restore failed',
  canceled: 'the restore was canceled',
};

/** The commonest reason first. Codes of a later version have nothing to be said of them yet. */
const guidanceOf = ({ errorsByCode }: ValidationResults): Guidance[] =>
  Object.entries(errorsByCode)
    .toSorted(([, a], [, b]) => b - a)
    .flatMap(([code, count]) =>
      isRefusal(code) ? [{ code, count, meaning: refusals[code], advice: advice[code] }] : [],
    );

const isRefusal = (code: string): code is RefusalCode => Object.hasOwn(refusals, code);

/** Nothing is left to do: the last writes of progress may have been rounded down. */
const isDone = ({ status }: Job): boolean => status === 'restore_completed' || status === 'restore_validation_passed';

export const restoreListItem = (job: Job): RestoreListItem => ({
  restoreId: job.jobId,
  status: shownRestoreStatus(job),
  progress: isDone(job) ? 100 : job.progress,
  validateOnly: restoreParameters(job).validateOnly,
  requireConfirmation: restoreParameters(job).requireConfirmation,
  createdAt: job.createdAt,
  ...given('currentPhase', job.currentPhase),
  // A restore starts when its upload is there.
  ...given('uploadedAt', job.startedAt),
  ...given('completedAt', job.completedAt),
  ...given('errorMessage', job.error?.message),
});

const resultsOf = (results: Counts, filesWithoutBytes: number): RestoreResults => ({
  accounts_restored: results.accounts,
  categories_restored: results.categories,
  file_maps_restored: results.file_maps,
  files_restored: results.transaction_files,
  files_without_bytes: filesWithoutBytes,
  transactions_restored: results.transactions,
  analytics_restored: results.analytics,
});

const summaryOf = (job: Job): RestoreSummary | undefined => {
  const { packageCounts, packageSummary } = job;
  if (!packageCounts) return undefined;
  return { counts: packageCounts, ...given('ids', idsOf(job)), ...packageSummary };
};

/** As `begin` decides it, from what checking found. */
const idsOf = (job: Job): RestoreSummary['ids'] => {
  const taken = job.packageSummary?.idsTaken;
  if (job.writing) return job.writing.idMode === 'remap' ? 'new' : 'kept';
  const { idMode } = restoreParameters(job);
  if (idMode === 'remap') return 'new';
  if (taken === undefined) return undefined;
  if (taken === 0) return 'kept';
  return idMode === 'preserve' ? 'taken' : 'new';
};

export const restoreStatusView = (job: Job, uploads?: Received): RestoreStatus => ({
  ...restoreListItem(job),
  ...given('uploads', uploads),
  ...given('idMode', job.writing?.idMode),
  ...given(
    'validationResults',
    job.validationResults && { ...job.validationResults, guidance: guidanceOf(job.validationResults) },
  ),
  ...given('summary', summaryOf(job)),
  ...given('restoreResults', job.results && resultsOf(job.results, job.packageSummary?.filesWithoutBytes ?? 0)),
  ...given('error', errorOf(job)),
});
