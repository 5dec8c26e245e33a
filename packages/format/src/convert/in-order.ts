/** Rows in the order of a package, whatever order they come in: sorted in runs, the runs kept in files where one is not enough, and merged. */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EntityKind } from '../entities.ts';
import { compareSortKeys, type SortKey, sortKey } from '../package-row.ts';
import { formatRow, type Row } from '../row.ts';

/** UTF-16 units of the rows that are held at once. */
const runUnits = 8 * 1024 * 1024;
/** Runs that are merged at once: each is an open file, of which a process may have only so many. */
const atOnce = 64;
/** Bytes that are read of a run at a time; some four times as much is held of each. */
const readBytes = 32 * 1024;

export type Keyed = { key: SortKey; line: string };

export type OrderOptions = {
  /** Where runs are kept, in a folder of their own that is removed in the end. */
  folder: string;
  /** UTF-16 units of one run. */
  runUnits?: number;
};

/** The rows' canonical lines in order. */
export async function* inOrder(
  kind: EntityKind,
  rows: AsyncIterable<Row>,
  { folder, runUnits: most = runUnits }: OrderOptions,
): AsyncGenerator<string> {
  /** Runs by how often what is in them was merged: each row is written a few times however many runs there are. */
  const levels: string[][] = [];
  let made = 0;
  let own: string | undefined;
  let held: Keyed[] = [];
  let units = 0;

  const keep = async (sorted: AsyncIterable<Keyed> | Iterable<Keyed>, level: number): Promise<void> => {
    own ??= await mkdtemp(path.join(folder, '.fzip-runs-'));
    const place = path.join(own, String(made));
    made += 1;
    await writeRun(place, sorted);
    const runs = [...(levels[level] ?? []), place];
    levels[level] = runs;
    if (runs.length < atOnce) return;
    levels[level] = [];
    await keep(merged(runs.map(readRun)), level + 1);
    for (const run of runs) await rm(run);
  };

  try {
    for await (const row of rows) {
      const line = formatRow(row);
      held.push({ key: sortKey(kind, row), line: flat(line) });
      units += line.length + heldUnits;
      if (units < most) continue;
      await keep(held.sort(compareKeyed), 0);
      [held, units] = [[], 0];
    }
    held.sort(compareKeyed);
    for await (const { line } of merged([...levels.flat().map(readRun), fromList(held)])) yield line;
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }
}

/** What a row costs that is held, beside its text. */
const heldUnits = 200;

/** A text that was put together is kept as its pieces, which cost five times the text and keep what they were cut from. */
const flat = (text: string): string => Buffer.from(text).toString();

/** Rows that nothing names may share a key; their text then decides, for equal content has equal bytes. */
export const compareKeyed = (a: Keyed, b: Keyed): number =>
  compareSortKeys(a.key, b.key) || (a.line < b.line ? -1 : Number(a.line > b.line));

/** A line for the key, a line for the row: neither holds a line end. */
const writeRun = async (place: string, sorted: AsyncIterable<Keyed> | Iterable<Keyed>): Promise<void> => {
  const file = await open(place, 'wx', 0o600);
  try {
    let block = '';
    for await (const { key, line } of sorted) {
      block += `${JSON.stringify(key)}\n${line}\n`;
      if (block.length < 1024 * 1024) continue;
      await file.appendFile(block);
      block = '';
    }
    await file.appendFile(block);
  } finally {
    await file.close();
  }
};

async function* readRun(place: string): AsyncGenerator<Keyed> {
  let [rest, key]: [string, SortKey | undefined] = ['', undefined];
  for await (const block of createReadStream(place, { encoding: 'utf8', highWaterMark: readBytes })) {
    // Not by readline, which would end lines at U+2028 as well.
    const lines = (rest + block).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (key === undefined) key = JSON.parse(line) as SortKey;
      else {
        yield { key, line };
        key = undefined;
      }
    }
  }
}

async function* fromList(held: Keyed[]): AsyncGenerator<Keyed> {
  yield* held;
}

type Head = { one: Keyed; from: AsyncIterator<Keyed> };

/** Always the smallest of the heads: a heap, for there may be hundreds of runs. */
async function* merged(runs: AsyncGenerator<Keyed>[]): AsyncGenerator<Keyed> {
  const heap: Head[] = [];
  const isBefore = (a: number, b: number): boolean => compareKeyed((heap[a] as Head).one, (heap[b] as Head).one) < 0;
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as Head, heap[a] as Head];
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && isBefore(child, least)) least = child;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  try {
    for (const from of runs) {
      const first = await from.next();
      if (!first.done) heap.push({ one: first.value, from });
    }
    for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at -= 1) sink(at);
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      yield top.one;
      const next = await top.from.next();
      if (next.done) {
        const last = heap.pop() as Head;
        if (heap.length > 0) heap[0] = last;
      } else top.one = next.value;
      if (heap.length > 0) sink(0);
    }
  } finally {
    for (const run of runs) await run.return(undefined);
  }
}
