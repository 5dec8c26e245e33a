/** The kinds in the order they are written: what others refer to comes first. */
import { type EntityKind, entityKinds } from '@fzip/format';
import type { Phase } from '../jobs.ts';

export const restoreSteps = {
  accounts: 'restore-accounts',
  categories: 'restore-categories',
  file_maps: 'restore-file-maps',
  transaction_files: 'restore-transaction-files',
  transactions: 'restore-transactions',
  analytics: 'restore-analytics',
} as const satisfies Record<EntityKind, string>;

export type RestoreStep = (typeof restoreSteps)[EntityKind];

export const restoringPhase = (kind: EntityKind): Phase => `restoring_${kind}`;

export { entityKinds as writingOrder };
