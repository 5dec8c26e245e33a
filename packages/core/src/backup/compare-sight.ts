/** What the phases of a comparison share while a piece of it is done. */
import type { EntityKind, Volume } from '@fzip/format';
import * as z from 'zod';
import type { Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import type { Keeper } from './differences.ts';
import { type Differences, DifferencesByKind } from './examined.ts';

/** What one piece found, of itself alone. */
export const Found = z.object({
  tallies: DifferencesByKind,
  files: z.int(),
  /** Rows that have no id, and so no place in the profile. */
  nameless: z.int(),
});
export type Found = z.infer<typeof Found>;

export type Sight = {
  ports: Ports;
  backup: Job;
  volumes: readonly Volume[];
  found: Found;
  keep: Keeper['add'];
  /** Counts the rows that were looked at, on both sides. */
  looked(rows: number): Promise<void>;
  isTimeUp(): boolean;
};

export const tallyOf = ({ found: { tallies } }: Sight, kind: EntityKind): Differences => {
  const tally = tallies[kind] ?? { same: 0, added: 0, removed: 0, changed: 0 };
  tallies[kind] = tally;
  return tally;
};
