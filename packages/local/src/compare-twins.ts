/** Compares a profile with the one that was restored from its package: the same content, under another user and other ids. */
import { hash } from 'node:crypto';
import {
  type EntityKind,
  entityKinds,
  formatRow,
  formatValue,
  isNumber,
  kindRules,
  mapAt,
  type Row,
  safeFileName,
  toPackageRow,
  transactionHash,
} from '@fzip/format';
import { type Differ, differInto, type Findings, keyOf, noFindings } from './findings.ts';
import type { Store } from './profile-loader.ts';
import { storedObject, storedRows } from './stored-profile.ts';

export type TwinComparison = Findings & { rows: number; files: number };

type Side = { userId: string; role: 'source' | 'restored' };
/** A row that others refer to, with the sha256 of its bytes if it is a file that has any. */
type Held = { kind: EntityKind; row: Row; bytes: string };
/** What stands for an id: a hash of its row's content. By `keyOf`. */
type Names = ReadonlyMap<string, string>;

const referredKinds = entityKinds.filter((kind) =>
  entityKinds.some((other) => kindRules[other].references.some(({ to }) => to === kind)),
);
const otherKinds = entityKinds.filter((kind) => !referredKinds.includes(kind));

/**
 * Every id is replaced by a name made of its row's content, so that rows are equal if they hold and refer to the same.
 * Rows are held in memory, transactions as hashes: for profiles of up to some hundred thousand.
 */
export const compareTwins = async (store: Store, sourceUser: string, restoredUser: string): Promise<TwinComparison> => {
  const result: TwinComparison = { ...noFindings(), rows: 0, files: 0 };
  const differ = differInto(result);
  const unmatched = new Map<string, string[]>();
  for await (const { key, text } of contents(store, { userId: sourceUser, role: 'source' }, differ)) {
    const same = unmatched.get(text);
    if (same) same.push(key);
    else unmatched.set(text, [key]);
  }
  for await (const { key, text, bytes } of contents(store, { userId: restoredUser, role: 'restored' }, differ)) {
    result.rows += 1;
    if (bytes !== '') result.files += 1;
    if (unmatched.get(text)?.pop() === undefined)
      differ(`${key} of ${restoredUser} has no equal among the rows of ${sourceUser}`);
  }
  for (const key of [...unmatched.values()].flat())
    differ(`${key} of ${sourceUser} has no equal among the rows of ${restoredUser}`);
  return result;
};

/** Each row's content as a hash; equal for equal rows of both sides. */
async function* contents(store: Store, side: Side, differ: Differ) {
  const held: Held[] = [];
  for (const kind of referredKinds) {
    for await (const row of storedRows(store, kind, side.userId))
      held.push({ kind, row, bytes: kind === 'transaction_files' ? await bytesOf(store, side, row, differ) : '' });
  }
  const names = namesOf(held, side);
  for (const { kind, row, bytes } of held)
    yield { key: keyOf(kind, row), text: contentOf({ kind, row, bytes }, side, names), bytes };
  for (const kind of otherKinds) {
    for await (const row of storedRows(store, kind, side.userId))
      yield { key: keyOf(kind, row), text: contentOf({ kind, row, bytes: '' }, side, names), bytes: '' };
  }
}

const bytesOf = async (store: Store, { role }: Side, row: Row, differ: Differ): Promise<string> => {
  const stored = await storedObject(store, row.s3Key);
  if (role === 'restored' && stored && stored.metadata.length > 0)
    differ(`the object of file ${String(row.fileId)} has user metadata: ${stored.metadata.join(', ')}`);
  return stored?.sha256 ?? '';
};

/** Rows refer to rows that refer to rows: names are refined until no two that differ share one. */
const namesOf = (held: readonly Held[], side: Side): Names => {
  let names: Names = new Map();
  for (let told = -1, tells = 0; tells > told; ) {
    const before = names;
    names = new Map(held.map((one) => [keyOf(one.kind, one.row), contentOf(one, side, before)]));
    [told, tells] = [tells, new Set(names.values()).size];
  }
  return names;
};

const contentOf = ({ kind, row, bytes }: Held, side: Side, names: Names): string => {
  const { id, references } = kindRules[kind];
  const { userId: _, ...content } = { ...toPackageRow(kind, row), ...computed(kind, row, side) };
  if (id !== undefined) delete content[id];
  const named = references.reduce(
    (changed, { field, to }) =>
      mapAt(changed, field, (value) =>
        typeof value === 'string' ? (names.get(`${to} ${value}`) ?? 'nothing') : value,
      ),
    content as Row,
  );
  return hash('sha256', `${kind} ${formatRow(named)} ${bytes}`);
};

const right = 'as it must be';

/** What a restore makes anew, whatever the source had; in the restored profile it must be right. */
const computed = (kind: EntityKind, row: Row, { userId, role }: Side): Row => {
  const isSource = role === 'source';
  if (kind === 'transactions') {
    const expected = hashOf(row);
    if (expected === undefined) return {};
    const isRight = isSource || formatValue(row.transactionHash ?? null) === formatValue(expected);
    return isRight ? { transactionHash: right } : {};
  }
  if (kind === 'transaction_files') {
    const isRight = isSource || row.s3Key === placeOf(userId, row);
    return isRight ? { s3Key: right } : {};
  }
  const keys = { pk: `${userId}#${row.analyticType}`, sk: `${row.timePeriod}#${row.accountId ?? 'ALL'}` };
  if (kind !== 'analytics' || isSource || (row.pk === keys.pk && row.sk === keys.sk)) return {};
  return { pk: row.pk ?? null, sk: row.sk ?? null };
};

/** Where a restored file's bytes lie. DESIGN.md section 8, rule 1. */
export const placeOf = (userId: string, { fileId, fileName }: Row): string =>
  `${userId}/${String(fileId)}/${safeFileName(String(fileName))}`;

/** Undefined for a row that has no hash, or not all that is hashed. */
const hashOf = ({ transactionHash: stated, accountId, date, amount, description }: Row) =>
  isNumber(stated) &&
  typeof accountId === 'string' &&
  isNumber(date) &&
  isNumber(amount) &&
  typeof description === 'string'
    ? transactionHash({ accountId, date, amount, description })
    : undefined;
