/** The packages that are accepted, one for each edge of the format: what is unusual about it, and exactly what the reader says. */
import type { EntityKind, RefusalCode, Row } from '../src/index.ts';
import { acceptedArchives } from './corpus-accepted-archives.ts';
import { acceptedHouseF3 } from './corpus-accepted-housef3.ts';
import { acceptedManifests } from './corpus-accepted-manifests.ts';
import { acceptedRows } from './corpus-accepted-rows.ts';

export type Accepted = {
  /** What is unusual about it; its file's name. */
  edge: string;
  zip: Buffer;
  /** Rows of a kind, where they are others than the corpus's small profile has. */
  counts?: Partial<Record<EntityKind, number>>;
  /** The codes of all its warnings, in any order. */
  warnings?: RefusalCode[];
  /** What the first row of a kind holds among other things, as it is handed on. */
  holds?: Partial<Record<EntityKind, Row>>;
};

export const acceptedPackages = async (): Promise<Accepted[]> => [
  ...(await acceptedArchives()),
  ...(await acceptedRows()),
  ...acceptedManifests(),
  ...acceptedHouseF3(),
];
