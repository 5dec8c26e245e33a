/** What may be done with a job by the status that the API shows, and which statuses move. Asked by every button and every poll. */
import type { ShownRestoreStatus } from '@fzip/api/restore-schemas';
import type { ShownBackupStatus } from '@fzip/api/schemas';

type Rules<S extends string> = Readonly<Record<S, boolean>>;

export const backupMoves: Rules<ShownBackupStatus> = {
  initiated: true,
  processing: true,
  completed: false,
  failed: false,
  canceled: false,
  expired: false,
};

export const restoreMoves: Rules<ShownRestoreStatus> = {
  uploaded: true,
  validating: true,
  validation_passed: false,
  validation_failed: false,
  awaiting_confirmation: true,
  processing: true,
  rolling_back: true,
  completed: false,
  failed: false,
  canceled: false,
};

type Backup = { status: ShownBackupStatus };
type Restore = { status: ShownRestoreStatus; uploadedAt?: number | undefined };

export const backupCan = {
  cancel: ({ status }: Backup) => backupMoves[status],
  download: ({ status }: Backup) => status === 'completed',
  check: ({ status }: Backup) => status === 'completed',
  keep: ({ status }: Backup) => backupMoves[status] || status === 'completed',
} as const;

export const restoreCan = {
  upload: ({ status }: Restore) => status === 'uploaded',
  confirm: ({ status }: Restore) => status === 'awaiting_confirmation',
  /** What rolls back has been told to end. */
  cancel: ({ status }: Restore) => restoreMoves[status] && status !== 'rolling_back',
  /** It failed after its package was taken in. */
  retry: ({ status, uploadedAt }: Restore) =>
    (status === 'failed' || status === 'validation_failed') && uploadedAt !== undefined,
  remove: ({ status }: Restore) => !restoreMoves[status],
} as const;

const pollMs = { seen: 1_000, hidden: 15_000, waiting: 5_000 } as const;

/** How long until a job is looked at again, in ms; false for one that rests. A hidden tab looks less. */
export const pollAfter = (moves: boolean, { hidden, waits = false }: { hidden: boolean; waits?: boolean }) => {
  if (!moves) return false;
  if (hidden) return pollMs.hidden;
  return waits ? pollMs.waiting : pollMs.seen;
};
