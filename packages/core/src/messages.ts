/** What is passed from step to step, a few KB at most whatever the size of the job. */
import { EntityKind } from '@fzip/format';
import * as z from 'zod';
import { BackupParameters } from './backup/parameters.ts';
import { JobId, UserId, Work } from './ids.ts';

export type { Work } from './ids.ts';

/** The validation that a job proves a backup for; such a job works in a world of its own. See `worldOf`. */
const roundTrip = Work.optional();

/** What every message between steps carries: whose work it is. */
export const WorkMessage = Work.extend({ roundTrip });

/** Starts a backup. From outside as well: without `jobId` the id follows from the message, so a redelivery is no second backup. */
export const BackupRequestMessage = z.object({
  jobId: JobId.optional(),
  attempt: z.int().positive().default(1),
  userId: UserId,
  parameters: BackupParameters.prefault({}),
  /** FZIP's own: never of a message from outside, where it would find no profile. */
  roundTrip,
});
export type BackupRequestMessage = z.infer<typeof BackupRequestMessage>;

/** Where reading stands. A cursor is opaque: only the profile store understands it. */
const Cursor = z.string();

/** Collects one piece of one kind. A continuation says where the last invocation stopped. */
export const BackupCollectMessage = WorkMessage.extend({
  piece: z.int().nonnegative(),
  kind: EntityKind,
  pass: z.int().positive(),
  chunk: z.int().nonnegative(),
  cursor: Cursor.optional(),
  /** The second pass, once it has begun: the digest of what it saw so far. */
  recheck: z.object({ digest: z.string(), rows: z.int(), cursor: Cursor.optional() }).optional(),
  /** The passes are used up, and what moves is being named: the rows that the last whole look saw. */
  naming: z.object({ rows: z.int() }).optional(),
});
export type BackupCollectMessage = z.infer<typeof BackupCollectMessage>;

export const BackupPackageMessage = WorkMessage.extend({ volume: z.int().positive() });
export type BackupPackageMessage = z.infer<typeof BackupPackageMessage>;

export const BackupValidateMessage = WorkMessage.extend({ volume: z.int().positive() });
export type BackupValidateMessage = z.infer<typeof BackupValidateMessage>;

/** Goes on with the validation of a completed backup, piece by piece; what a piece is depends on the mode. */
export const BackupExamineMessage = WorkMessage.extend({ piece: z.int().nonnegative() });
export type BackupExamineMessage = z.infer<typeof BackupExamineMessage>;

/** Something was uploaded for a restore: from S3's notification, or from its user's word. */
export const RestoreStartMessage = z.object({ key: z.string() });
export type RestoreStartMessage = z.infer<typeof RestoreStartMessage>;

/** Reads the rows of all volumes (`volume` 0), or the bytes of the files of one, by the order of the uploads. */
export const RestoreUnpackMessage = WorkMessage.extend({ volume: z.int().nonnegative() });
export type RestoreUnpackMessage = z.infer<typeof RestoreUnpackMessage>;

/** Checks one staged chunk; `piece` counts over all kinds. */
export const RestoreCheckMessage = WorkMessage.extend({
  piece: z.int().nonnegative(),
  kind: EntityKind,
  chunk: z.int().nonnegative(),
});
export type RestoreCheckMessage = z.infer<typeof RestoreCheckMessage>;

/** Writes one staged chunk of the step's kind. */
export const RestoreChunkMessage = WorkMessage.extend({
  chunk: z.int().nonnegative(),
  /** Rows of the chunk that are written already: a slow table takes more than one invocation. */
  from: z.int().nonnegative().default(0),
});
export type RestoreChunkMessage = z.infer<typeof RestoreChunkMessage>;

/** Verifies one staged chunk; `piece` counts over all kinds, as in checking. */
export const RestoreVerifyMessage = WorkMessage.extend({ piece: z.int().nonnegative() });
export type RestoreVerifyMessage = z.infer<typeof RestoreVerifyMessage>;

export const RestoreRollbackMessage = WorkMessage.extend({});
export type RestoreRollbackMessage = Work;

/** Clears a profile. `pass` counts looks at all of it, `done` rows deleted so far. */
export const ProfileClearMessage = WorkMessage.extend({ pass: z.int().positive(), done: z.int().nonnegative() });
export type ProfileClearMessage = z.infer<typeof ProfileClearMessage>;

/** A restore completed: the user's analytics are to be computed anew. The event itself, as SNS delivers it raw. */
export const AnalyticsRefreshMessage = z.looseObject({
  type: z.literal('restore.completed'),
  subject: JobId,
  data: z.looseObject({ userId: UserId }),
});
export type AnalyticsRefreshMessage = z.infer<typeof AnalyticsRefreshMessage>;

/** The message of each step that has a consumer. */
export const messageSchemas = {
  'backup-request': BackupRequestMessage,
  'backup-collect': BackupCollectMessage,
  'backup-package': BackupPackageMessage,
  'backup-validate': BackupValidateMessage,
  'backup-examine': BackupExamineMessage,
  'restore-start': RestoreStartMessage,
  'restore-unpack': RestoreUnpackMessage,
  'restore-check': RestoreCheckMessage,
  'restore-accounts': RestoreChunkMessage,
  'restore-categories': RestoreChunkMessage,
  'restore-file-maps': RestoreChunkMessage,
  'restore-transaction-files': RestoreChunkMessage,
  'restore-transactions': RestoreChunkMessage,
  'restore-analytics': RestoreChunkMessage,
  'restore-verify': RestoreVerifyMessage,
  'restore-rollback': RestoreRollbackMessage,
  'analytics-refresh': AnalyticsRefreshMessage,
  'profile-clear': ProfileClearMessage,
} as const;

export type Messages = { [step in keyof typeof messageSchemas]: z.infer<(typeof messageSchemas)[step]> };
