/**
 * Rows of a user that HouseF3's own index does not show, since they lack its range key, looked for by other ways: transactions by the
 * index of their account, accounts and categories by what the rows collected refer to. HOUSEF3.md section 2a.
 */
import { type EntityKind, idOf, kindRules, type Row, referencesOf } from '@fzip/format';
import * as z from 'zod';
import type { CollectPiece, Job } from '../jobs.ts';
import { rowPages } from '../pages.ts';
import type { Ports } from '../ports.ts';
import { collectedOf, kindsOf } from './collected.ts';
import { rowsInOrder } from './in-order.ts';
import { noIds, readIds } from './references.ts';

/** Pages of a piece's rows; `attributes`: no others are needed. No cursor: that was the last. */
export type Pages = (
  cursor: string | undefined,
  attributes?: readonly string[],
) => Promise<{ rows: Row[]; cursor?: string }>;

/** The rows of a kind that are not in the index. */
export const unindexedPages = async (ports: Ports, job: Job, { kind, stage }: CollectPiece): Promise<Pages> => {
  if (kind === 'transaction_files') return async () => ({ rows: [] });
  if (kind === 'transactions') return byAccount(ports, job, await accountsOf(ports, job, stage));
  return async () => ({ rows: await referredRows(ports, job, kind, stage) });
};

/** Queries that one page makes at most: most accounts have no such row. */
const queriesAtMost = 20;

/** Which account is looked at, and where its own page ended. */
const Cursor = z.tuple([z.int(), z.string().optional()]);

const byAccount =
  (ports: Ports, { userId }: Job, accounts: readonly string[]): Pages =>
  async (cursor) => {
    let [n, inner] = cursor === undefined ? [0, undefined] : Cursor.parse(JSON.parse(cursor));
    const next = () => (n < accounts.length ? { cursor: JSON.stringify(inner === undefined ? [n] : [n, inner]) } : {});
    for (let asked = 0; asked < queriesAtMost; asked += 1) {
      const accountId = accounts[n];
      if (accountId === undefined) break;
      const page = await ports.profiles.unindexed({
        userId,
        kind: 'transactions',
        accountId,
        ...(inner === undefined ? {} : { cursor: inner }),
      });
      inner = page.cursor;
      if (inner === undefined) n += 1;
      if (page.rows.length > 0) return { rows: page.rows, ...next() };
    }
    return { rows: [], ...next() };
  };

/** Every account that the user has, or that a transaction names: in one order, so that a cursor holds. */
const accountsOf = async (ports: Ports, job: Job, stage: number): Promise<string[]> => {
  const ids = await referredIds(ports, job, 'accounts', stage);
  for await (const rows of rowPages(ports, { userId: job.userId, kind: 'accounts', attributes: ['accountId'] }))
    for (const row of rows) ids.add(idOf('accounts', row) ?? '');
  return [...ids].filter(canBeKey).sort();
};

/** The longest text that a table or an index takes as a hash key. */
const longestKeyBytes = 2_048;
const canBeKey = (id: string): boolean => id !== '' && Buffer.byteLength(id) <= longestKeyBytes;

/** What rows refer to and no index has shown, with what that refers to in turn. As many as dangling references at most. */
const referredRows = async (ports: Ports, job: Job, kind: EntityKind, stage: number): Promise<Row[]> => {
  const { id: name = '' } = kindRules[kind];
  const known = await stagedIds(ports, job, kind, stage);
  const found = new Map<string, Row>();
  const take = (row: Row): void => {
    const id = idOf(kind, row);
    if (id === undefined || row.userId !== job.userId || known.has(id)) return;
    known.add(id);
    found.set(id, row);
  };
  if (kind === 'categories') for (const row of await unindexedCategories(ports, job.userId)) take(row);
  const wanted = await referredIds(ports, job, kind, stage);
  const asked = new Set<string>();
  for (;;) {
    for (const row of found.values()) {
      for (const { to, id } of referencesOf(kind, row)) if (to === kind) wanted.add(id);
    }
    const missing = [...wanted].filter((id) => !known.has(id) && !asked.has(id) && canBeKey(id));
    if (missing.length === 0) return [...found.values()];
    for (const id of missing) asked.add(id);
    const rows = await ports.profiles.get(
      kind,
      missing.map((id) => ({ [name]: id })),
    );
    for (const row of rows) if (row) take(row);
  }
};

const unindexedCategories = async (ports: Ports, userId: string): Promise<Row[]> => {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await ports.profiles.unindexed({ userId, kind: 'categories', ...(cursor ? { cursor } : {}) });
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
};

const stagedIds = async (ports: Ports, job: Job, kind: EntityKind, stage: number): Promise<Set<string>> => {
  const ids = new Set<string>();
  const { chunks } = await collectedOf(ports, job, kind, stage);
  for await (const { row } of rowsInOrder(ports, kind, chunks)) ids.add(idOf(kind, row) ?? '');
  return ids;
};

/** The ids of a kind that the rows of the stages before refer to. */
const referredIds = async (ports: Ports, job: Job, to: EntityKind, stage: number): Promise<Set<string>> => {
  const ids = noIds();
  const found = ids.get(to) ?? new Set<string>();
  for (const kind of kindsOf(job)) {
    const { chunks } = await collectedOf(ports, job, kind, stage);
    for (const { plain, refers } of chunks) {
      for (const id of plain?.[to] ?? []) found.add(id);
      if (refers) await readIds(ports, refers, ids);
    }
  }
  return found;
};
