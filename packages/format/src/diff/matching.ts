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

export type MatchOptions = {
  /** Hears of a row whose key stood there before on its side. */
  onDouble?: (side: Side, row: Compared) => void;
  /** Rows that wait for their partner while differences are told, at most, in UTF-16 units of their text. One always may. */
  waitingUnits?: number;
};

/** Both sides have much the same order, so few wait. */
const mostWaiting = 16 * 1024 * 1024;

export const matchByKey = async (
  sides: Sides,
  { onDouble, waitingUnits = mostWaiting }: MatchOptions = {},
): Promise<Matched> => {
  const table = createKeyTable();
  for await (const one of sides.a()) {
    const place = table.count('a', one.key);
    if (table.counted('a', place) > 1) onDouble?.('a', one);
    table.keep(place, formatRow(one.row));
  }
  for await (const one of sides.b()) {
    const place = table.count('b', one.key);
    if (table.counted('b', place) > 1) onDouble?.('b', one);
    // Looked at only where the key is unique on both sides.
    if (table.counted('a', place) > 0 && !table.isKept(place, formatRow(one.row))) table.mark(place, 'changed');
  }
  return {
    counts: countsOf(table),
    isPaired: (key) => isPair(table, table.find(key)),
    differences: () => differences(sides, table, waitingUnits),
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
    } else if (table.isMarked(place, 'changed')) counts.changed += 1;
    else counts.same += 1;
  }
  return counts;
};

/** In as many rounds as it takes until none had to be passed over for want of room. */
async function* differences(sides: Sides, table: KeyTable, waitingUnits: number): AsyncGenerator<RowDifference> {
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
      if (!table.isMarked(place, 'changed') || table.isMarked(place, 'told')) continue;
      const other = waiting[side === 'a' ? 'b' : 'a'];
      const partner = other.get(one.key);
      if (partner) {
        other.delete(one.key);
        units -= formatRow(partner.row).length;
        table.mark(place, 'told');
        yield side === 'a' ? { change: 'changed', a: one, b: partner } : { change: 'changed', a: partner, b: one };
      } else if (units < waitingUnits || waiting.a.size + waiting.b.size === 0) {
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
