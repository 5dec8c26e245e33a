/** Which rows of one side are which of the other, by a key: unique on both sides they are a pair, else they are removed and added. */
import { formatRow, type Row } from '../row.ts';
import { createKeyTable, type KeyTable, type Side } from './key-table.ts';

/** A row as it is compared, and as people see it. */
export type Compared = { key: string; id: string | undefined; row: Row; shown: Row };
/** Gives the rows of a side anew whenever it is asked, in the same order. */
export type Stream = () => AsyncIterable<Compared>;
export type Sides = Record<Side, Stream>;

export type Counts = { same: number; changed: number; added: number; removed: number };

export type Pair = { change: 'changed'; a: Compared; b: Compared };
export type Single = { change: 'removed' | 'added'; row: Compared };
export type RowDifference = Pair | Single;

export type Matched = {
  counts: Counts;
  /** True if the row with this key has one partner, like it or not. */
  isPaired(key: string): boolean;
  /** Every difference, in the order in which the sides hold them, as long as somebody takes them. */
  differences(): AsyncGenerator<RowDifference>;
};

/** @param onDouble hears of a row whose key stood there before on its side */
export const matchByKey = async (sides: Sides, onDouble?: (side: Side, row: Compared) => void): Promise<Matched> => {
  const table = createKeyTable();
  for await (const one of sides.a()) {
    const place = table.count('a', one.key);
    if (table.counted('a', place) > 1) onDouble?.('a', one);
    table.keep(place, formatRow(one.row));
  }
  for await (const one of sides.b()) {
    const place = table.count('b', one.key);
    if (table.counted('b', place) > 1) onDouble?.('b', one);
    // Marked: changed. Looked at only where the key is unique on both sides.
    if (table.counted('a', place) > 0 && !table.isKept(place, formatRow(one.row))) table.mark(place);
  }
  return {
    counts: countsOf(table),
    isPaired: (key) => isPair(table, table.find(key)),
    differences: () => differences(sides, table),
  };
};

const isPair = (table: KeyTable, place: number): boolean =>
  place >= 0 && table.counted('a', place) === 1 && table.counted('b', place) === 1;

const countsOf = (table: KeyTable): Counts => {
  const counts = { same: 0, changed: 0, added: 0, removed: 0 };
  for (let place = 0; place < table.places(); place += 1) {
    if (!isPair(table, place)) {
      counts.removed += table.counted('a', place);
      counts.added += table.counted('b', place);
    } else if (table.isMarked(place)) counts.changed += 1;
    else counts.same += 1;
  }
  return counts;
};

/** Rows that wait for their partner, at most, in UTF-16 units of their text. Both sides have much the same order, so few wait. */
const waitingUnits = 16 * 1024 * 1024;

async function* differences(sides: Sides, table: KeyTable): AsyncGenerator<RowDifference> {
  const told = new Set<string>();
  for (let round = 1, isOver = false; !isOver; round += 1) {
    isOver = true;
    const waiting: Record<Side, Map<string, Compared>> = { a: new Map(), b: new Map() };
    let units = 0;
    for await (const [side, one] of inTurn(sides)) {
      const place = table.find(one.key);
      if (!isPair(table, place)) {
        if (round === 1) yield { change: side === 'a' ? 'removed' : 'added', row: one };
        continue;
      }
      if (!table.isMarked(place) || told.has(one.key)) continue;
      const other = waiting[side === 'a' ? 'b' : 'a'];
      const partner = other.get(one.key);
      if (partner) {
        other.delete(one.key);
        units -= formatRow(partner.row).length;
        // Only where a further round may come is it of use to know who was told of.
        if (!isOver || round > 1) told.add(one.key);
        yield side === 'a' ? { change: 'changed', a: one, b: partner } : { change: 'changed', a: partner, b: one };
      } else if (units < waitingUnits) {
        waiting[side].set(one.key, one);
        units += formatRow(one.row).length;
      } else isOver = false;
    }
  }
}

/** A row of one side, then one of the other, and the rest of the longer one. */
async function* inTurn(sides: Sides): AsyncGenerator<[Side, Compared]> {
  const open = new Map<Side, AsyncIterator<Compared>>([
    ['a', sides.a()[Symbol.asyncIterator]()],
    ['b', sides.b()[Symbol.asyncIterator]()],
  ]);
  try {
    while (open.size > 0) {
      for (const [side, iterator] of [...open]) {
        const next = await iterator.next();
        if (next.done) open.delete(side);
        else yield [side, next.value];
      }
    }
  } finally {
    for (const iterator of open.values()) await iterator.return?.();
  }
}
