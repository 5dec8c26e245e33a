/** A package's row as it will stand in the tables: owned by the signed-in user, with its ids kept or made anew. DESIGN.md section 8. */
import { createHmac } from 'node:crypto';
import {
  type EntityKind,
  idOf,
  isNumber,
  kindRules,
  mapAt,
  type Row,
  safeFileName,
  toStoredRow,
  transactionHash,
} from '@fzip/format';
import type { Writing } from '../jobs.ts';

/** How ids become ids. `kept` is for looking at a package before anything is decided. */
export type Ids = { ids: 'kept' } | { ids: 'new'; secret: string };

export const idsOf = ({ idMode, secret }: Writing): Ids =>
  idMode === 'preserve' ? { ids: 'kept' } : { ids: 'new', secret };

/** The id that stands for an old one: the same for every attempt, and nobody without the secret can aim it at another's row. */
const newId = (secret: string, kind: EntityKind, id: string): string => {
  const hex = createHmac('sha256', secret).update(`${kind}\n${id}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(18, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};

/** The stored form of a package's row for a user. */
export const prepare = (kind: EntityKind, packaged: Row, userId: string, ids: Ids): Row => {
  const owned = { ...remapped(kind, packaged, ids), userId };
  const placed = kind === 'transaction_files' ? { ...owned, s3Key: fileKey(userId, owned) } : owned;
  return toStoredRow(kind, placed);
};

/** Where a restored file's bytes go, whatever the package says. */
export const fileKey = (userId: string, row: Row): string =>
  `${userId}/${safeFileName(String(row.fileId))}/${safeFileName(String(row.fileName))}`;

const remapped = (kind: EntityKind, packaged: Row, ids: Ids): Row => {
  if (ids.ids === 'kept') return packaged;
  const { id, references } = kindRules[kind];
  const fresh = (of: EntityKind) => (value: Row[string]) =>
    typeof value === 'string' ? newId(ids.secret, of, value) : value;
  const own = id === undefined ? packaged : mapAt(packaged, id, fresh(kind));
  const row = references.reduce((changed, { field, to }) => mapAt(changed, field, fresh(to)), own);
  return kind === 'transactions' ? rehashed(row) : row;
};

/** HouseF3 hashes a transaction over its account's id: with a new account it has a new hash. */
const rehashed = (row: Row): Row => {
  const { accountId, date, amount, description } = row;
  const hashed =
    isNumber(row.transactionHash) &&
    typeof accountId === 'string' &&
    isNumber(date) &&
    (typeof amount === 'string' || isNumber(amount)) &&
    typeof description === 'string';
  return hashed ? { ...row, transactionHash: transactionHash({ accountId, date, amount, description }) } : row;
};

/** What names a prepared row in a message to people. */
export const nameOf = (kind: EntityKind, row: Row): string => `${kind} ${idOf(kind, row) ?? '(no id)'}`;
