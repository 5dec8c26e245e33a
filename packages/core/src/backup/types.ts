/** The types of backup: what each takes of a profile, and which filters go with it. */
import { type EntityKind, entityKinds } from '@fzip/format';
import type { CollectPiece } from '../jobs.ts';
import type { DateRange } from '../ports.ts';
import type { BackupParameters } from './parameters.ts';

type Type = BackupParameters['backupType'];

/** Kinds of which a type takes every row that its filters let through; of the others it takes what those refer to. */
const roots: Readonly<Record<Type, readonly EntityKind[]>> = {
  complete: entityKinds,
  accounts_only: ['accounts'],
  transactions_only: ['transactions'],
  categories_only: ['categories'],
  date_range: ['transactions'],
  selective: ['transactions'],
};

/** A complete backup is all roots, so nothing has to be asked for. */
export const isPartial = ({ backupType }: BackupParameters): boolean => backupType !== 'complete';

export const isRoot = ({ backupType }: BackupParameters, kind: EntityKind): boolean => roots[backupType].includes(kind);

/** Analytics sum up a whole profile, so a part of it brings them only when asked. */
export const withAnalytics = (parameters: BackupParameters): boolean =>
  parameters.includeAnalytics ?? !isPartial(parameters);

/** Both ends of the user's dates belong to the range. */
export const rangeOf = ({ dateRangeStart, dateRangeEnd }: BackupParameters): DateRange => ({
  ...(dateRangeStart === undefined ? {} : { from: dateRangeStart }),
  ...(dateRangeEnd === undefined ? {} : { below: dateRangeEnd + 1 }),
});

/**
 * What a part of a profile takes of a kind follows from the stages before; a complete one reads everything side by side. DESIGN.md
 * section 3, "request". Behind either, the rows that HouseF3's own index does not show: transactions by the accounts that others
 * name, then accounts and categories by what all rows taken refer to, and files by their objects.
 */
const stages: Readonly<Record<'part' | 'complete', Readonly<Record<EntityKind, number>>>> = {
  part: { transactions: 1, transaction_files: 3, accounts: 4, categories: 4, file_maps: 4, analytics: 4 },
  complete: { transactions: 1, transaction_files: 1, accounts: 1, categories: 1, file_maps: 1, analytics: 1 },
};
const unindexedStages: Partial<Record<EntityKind, number>> = {
  transactions: 2,
  accounts: 5,
  categories: 5,
  transaction_files: 5,
};

/** A row without a date is within no range of dates. */
const mayLack = (parameters: BackupParameters, kind: EntityKind): boolean => {
  const { from, below } = rangeOf(parameters);
  // Of files the index shows every row; what it does not show are objects without one. A part of a profile leaves out most anyway.
  if (kind === 'transaction_files') return !isPartial(parameters);
  if (kind !== 'transactions') return isLookedAt(parameters, kind);
  return isRoot(parameters, kind) && from === undefined && below === undefined;
};

/** The pieces of a backup, stage by stage. */
export const piecesOf = (parameters: BackupParameters, ranges: readonly DateRange[]): CollectPiece[] => {
  const kinds = entityKinds.filter((kind) => kind !== 'analytics' || withAnalytics(parameters));
  const pieces = kinds.flatMap((kind): CollectPiece[] => {
    const stage = stages[isPartial(parameters) ? 'part' : 'complete'][kind];
    const own = kind === 'transactions' ? ranges.map((range) => ({ kind, stage, ...range })) : [{ kind, stage }];
    const behind = unindexedStages[kind];
    return behind !== undefined && mayLack(parameters, kind) ? [...own, { kind, stage: behind, unindexed: true }] : own;
  });
  return pieces.sort((a, b) => a.stage - b.stage);
};

/** Whether rows of a kind may come into a backup at all. */
export const isLookedAt = (parameters: BackupParameters, kind: EntityKind): boolean => {
  if (kind === 'analytics') return withAnalytics(parameters);
  if (!isPartial(parameters) || isRoot(parameters, 'transactions') || isRoot(parameters, kind)) return true;
  // An account brings its file map, and a file map its account.
  return kind === 'file_maps' && isRoot(parameters, 'accounts');
};

/** Cuts a range of dates into parts of equal length. The first and the last are open where the range is: rows may be added meanwhile. */
export const cutRange = (
  { from, below }: DateRange,
  { oldest, newest }: { oldest: number; newest: number },
  parts: number,
): DateRange[] => {
  const cuts = new Set<number>();
  for (let n = 1; n < parts; n += 1) {
    const cut = Math.floor(oldest + ((newest - oldest) * n) / parts);
    if (cut > oldest) cuts.add(cut);
  }
  const edges = [from, ...cuts, below];
  return edges.slice(1).map((end, n) => {
    const begin = edges[n];
    return { ...(begin === undefined ? {} : { from: begin }), ...(end === undefined ? {} : { below: end }) };
  });
};
