/** What statuses, phases and kinds are called. */
import type { ShownRestoreStatus } from '@fzip/api/restore-schemas';
import type { BackupListItem, BackupStatus, ShownBackupStatus } from '@fzip/api/schemas';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'rest';
type Named = { name: string; tone: Tone };

export const backupStatuses: Readonly<Record<ShownBackupStatus, Named>> = {
  initiated: { name: 'Starting', tone: 'busy' },
  processing: { name: 'Being made', tone: 'busy' },
  completed: { name: 'Completed', tone: 'good' },
  failed: { name: 'Failed', tone: 'bad' },
  canceled: { name: 'Canceled', tone: 'rest' },
  expired: { name: 'Expired', tone: 'rest' },
};

export const restoreStatuses: Readonly<Record<ShownRestoreStatus, Named>> = {
  uploaded: { name: 'Waits for the file', tone: 'warn' },
  validating: { name: 'Being checked', tone: 'busy' },
  validation_passed: { name: 'Checked, good', tone: 'good' },
  validation_failed: { name: 'Checked, not good', tone: 'bad' },
  awaiting_confirmation: { name: 'Waits for you', tone: 'warn' },
  processing: { name: 'Being restored', tone: 'busy' },
  rolling_back: { name: 'Being undone', tone: 'busy' },
  completed: { name: 'Restored', tone: 'good' },
  failed: { name: 'Failed', tone: 'bad' },
  canceled: { name: 'Canceled', tone: 'rest' },
};

export const qualities: Readonly<Record<NonNullable<BackupListItem['quality']>, Named & { means: string }>> = {
  excellent: { name: 'Excellent', tone: 'good', means: 'Everything is in it, and every byte was read back.' },
  good: { name: 'Good', tone: 'good', means: 'Small things are noted below. It restores.' },
  fair: { name: 'Fair', tone: 'warn', means: 'Something is missing or odd. Read what, below.' },
  poor: { name: 'Poor', tone: 'bad', means: 'Do not rely on it. Read why below, and make a new backup.' },
};

export const backupTypes: Readonly<Record<BackupListItem['backupType'], { name: string; means: string }>> = {
  complete: { name: 'Everything', means: 'The whole profile. The only kind that brings all of it back.' },
  accounts_only: { name: 'Accounts', means: 'Accounts without their transactions.' },
  transactions_only: { name: 'Transactions', means: 'All transactions, with what they refer to.' },
  categories_only: { name: 'Categories', means: 'Categories with their rules.' },
  date_range: { name: 'A time span', means: 'Transactions between two days, with what they refer to.' },
  selective: { name: 'Chosen parts', means: 'Transactions of accounts or categories that you choose.' },
};

type Kind = keyof NonNullable<BackupStatus['counts']>;
/** In the order in which they are shown. */
export const kinds: Readonly<Record<Kind, { one: string; many: string }>> = {
  accounts: { one: 'account', many: 'accounts' },
  transactions: { one: 'transaction', many: 'transactions' },
  categories: { one: 'category', many: 'categories' },
  transaction_files: { one: 'file', many: 'files' },
  file_maps: { one: 'file map', many: 'file maps' },
  analytics: { one: 'analytics row', many: 'analytics rows' },
};
export const kindNames = Object.keys(kinds) as Kind[];

export const phases: Readonly<Record<NonNullable<BackupStatus['currentPhase']>, string>> = {
  collecting_data: 'Reading your profile',
  building_fzip_package: 'Packing',
  uploading: 'Storing the package',
  validating: 'Reading every byte back and checking it',
  completed: 'Done',
  verifying_empty_profile: 'Making sure the profile is empty',
  parsing_package: 'Reading the package',
  validating_schema: 'Checking every row',
  awaiting_confirmation: 'Waiting for your confirmation',
  restoring_accounts: 'Restoring accounts',
  restoring_categories: 'Restoring categories',
  restoring_file_maps: 'Restoring file maps',
  restoring_transaction_files: 'Restoring files',
  restoring_transactions: 'Restoring transactions',
  restoring_analytics: 'Restoring analytics',
  verifying: 'Reading everything back and comparing',
  rolling_back: 'Removing what was written',
  clearing: 'Deleting',
};
/** Of a backup, of a restore before the word to go on, and after it: in their order. */
export const phaseOrder = {
  backup: ['collecting_data', 'building_fzip_package', 'uploading', 'validating'],
  check: ['parsing_package', 'validating_schema'],
  restore: [
    'restoring_accounts',
    'restoring_categories',
    'restoring_file_maps',
    'restoring_transaction_files',
    'restoring_transactions',
    'restoring_analytics',
    'verifying',
  ],
} as const satisfies Record<string, readonly (keyof typeof phases)[]>;

export const checks = {
  deep: {
    name: 'Read every byte again',
    means: 'Reads the stored package from beginning to end and judges it as if it were unknown.',
  },
  compare: {
    name: 'Compare with the profile',
    means: 'Tells what was added, removed and changed in your profile since the backup.',
  },
  round_trip: {
    name: 'Prove that it restores',
    means: 'Restores it into tables apart from every profile, and compares. Up to 100 000 rows.',
  },
} as const;

const leftOut: Readonly<Record<string, string>> = {
  user_preferences: 'your preferences',
  recurring_charges: 'recurring charges',
  pattern_feedback: 'feedback on patterns',
  workflows: 'workflows',
};
export const leftOutName = (name: string): string => leftOut[name] ?? name;
