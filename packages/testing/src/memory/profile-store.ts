/** HouseF3's tables in memory. */
import type { ProfileStore } from '@fzip/core';
import {
  compareSortKeys,
  type EntityKind,
  ExactNumber,
  entityKinds,
  idOf,
  kindRules,
  type Row,
  type SortKey,
  sortKey,
  type Value,
} from '@fzip/format';
import { readCursor, writeCursor } from './cursors.ts';

export type MemoryProfileStore = ProfileStore & {
  /** Puts rows, each by its id; a row replaces the one of its id, whoever's it was, as in HouseF3's tables. */
  put(kind: EntityKind, rows: readonly Row[]): void;
  remove(kind: EntityKind, row: Row): void;
  /** Every row of a kind, of every user. */
  rows(kind: EntityKind): Row[];
};

/** `pageRows`: rows on one page. */
export const memoryProfileStore = ({ pageRows = 100 }: { pageRows?: number } = {}): MemoryProfileStore => {
  const tables = Object.fromEntries(entityKinds.map((kind) => [kind, new Map<string, Row>()])) as Record<
    EntityKind,
    Map<string, Row>
  >;
  const ofUser = (userId: string, kind: EntityKind) =>
    [...tables[kind].values()].filter((row) => row.userId === userId && isInIndex(kind, row));

  return {
    put: (kind, rows) => {
      for (const row of rows) tables[kind].set(primaryKey(kind, row), copyRow(row));
    },
    remove: (kind, row) => {
      tables[kind].delete(primaryKey(kind, row));
    },
    rows: (kind) => [...tables[kind].values()].map(copyRow),
    page: async ({ userId, kind, cursor, attributes }) => {
      const after = cursor === undefined ? undefined : placeOf(cursor);
      const rows = ofUser(userId, kind)
        .map((row) => ({ row, place: sortKey(kind, row) }))
        .filter(({ place }) => after === undefined || compareSortKeys(place, after) > 0)
        .sort((a, b) => compareSortKeys(a.place, b.place));
      const shown = rows.slice(0, pageRows);
      const last = shown.at(-1);
      const page = { rows: shown.map(({ row }) => copyRow(attributes?.length ? only(row, attributes) : row)) };
      return rows.length > shown.length && last ? { ...page, cursor: writeCursor(last.place) } : page;
    },
    count: async (userId, kind, withinMs) =>
      withinMs > 0 ? { count: ofUser(userId, kind).length, exact: true } : { count: 0, exact: false },
  };
};

/** DynamoDB's indexes leave out the rows that lack a key of theirs. */
const isInIndex = (kind: EntityKind, row: Row): boolean => {
  const { rangeKey } = kindRules[kind];
  return rangeKey === undefined || row[rangeKey] !== undefined;
};

const primaryKey = (kind: EntityKind, row: Row): string => {
  const id = idOf(kind, row);
  if (id === undefined) throw new TypeError(`a row of ${kind} has no id`);
  return kind === 'analytics' ? `${row.userId}#${id}` : id;
};

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
