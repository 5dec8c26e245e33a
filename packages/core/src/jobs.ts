/** Jobs of every type: their statuses, what may follow what, and what may be done with them. */
import { EntityKind } from '@fzip/format';
import * as z from 'zod';
import { Examination, ExaminationMode, ExaminationNote, Examined } from './backup/examined.ts';
import { Amendment, BackupParameters } from './backup/parameters.ts';
import { Counts } from './counts.ts';
import { JobId, UserId, Work } from './ids.ts';
import { PackageSummary } from './restore/summary.ts';

/** Every status of every job, and the statuses that may follow. DESIGN.md section 4. */
const next = {
  backup_initiated: ['backup_processing', 'backup_failed', 'backup_canceled'],
  backup_processing: ['backup_completed', 'backup_failed', 'backup_canceled'],
  backup_completed: ['backup_expired'],
  backup_failed: [],
  backup_canceled: [],
  backup_expired: [],

  restore_uploaded: ['restore_validating', 'restore_failed', 'restore_canceled'],
  restore_validating: [
    'restore_validation_passed',
    'restore_validation_failed',
    'restore_awaiting_confirmation',
    'restore_processing',
    'restore_failed',
    'restore_canceled',
  ],
  restore_validation_passed: [],
  restore_validation_failed: ['restore_validating'],
  restore_awaiting_confirmation: ['restore_processing', 'restore_failed', 'restore_canceled'],
  restore_processing: ['restore_completed', 'restore_rolling_back', 'restore_failed', 'restore_canceled'],
  restore_rolling_back: ['restore_failed', 'restore_canceled'],
  restore_completed: [],
  restore_failed: ['restore_validating'],
  restore_canceled: [],

  clear_processing: ['clear_completed', 'clear_failed'],
  clear_completed: [],
  clear_failed: [],

  validation_processing: ['validation_completed', 'validation_failed'],
  validation_completed: [],
  validation_failed: [],
} as const satisfies Record<string, readonly string[]>;

export const JobStatus = z.enum(Object.keys(next) as [keyof typeof next, ...(keyof typeof next)[]]);
export type JobStatus = z.infer<typeof JobStatus>;

export const jobTypes = ['backup', 'restore', 'clear', 'validation'] as const;
export const JobType = z.enum(jobTypes);
export type JobType = z.infer<typeof JobType>;

export const allStatuses = JobStatus.options;

/** Statuses in which nothing works on a job any more. An expired or failed job rests as well as a completed one. */
const working: ReadonlySet<JobStatus> = new Set<JobStatus>([
  'backup_initiated',
  'backup_processing',
  'restore_uploaded',
  'restore_validating',
  'restore_awaiting_confirmation',
  'restore_processing',
  'restore_rolling_back',
  'clear_processing',
  'validation_processing',
]);

export const workingStatuses: readonly JobStatus[] = [...working];
export const atRest = (status: JobStatus): boolean => !working.has(status);
export const mayFollow = (from: JobStatus, to: JobStatus): boolean => (next[from] as readonly JobStatus[]).includes(to);

/** `backup_completed` is shown as `completed`. */
export const shownStatus = (status: JobStatus): string => status.slice(status.indexOf('_') + 1);

export const phases = [
  'collecting_data',
  'building_fzip_package',
  'uploading',
  'validating',
  'completed',
  'verifying_empty_profile',
  'parsing_package',
  'validating_schema',
  'awaiting_confirmation',
  'restoring_accounts',
  'restoring_categories',
  'restoring_file_maps',
  'restoring_transaction_files',
  'restoring_transactions',
  'restoring_analytics',
  'verifying',
  'rolling_back',
  'clearing',
] as const;
export const Phase = z.enum(phases);
export type Phase = z.infer<typeof Phase>;

export const idModes = ['preserve', 'remap', 'auto'] as const;

/**
 * Of one package: as many as a backup within its user's quota can have, two volumes side by side being more than one of the planned
 * size. All of them are open at once while they are checked together.
 */
export const mostVolumes = 520;

/** What the user asked of a restore. */
export const RestoreParameters = z.object({
  /** Ends with the verdict and the summary; writes nothing. */
  validateOnly: z.boolean().default(false),
  /** Waits for the user's word between the verdict and the first write. */
  requireConfirmation: z.boolean().default(false),
  /** Keep the package's ids, make new ones, or whichever is possible. DESIGN.md section 8, rule 2. */
  idMode: z.enum(idModes).default('auto'),
  /** Of the package: each is uploaded by a form of its own, in any order. */
  volumes: z.int().min(1).max(mostVolumes).default(1),
});
export type RestoreParameters = z.infer<typeof RestoreParameters>;

/** The pinned copy of a volume that a user uploaded: everything later reads this. */
export const Upload = z.object({ key: z.string(), size: z.number(), etag: z.string() });
export type Upload = z.infer<typeof Upload>;

/** How a restore writes, fixed before the first write. The secret makes new ids that nobody can aim; it is never shown. */
export const Writing = z.object({
  idMode: z.enum(['preserve', 'remap']),
  secret: z.string(),
  startedAt: z.number(),
});
export type Writing = z.infer<typeof Writing>;

/** What checking a package found, as a restore's status tells it. */
export const ValidationResults = z.object({
  profileEmpty: z.boolean(),
  schemaValid: z.boolean(),
  ready: z.boolean(),
  /** The first hundred. */
  errors: z.array(z.string()),
  errorCount: z.number(),
  /** How many errors have each code: all of them, also those that are not among the first hundred. */
  errorsByCode: z.record(z.string(), z.number()).default({}),
  warnings: z.array(z.string()),
});
export type ValidationResults = z.infer<typeof ValidationResults>;

/** Why a job is to end before its work is done. Set once, by condition; rule 2 of DESIGN.md section 3. */
export const Intent = z.object({
  kind: z.enum(['cancel', 'fail']),
  code: z.string(),
  message: z.string(),
  at: z.number(),
  /** In which it was set: what follows has phases of its own. */
  phase: Phase.optional(),
});
export type Intent = z.infer<typeof Intent>;

export const StoredVolume = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(),
  sha256: z.string(),
});
export type StoredVolume = z.infer<typeof StoredVolume>;

/** One independent piece of collecting, in its fixed order; a ledger counts them. */
export const CollectPiece = z.object({
  kind: EntityKind,
  /** Begins when every piece of the stages before is collected. */
  stage: z.int().positive(),
  /** The rows that HouseF3's own index does not show, for want of its range key. */
  unindexed: z.literal(true).optional(),
  /** Of transactions: their dates, from `from` up to, not including, `below`. */
  from: z.number().optional(),
  below: z.number().optional(),
});
export type CollectPiece = z.infer<typeof CollectPiece>;

export const Quality = z.object({
  overall_quality: z.enum(['excellent', 'good', 'fair', 'poor']),
  score: z.number(),
  data_integrity_score: z.number(),
  completeness_score: z.number(),
  files_processed: z.number(),
  files_failed: z.number(),
  compression_ratio: z.number(),
  processing_time_seconds: z.number(),
  issues: z.array(z.string()),
  recommendations: z.array(z.string()),
});
export type Quality = z.infer<typeof Quality>;

/** What a verified backup holds, as its status tells it. */
export const BackupSummary = z.object({
  counts: Counts,
  manifestChecksums: z.record(z.string(), z.string()),
  failedFiles: z.array(z.object({ fileId: z.string(), fileName: z.string(), reason: z.string() })),
  failedFilesCount: z.number(),
  notIncluded: z.array(z.string()),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

export const Job = z.object({
  jobId: JobId,
  userId: UserId,
  jobType: JobType,
  status: JobStatus,
  /** One run of the job; what belongs to an older one is out of date. */
  attempt: z.int().positive(),
  intent: Intent.optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
  startedAt: z.number().optional(),
  completedAt: z.number().optional(),
  /** ms: until when the user has it. */
  expiresAt: z.number().optional(),
  /** **Seconds**: what DynamoDB deletes the row by. */
  ttl: z.number().optional(),
  /** 0 to 100, of this attempt. */
  progress: z.number(),
  currentPhase: Phase.optional(),
  packageSize: z.number().optional(),
  packages: z.array(StoredVolume).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  errorDetails: z.array(z.string()).optional(),
  validation: Quality.optional(),
  summary: BackupSummary.optional(),
  /** Of a backup. */
  parameters: BackupParameters.optional(),
  /** What its user changed afterwards; what was asked for first stays, so that a repeated request is recognised. */
  amended: Amendment.optional(),
  /** What validations on demand found of a completed backup, by mode. */
  examinations: z.partialRecord(ExaminationMode, ExaminationNote).optional(),
  /** Of a validation. */
  examination: Examination.optional(),
  examined: Examined.optional(),
  /** Of a restore or backup that only proves something: the validation it is for. It is shown to nobody. */
  roundTrip: Work.optional(),
  /** Of a restore. */
  restore: RestoreParameters.optional(),
  /** In the order of the forms that they came by. */
  uploads: z.array(Upload).optional(),
  writing: Writing.optional(),
  validationResults: ValidationResults.optional(),
  /** What a package holds, of each kind, and what a restore made of it. */
  packageCounts: Counts.optional(),
  packageSummary: PackageSummary.optional(),
  results: Counts.optional(),
  /** What to to expect and how the work is cut, fixed before the first message goes out. */
  expected: Counts.optional(),
  pieces: z.array(CollectPiece).optional(),
  /** Ids of events published and of first messages sent. */
  announced: z.array(z.string()),
  redrives: z.int().default(0),
  version: z.int(),
});
export type Job = z.infer<typeof Job>;

/** What a status change may set; the rest is fixed at creation or has a call of its own. */
export type JobPatch = Partial<
  Omit<Job, 'jobId' | 'userId' | 'jobType' | 'createdAt' | 'announced' | 'progress' | 'version'>
> & {
  /** Of a new attempt; within one it never falls. */
  progress?: 0;
};

/** What was asked of a backup. @throws TypeError for a job of another type */
export const backupParameters = (job: Job): BackupParameters => {
  if (!job.parameters) throw new TypeError(`job ${job.jobId} is no backup but a ${job.jobType}`);
  return job.parameters;
};

/** What was asked of a restore. @throws TypeError for a job of another type */
export const restoreParameters = (job: Job): RestoreParameters => {
  if (!job.restore) throw new TypeError(`job ${job.jobId} is no restore but a ${job.jobType}`);
  return job.restore;
};

export type Advance = { ok: true; patch: JobPatch } | { ok: false; reason: 'already-there' | 'out-of-order' };

/** What moving a job to a status means. SQS delivers twice and out of order, so both are answers rather than errors. */
export const advance = (job: Pick<Job, 'status'>, to: JobStatus, at: number): Advance => {
  if (job.status === to) return { ok: false, reason: 'already-there' };
  if (!mayFollow(job.status, to)) return { ok: false, reason: 'out-of-order' };
  return { ok: true, patch: { status: to, updatedAt: at, ...(atRest(to) ? { completedAt: at } : {}) } };
};

/** What may be done with a job, asked by the API and the web UI alike. */
export const jobCan = {
  download: (job: Job, now: number): boolean =>
    job.status === 'backup_completed' && (job.expiresAt === undefined || job.expiresAt > now),
  expire: (job: Job, now: number): boolean =>
    job.status === 'backup_completed' && job.expiresAt !== undefined && job.expiresAt <= now,
  /** Its package is there, and stays for now. */
  examine: (job: Job, now: number): boolean => jobCan.download(job, now),
  amend: (job: Job, now: number): boolean =>
    job.jobType === 'backup' && job.intent === undefined && (!atRest(job.status) || jobCan.download(job, now)),
  cancel: (job: Job): boolean => !atRest(job.status) && job.intent === undefined,
  /** Fresh upload links, or "I have uploaded": while the job waits for its package. */
  upload: (job: Job): boolean => job.status === 'restore_uploaded' && job.intent === undefined,
  /** It failed, and what was uploaded for it was taken in. */
  retry: (job: Job): boolean =>
    (job.status === 'restore_failed' || job.status === 'restore_validation_failed') && job.uploads !== undefined,
  confirm: (job: Job): boolean => job.status === 'restore_awaiting_confirmation' && job.intent === undefined,
} as const;
