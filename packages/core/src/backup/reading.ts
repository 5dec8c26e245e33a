/** One piece of a profile as it is read: which rows of which kind, and which of them are taken. */
import { type EntityKind, formatValue, idOf, kindRules, type Row } from '@fzip/format';
import type { CollectPiece, Job } from '../jobs.ts';
import type { BackupCollectMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import type { Idle } from '../settle.ts';
import type { PieceRecord } from './collected.ts';
import type { Selection } from './selection.ts';
import { type Pages, unindexedPages } from './unindexed.ts';

export type Reading = { job: Job; piece: CollectPiece; selection: Selection; pages: Pages };

export type ReadPiece =
  | { kind: 'done'; record: PieceRecord }
  | { kind: 'continue'; message: BackupCollectMessage }
  | { kind: 'idle'; outcome: Idle };

export const timeIsShort = (ports: Ports): boolean =>
  ports.invocation.deadline - ports.clock() < ports.limits.handOverMs;

/** The pages of a piece: of its range of the user's index, or of what that does not show. */
export const pagesOf = async (ports: Ports, job: Job, piece: CollectPiece): Promise<Pages> => {
  if (piece.unindexed) return unindexedPages(ports, job, piece);
  const { kind, from, below } = piece;
  const range = { ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) };
  const place = { userId: job.userId, kind, ...(Object.keys(range).length === 0 ? {} : { range }) };
  return (cursor, attributes) =>
    ports.profiles.page({ ...place, ...(cursor ? { cursor } : {}), ...(attributes ? { attributes } : {}) });
};

/** What names a row and tells whether it changed. Analytics have no `updatedAt`; they have the date of their computing. */
export const version = (kind: EntityKind, row: Row): string =>
  `${idOf(kind, row) ?? ''}\n${formatValue(row.updatedAt ?? row.computedDate ?? null)}`;

export const versionAttributes = (kind: EntityKind): string[] => {
  const { id } = kindRules[kind];
  return [...(id === undefined ? ['analyticType', 'timePeriod', 'accountId'] : [id]), 'updatedAt', 'computedDate'];
};
