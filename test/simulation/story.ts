/** What users did in a run, as far as it decides what must be so in the end. */
import type { EntityKind, Row } from '@fzip/format';
import type { Profile } from './profiles.ts';

export type Story = {
  /** Each user's profile at the beginning. */
  before: Map<string, Profile>;
  /** By the job's id: the profile that was backed up, or that the package to be restored was made of. */
  backups: Map<string, Profile>;
  restores: Map<string, Profile>;
  /** What a user's HouseF3 wrote meanwhile: by user, rows that nobody may touch, and when (ms since epoch). */
  added: Map<string, { kind: EntityKind; row: Row; at: number }[]>;
  /** Users who did what makes an ending other than the good one right: canceled, deleted, filled the profile, did nothing. */
  disturbed: Set<string>;
};

export const newStory = (): Story => ({
  before: new Map(),
  backups: new Map(),
  restores: new Map(),
  added: new Map(),
  disturbed: new Set(),
});
