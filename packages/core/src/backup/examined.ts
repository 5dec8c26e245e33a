/** A validation on demand as a job keeps it: what it is about, and what it found. */
import { EntityKind } from '@fzip/format';
import * as z from 'zod';
import { Counts } from '../counts.ts';
import { JobId } from '../ids.ts';

/**
 * How a completed backup can be validated on demand: `deep` reads every byte of it again, `compare` holds it against the profile,
 * `round_trip` restores it into scratch tables and backs that up.
 */
export const examinationModes = ['deep', 'compare', 'round_trip'] as const;
export const ExaminationMode = z.enum(examinationModes);
export type ExaminationMode = z.infer<typeof ExaminationMode>;

/** What a validation is about. */
export const Examination = z.object({ backupId: JobId, mode: ExaminationMode });
export type Examination = z.infer<typeof Examination>;

/** Rows of a kind by what a comparison of package and profile found of them. */
export const Differences = z.object({ same: z.int(), added: z.int(), removed: z.int(), changed: z.int() });
export type Differences = z.infer<typeof Differences>;
export const DifferencesByKind = z.partialRecord(EntityKind, Differences);

/** What a validation found. */
export const Examined = z.object({
  /** Nothing was found: no damage, and of a comparison no difference either. */
  ok: z.boolean(),
  /** The package itself is not what it was when it was completed, or does not restore to what it holds. */
  damaged: z.boolean(),
  /** The first hundred. */
  issues: z.array(z.string()),
  issueCount: z.int(),
  /** What was not looked at, or only in part, and what is odd. */
  warnings: z.array(z.string()),
  /** Rows of each kind, files and stored bytes that were looked at. */
  counts: Counts,
  files: z.int(),
  bytes: z.number().optional(),
  /** Of a comparison: what became of the package's rows in the profile, and what is new there; of a round trip, in what was restored. */
  differences: DifferencesByKind.optional(),
  differencesCount: z.int().optional(),
});
export type Examined = z.infer<typeof Examined>;

/** What a backup's row keeps of its latest validation of a mode. */
export const ExaminationNote = z.object({
  validationId: JobId,
  /** ms since epoch: when the last look was taken. */
  at: z.number(),
  ok: z.boolean(),
  damaged: z.boolean(),
  /** The first ten. */
  issues: z.array(z.string()),
  issueCount: z.int(),
});
export type ExaminationNote = z.infer<typeof ExaminationNote>;
