/** HouseF3's tables in memory. */
import type { DateRange, ProfileStore, UnindexedQuery } from '@fzip/core';
import {
  compareSortKeys,
  type EntityKind,
  ExactNumber,
  entityKinds,
  kindRules,
  type Row,
  type SortKey,
  sortKey,
  toStoredRow,
  type Value,
} from '@fzip/format';
import { readCursor, writeCursor } from './cursors.ts';

export type MemoryProfileStore = ProfileStore & {
  /** Puts rows, each by its id; a row replaces the one of its id, whoever's it was, as in HouseF3's tables. */
  put(kind: EntityKind, rows: readonly Row[]): void;
  remove(kind: EntityKind, row: Row): void;
  /** Whose analytics were marked as stale, and when last (ms since epoch). */
  stale: ReadonlyMap<string, number>;
  /** Every row of a kind, of every user. */
  rows(kind: EntityKind): Row[];
};

type Tables = Record<EntityKind, Map<string, Row>>;

/** `pageRows`: rows on one page. */
export const memoryProfileStore = ({ pageRows = 100 }: { pageRows?: number } = {}): MemoryProfileStore => {
  const tables = Object.fromEntries(entityKinds.map((kind) => [kind, new Map<string, Row>()])) as Tables;
  const stale = new Map<string, number>();
  const ofUser = (userId: string, kind: EntityKind, range?: DateRange) =>
    [...tables[kind].values()].filter(
      (row) => row.userId === userId && isInIndex(kind, row) && (range === undefined || isWithin(range, row)),
    );

  return {
    put: (kind, rows) => {
      for (const row of rows) tables[kind].set(testKey(kind, row), copyRow(row));
    },
    remove: (kind, row) => {
      tables[kind].delete(testKey(kind, row));
    },
    stale,
    rows: (kind) => [...tables[kind].values()].map(copyRow),
    page: async ({ userId, kind, range, cursor, attributes }) => {
      const after = cursor === undefined ? undefined : placeOf(cursor);
      const rows = ofUser(userId, kind, range)
        .map((row) => ({ row, place: sortKey(kind, row) }))
        .filter(({ place }) => after === undefined || compareSortKeys(place, after) > 0)
        .sort((a, b) => compareSortKeys(a.place, b.place));
      const shown = rows.slice(0, pageRows);
      const last = shown.at(-1);
      const page = { rows: shown.map(({ row }) => copyRow(attributes?.length ? only(row, attributes) : row)) };
      return rows.length > shown.length && last ? { ...page, cursor: writeCursor(last.place) } : page;
    },
    unindexed: async (query) => {
      const after = query.cursor === undefined ? '' : String(readCursor(query.cursor, 1)[0]);
      const rows = [...tables[query.kind].entries()]
        .filter(([key, row]) => key > after && row.userId === query.userId && isOfOther(query, row))
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const shown = rows.slice(0, pageRows);
      const page = { rows: shown.map(([, row]) => copyRow(row)) };
      const last = shown.at(-1);
      return rows.length > shown.length && last ? { ...page, cursor: writeCursor([last[0]]) } : page;
    },
    count: async (userId, kind, withinMs, range) =>
      withinMs > 0 ? { count: ofUser(userId, kind, range).length, exact: true } : { count: 0, exact: false },
    span: async (userId, range) => {
      const dates = ofUser(userId, 'transactions', range).map(dateOf);
      const [oldest, newest] = [Math.min(...dates), Math.max(...dates)];
      return dates.length === 0 ? undefined : { oldest, newest };
    },
    ...byKey(tables),
    markAnalyticsStale: async (userId, at) => {
      stale.set(userId, at);
    },
  };
};

type ByKey = 'putOwn' | 'putFresh' | 'get' | 'deleteOwn';

const byKey = (tables: Tables): Pick<ProfileStore, ByKey> => {
  const isAnothers = (userId: string, kind: EntityKind, key: string): boolean => {
    const there = tables[kind].get(key);
    return there !== undefined && there.userId !== userId;
  };
  return {
    putOwn: async (userId, kind, rows) => {
      const foreign = rows.filter((row) => row.userId !== userId).length;
      if (foreign > 0) throw new TypeError(`${foreign} of ${rows.length} rows of ${kind} are not the user's own`);
      const keyed = rows.map((row) => ({ row, key: primaryKey(kind, row) }));
      const free = keyed.filter(({ key }) => !isAnothers(userId, kind, key));
      for (const { row, key } of free) tables[kind].set(key, copyRow(row));
      return { conflicts: rows.length - free.length };
    },
    putFresh: async (kind, rows) => {
      for (const row of rows) tables[kind].set(primaryKey(kind, row), copyRow(row));
    },
    get: async (kind, keys, attributes) =>
      keys.map((key) => {
        const row = tables[kind].get(primaryKey(kind, key));
        return row && copyRow(attributes ? only(row, [...keyNames(kind), ...attributes]) : row);
      }),
    deleteOwn: async (userId, kind, keys) => {
      for (const key of keys.map((row) => primaryKey(kind, row))) {
        if (!isAnothers(userId, kind, key)) tables[kind].delete(key);
      }
    },
  };
};

/** DynamoDB's indexes leave out the rows that lack a key of theirs. */
const isInIndex = (kind: EntityKind, row: Row): boolean => {
  const { rangeKey } = kindRules[kind];
  return rangeKey === undefined || row[rangeKey] !== undefined;
};

/** In the other index, and not in the one that `page` reads. */
const isOfOther = (query: UnindexedQuery, row: Row): boolean => {
  if (isInIndex(query.kind, row)) return false;
  return query.kind === 'transactions'
    ? row.accountId === query.accountId && row.amount !== undefined
    : row.parentCategoryId !== undefined && row.parentCategoryId !== null;
};

const dateOf = ({ date }: Row): number => (date instanceof ExactNumber ? Number(date.text) : Number(date));

const isWithin = ({ from = -Infinity, below = Infinity }: DateRange, row: Row): boolean =>
  dateOf(row) >= from && dateOf(row) < below;

const keyNames = (kind: EntityKind): string[] => {
  const { id } = kindRules[kind];
  return id === undefined ? ['pk', 'sk'] : [id];
};

/** The row's key as a text. @throws TypeError if the row lacks a part of it, as DynamoDB refuses it */
const primaryKey = (kind: EntityKind, row: Row): string => {
  const parts = keyNames(kind).map((name) => row[name]);
  if (parts.every((part) => typeof part === 'string' && part !== '')) return JSON.stringify(parts);
  throw new TypeError(`a row of ${kind} has no ${keyNames(kind).join(' or no ')}`);
};

/** The same for what a test puts: its analytics may come without their composed key, as a package holds them. */
const testKey = (kind: EntityKind, row: Row): string =>
  primaryKey(kind, kind === 'analytics' && row.pk === undefined ? toStoredRow(kind, row) : row);

const placeOf = (cursor: string): SortKey => {
  const [range, id] = readCursor(cursor, 2);
  return [range ?? '', String(id)];
};

const only = (row: Row, attributes: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => attributes.includes(name)));

const copyRow = (row: Row): Row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, copy(value)]));

const copy = (value: Value): Value => {
  if (Array.isArray(value)) return value.map(copy);
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber) ? copyRow(value) : value;
};
