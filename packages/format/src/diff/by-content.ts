/**
 * Rows whose ids were made anew, by what they hold. A reference counts as what it leads to. Rows of equal content are the same,
 * as many as both sides have; of the others those are pairs that share what names them to people, if it does so only once.
 */
import { hash } from 'node:crypto';
import type { EntityKind } from '../entities.ts';
import { kindRules } from '../entities.ts';
import { mapAt } from '../fields.ts';
import { formatRow, type Row, type Value } from '../row.ts';
import { createKeyTable, type KeyTable, type Side } from './key-table.ts';
import { type Compared, type Matched, matchByKey, type Sides, type Stream } from './matching.ts';

/** What stands for an id on both sides, by kind and id. */
export type Tokens = Map<EntityKind, ReadonlyMap<string, string>>;

/** Made of other attributes, ids among them, so that it says nothing of its own. */
const derived: Partial<Record<EntityKind, readonly string[]>> = { transactions: ['transactionHash'] };

/** A comparable row without ids: its own is gone, others are what they lead to. */
export const withoutIds = (kind: EntityKind, row: Row, tokens: Tokens, leftOut: readonly string[] = []): Row => {
  const { id, references } = kindRules[kind];
  const gone = new Set([...(id === undefined ? [] : [id]), ...(derived[kind] ?? []), ...leftOut]);
  const kept = Object.fromEntries(Object.entries(row).filter(([name]) => !gone.has(name)));
  return references.reduce(
    (changed, { field, to }) =>
      mapAt(changed, field, (value) => (typeof value === 'string' ? (tokens.get(to)?.get(value) ?? nowhere) : value)),
    kept,
  );
};

/** A reference that leads nowhere was made anew as well: all of them look alike. */
const nowhere = '(nowhere)';

/** By what people know a row, of a row without ids; more than one may share it. */
const naming: Readonly<Record<EntityKind, readonly string[]>> = {
  accounts: ['accountName', 'accountType'],
  categories: ['name', 'type', 'parentCategoryId'],
  file_maps: ['name', 'accountId'],
  transaction_files: ['fileName', 'uploadDate'],
  transactions: ['accountId', 'date', 'amount', 'description'],
  analytics: ['analyticType', 'timePeriod', 'accountId'],
};

export const namingKey = (kind: EntityKind, row: Row): string =>
  formatRow(Object.fromEntries(naming[kind].map((name): [string, Value] => [name, row[name] ?? null])));

export type MatchedByContent = Matched & {
  /** What stands for each row of a side, by its id. */
  tokens(side: Side): Promise<Map<string, string>>;
};

/** The keys of the streams are what names the rows. */
export const matchByContent = async (sides: Sides): Promise<MatchedByContent> => {
  const contents = createKeyTable();
  for (const side of ['a', 'b'] as const) {
    for await (const { row } of sides[side]()) contents.count(side, formatRow(row));
  }
  let same = 0;
  for (let place = 0; place < contents.places(); place += 1) same += inBoth(contents, place);
  const left: Sides = { a: others(sides.a, contents), b: others(sides.b, contents) };
  const matched = await matchByKey(left);
  return {
    ...matched,
    counts: { ...matched.counts, same: same + matched.counts.same },
    tokens: async (side) => {
      const tokens = new Map<string, string>();
      const isSame = firstOnes(contents);
      for await (const { id, key, row } of sides[side]()) {
        if (id === undefined) continue;
        const text = formatRow(row);
        const known = isSame(text) ? `=${text}` : matched.isPaired(key) ? `~${key}` : `${side}${id}`;
        tokens.set(id, hash('sha256', known, 'hex').slice(0, 32));
      }
      return tokens;
    },
  };
};

const inBoth = (contents: KeyTable, place: number): number =>
  Math.min(contents.counted('a', place), contents.counted('b', place));

/** Tells of one row after the other of a side whether it is among those that both sides have. */
const firstOnes = (contents: KeyTable): ((text: string) => boolean) => {
  const seen = new Uint32Array(contents.places());
  return (text) => {
    const place = contents.find(text);
    const count = (seen[place] ?? 0) + 1;
    seen[place] = count;
    return count <= inBoth(contents, place);
  };
};

const others = (stream: Stream, contents: KeyTable): Stream =>
  async function* (): AsyncGenerator<Compared> {
    const isSame = firstOnes(contents);
    for await (const one of stream()) if (!isSame(formatRow(one.row))) yield one;
  };
