/** What a converted package differs in from the one it was made of: all of it counted, the first ids of each kept. */
import type { EntityKind } from '../entities.ts';
import type { Difference, What } from './housef3-row.ts';

/** The same of some rows of a kind; `ids` are those of the first hundred. Of the manifest, `rows` is 1. */
export type Listed = Difference & { kind: EntityKind | 'files' | 'manifest'; rows: number; ids: string[] };

export type Differences = {
  /** @param id names the row, where it has an id */
  add(kind: Listed['kind'], id: string | undefined, difference: Difference): void;
  list(): Listed[];
};

const mostIds = 100;
const longestId = 100;

/** @param most differences of each sort that are told apart; rows that differ in yet another way are counted together */
export const createDifferences = (most = 1_000): Differences => {
  const found = new Map<string, Listed>();
  const told = new Map<What, number>();

  const keep = (key: string, entry: Listed): Listed => {
    found.set(key, entry);
    return entry;
  };

  const entryFor = (kind: Listed['kind'], difference: Difference): Listed => {
    const { what, field, why } = difference;
    const key = JSON.stringify([what, kind, field, why]);
    const known = found.get(key);
    if (known) return known;
    const count = told.get(what) ?? 0;
    if (count >= most) return rest(kind, what);
    told.set(what, count + 1);
    return keep(key, { kind, ...difference, rows: 0, ids: [] });
  };

  const rest = (kind: Listed['kind'], what: What): Listed => {
    const key = `${what} ${kind}`;
    const why = `for yet another reason; ${most} are told apart`;
    return found.get(key) ?? keep(key, { kind, what, why, rows: 0, ids: [] });
  };

  return {
    add: (kind, id, difference) => {
      const entry = entryFor(kind, difference);
      entry.rows += 1;
      if (id !== undefined && entry.ids.length < mostIds) entry.ids.push(id.slice(0, longestId).toWellFormed());
    },
    list: () => [...found.values()],
  };
};
