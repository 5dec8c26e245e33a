/** What a backup will come to, told before it begins. */
import type { EntityKind } from '@fzip/format';
import type { Counts } from '../counts.ts';

/** Stored bytes a row, measured on packages of sample profiles; of a file map or category the rules make the difference. */
const storedBytesPerRow: Readonly<Record<EntityKind, number>> = {
  accounts: 150,
  categories: 250,
  file_maps: 150,
  // The row and the file's own bytes, which no count shows: the mean of sample profiles.
  transaction_files: 6_000,
  transactions: 130,
  analytics: 200,
};

/** Rows a second through all steps, and what even an empty backup takes, on two cores. */
const rowsPerSecond = 4_000;
const leastSeconds = 2;

export type Estimate = {
  /** Bytes of the package. */
  bytes: number;
  /** ms since epoch. */
  completionAt: number;
  /** False when counting stopped early: then both are "at least". */
  exact: boolean;
};

export const estimate = (counts: Counts, exact: boolean, at: number): Estimate => {
  const kinds = Object.entries(counts) as [EntityKind, number][];
  const bytes = kinds.reduce((sum, [kind, count]) => sum + count * storedBytesPerRow[kind], 2_000);
  const rows = kinds.reduce((sum, [, count]) => sum + count, 0);
  return { bytes, completionAt: at + Math.ceil(leastSeconds + rows / rowsPerSecond) * 1_000, exact };
};
