/** What is passed from step to step, a few KB at most whatever the size of the job. */
import { EntityKind } from '@fzip/format';
import { z } from 'zod';
import { JobId, UserId } from './ids.ts';
import { BackupParameters } from './jobs.ts';

/** What every message between steps carries: whose work it is. */
export const WorkMessage = z.object({ jobId: JobId, attempt: z.int().positive() });
export type Work = z.infer<typeof WorkMessage>;

/** Starts a backup. From outside as well: without `jobId` the id follows from the message, so a redelivery is no second backup. */
export const BackupRequestMessage = z.object({
  jobId: JobId.optional(),
  attempt: z.int().positive().default(1),
  userId: UserId,
  parameters: BackupParameters.prefault({}),
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
});
export type BackupCollectMessage = z.infer<typeof BackupCollectMessage>;

export const BackupPackageMessage = WorkMessage.extend({ volume: z.int().positive() });
export type BackupPackageMessage = z.infer<typeof BackupPackageMessage>;

export const BackupValidateMessage = WorkMessage.extend({ volume: z.int().positive() });
export type BackupValidateMessage = z.infer<typeof BackupValidateMessage>;

/** The messages of each step that has a consumer. */
export type Messages = {
  'backup-request': BackupRequestMessage;
  'backup-collect': BackupCollectMessage;
  'backup-package': BackupPackageMessage;
  'backup-validate': BackupValidateMessage;
};

export const messageSchemas = {
  'backup-request': BackupRequestMessage,
  'backup-collect': BackupCollectMessage,
  'backup-package': BackupPackageMessage,
  'backup-validate': BackupValidateMessage,
} as const;
