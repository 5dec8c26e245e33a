/** Rows that still moved at the last pass: how many there are, and the first of them by their ids. */
import * as z from 'zod';

/** Ids that are named; their full number stands beside them. FORMAT.md section 1, `moved{count, ids≤100}`. */
const named = 100;
/** Rows without a partner that are held at once. Beyond that the piece moves too much to be compared in flat memory. */
const heldAtMost = 100_000;

export const Moved = z.object({
  count: z.int(),
  /** False when the comparison was given up: then the count is "at least". */
  exact: z.boolean(),
  ids: z.array(z.string()),
});
export type Moved = z.infer<typeof Moved>;

export const nothingMoved: Moved = { count: 0, exact: true, ids: [] };

export const addMoved = (all: readonly Moved[]): Moved => ({
  count: all.reduce((sum, { count }) => sum + count, 0),
  exact: all.every(({ exact }) => exact),
  ids: all.flatMap(({ ids }) => ids).slice(0, named),
});

/** A row on either side: its id, and a text that changes with the row. */
export type Versioned = { id: string; version: string };

export type Comparison = {
  /** Rows of the two sides come in any order, best in step with each other: what waits for its partner is held. */
  staged(row: Versioned): void;
  seen(row: Versioned): void;
  /** Whether so much waits that going on makes no sense. */
  readonly overflowed: boolean;
  /** What differs: of rows that wait without a partner only once both sides were given whole. */
  end(whole: boolean): Moved;
};

/** Holds rows as they were staged against rows as they are seen now: deleted, added, or changed in place. */
export const compareVersions = (): Comparison => {
  const waiting = { staged: new Map<string, string>(), seen: new Map<string, string>() };
  const ids = new Set<string>();
  let count = 0;
  const differs = (id: string) => {
    count += 1;
    if (ids.size < named) ids.add(id);
  };
  const meet = (mine: Map<string, string>, other: Map<string, string>, { id, version }: Versioned) => {
    const partner = other.get(id);
    // The same row twice on one side: the second has no partner of its own.
    if (partner === undefined && mine.has(id)) differs(id);
    else if (partner === undefined) mine.set(id, version);
    else {
      other.delete(id);
      if (partner !== version) differs(id);
    }
  };
  return {
    staged: (row) => meet(waiting.staged, waiting.seen, row),
    seen: (row) => meet(waiting.seen, waiting.staged, row),
    get overflowed() {
      return waiting.staged.size + waiting.seen.size > heldAtMost;
    },
    end: (whole) => {
      if (whole) for (const side of [waiting.staged, waiting.seen]) for (const id of side.keys()) differs(id);
      return { count, exact: whole, ids: [...ids] };
    },
  };
};
