/** What a repair could not save. */
import type { EntityKind } from '../entities.ts';

export type Loss =
  /** Rows of a data entry. `stated` by the manifest, `lost` as far as it is known how many. */
  | { what: 'rows'; entry: string; kind: EntityKind; kept: number; stated?: number; lost?: number; reason: string }
  /** One row, by its number in its entry; it is counted in `rows` as well. */
  | { what: 'row'; entry: string; kind: EntityKind; number: number; id?: string; reason: string }
  /** The bytes of a file. */
  | { what: 'file'; entry?: string; fileId: string; fileName?: string; reason: string }
  /** Any other entry, or a part of the archive. */
  | { what: 'entry'; entry: string; reason: string };
