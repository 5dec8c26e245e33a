/** How a manifest says that its package is what a repair could save of a damaged one. */
import { type EntityKind, entityKinds } from './entities.ts';
import type { Manifest } from './manifest.ts';

/** What was lost: rows of each kind, null where nobody knows how many; files; other entries. */
export type LostCounts = Record<EntityKind, number | null> & { files: number; entries: number };

/** The manifest's `repaired`. */
export type RepairedMark = {
  /** ISO 8601. */
  at: string;
  /** The damaged package. */
  from: { name?: string; bytes: number };
  lost: LostCounts;
  /** Rows that no checksum proves: the package ended in their entry. */
  without_checksum: number;
  /** Rows that no checksum proves and that stand in damaged bytes: taken since that was asked for. */
  unproven: number;
  /** The same of the package that was repaired, if it was the outcome of a repair itself. */
  before?: unknown;
};

export const isMarkedRepaired = (manifest: Manifest): boolean =>
  typeof manifest.repaired === 'object' && manifest.repaired !== null;

/** In words. Other makers may have written it, so nothing of its shape is relied on. */
export const repairedText = ({ repaired }: Manifest): string => {
  const { at, lost, unproven } = repaired as Partial<Record<keyof RepairedMark, unknown>>;
  const counts = typeof lost === 'object' && lost !== null ? Object.entries(lost) : [];
  const known = [...entityKinds, 'files', 'entries'] as const;
  const parts = known.flatMap((key) => {
    const count = counts.find(([name]) => name === key)?.[1];
    const what = key.replace('_', ' ');
    if (count === null) return [`an unknown number of ${what}`];
    return typeof count === 'number' && count > 0 ? [`${count} ${what}`] : [];
  });
  const when = typeof at === 'string' ? `, saved on ${at}` : '';
  const doubt = typeof unproven === 'number' && unproven > 0 ? `; ${unproven} rows are unproven` : '';
  return `a part of a damaged package${when}; lost are ${parts.join(', ') || 'no rows and no files'}${doubt}`;
};
