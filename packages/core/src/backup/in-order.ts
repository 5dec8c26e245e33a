/** Rows of staged chunks in the order of the package: read once, merged only where keys of one chunk reach into another's. */
import { compareSortKeys, type EntityKind, parseRow, type SortKey, sortKey } from '@fzip/format';
import type { Ports } from '../ports.ts';
import { type ChunkPart, type ChunkRecord, chunkBlocks, type Line, linesOf } from '../staging.ts';

/** A part of a chunk: the n-th, its rows standing from byte `from` on. */
type Part = ChunkPart & { chunk: ChunkRecord; from: number };

/** Parts whose range keys overlap; of most runs there is but one. `stored` is about what they take compressed. */
export type Run = { parts: Part[]; stored: number };

/**
 * The runs of chunks, in the order of the package. An index orders rows by their range key alone, so that those with one range key are
 * one run, in however many chunks they stand; rows that it does not show come in chunks behind all others. A run is whole in one volume.
 */
export const runsOf = (chunks: readonly ChunkRecord[]): Run[] => {
  const runs: Run[] = [];
  let reached: SortKey | undefined;
  for (const part of chunks.flatMap(partsOf).sort((a, b) => compareSortKeys(a.first, b.first))) {
    const stored = Math.ceil((part.chunk.stored * part.bytes) / Math.max(1, part.chunk.bytes));
    const run = runs.at(-1);
    if (run && reached !== undefined && compareSortKeys(rangeOf(part.first), rangeOf(reached)) <= 0) {
      run.parts.push(part);
      run.stored += stored;
    } else runs.push({ parts: [part], stored });
    reached = reached === undefined || compareSortKeys(part.last, reached) > 0 ? part.last : reached;
  }
  return runs;
};

const rangeOf = ([range]: SortKey): SortKey => [range, ''];

const partsOf = (chunk: ChunkRecord): Part[] => {
  const { first, last, rows, bytes, parts } = chunk;
  if (!first || !last) return [];
  let from = 0;
  return (parts ?? [{ rows, bytes, first, last }]).map((part) => {
    const at = from;
    from += part.bytes;
    return { ...part, chunk, from: at };
  });
};

/**
 * The rows of runs, in the order of the package.
 * @param isPlain of whose chunks no row has to be looked at: of these come blocks of whole lines' bytes, cut anywhere
 * @throws Error when a chunk is not what was staged, before the end is reported
 */
export async function* inOrder(
  ports: Ports,
  kind: EntityKind,
  runs: readonly Run[],
  isPlain: (chunk: ChunkRecord) => boolean,
): AsyncGenerator<Line | Buffer> {
  const chunks = openChunks(ports, runs);
  try {
    for (const { parts } of runs) {
      const [only, ...others] = parts;
      if (only && others.length === 0) {
        if (isPlain(only.chunk)) yield* chunks.blocks(only);
        else yield* parsed(kind, chunks.blocks(only));
      } else yield* merge(parts, (part) => parsed(kind, chunks.blocks(part)));
    }
  } finally {
    await chunks.close();
  }
}

/** The same, every row being looked at. */
export async function* rowsInOrder(
  ports: Ports,
  kind: EntityKind,
  chunks: readonly ChunkRecord[],
): AsyncGenerator<Line> {
  for await (const one of inOrder(ports, kind, runsOf(chunks), () => false)) if (!Buffer.isBuffer(one)) yield one;
}

async function* parsed(kind: EntityKind, blocks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  for await (const line of linesOf(blocks)) {
    const row = parseRow(line);
    yield { line, row, at: sortKey(kind, row) };
  }
}

type Chunks = { blocks(part: Part): AsyncGenerator<Buffer>; close(): Promise<void> };

/** Chunks that are read from front to end, part by part, and checked when nothing more is wanted of them. */
const openChunks = (ports: Ports, runs: readonly Run[]): Chunks => {
  const wanted = new Map<ChunkRecord, number>();
  for (const { chunk } of runs.flatMap(({ parts }) => parts)) wanted.set(chunk, (wanted.get(chunk) ?? 0) + 1);
  const open = new Map<ChunkRecord, { reader: Reader; left: number }>();
  const openOf = (chunk: ChunkRecord) => {
    const found = open.get(chunk) ?? { reader: readerOf(ports, chunk), left: wanted.get(chunk) ?? 0 };
    open.set(chunk, found);
    return found;
  };
  return {
    async *blocks({ chunk, from, bytes }) {
      const one = openOf(chunk);
      yield* one.reader.bytes(from, from + bytes);
      one.left -= 1;
      if (one.left > 0) return;
      await one.reader.finish();
      open.delete(chunk);
    },
    close: async () => {
      await Promise.all([...open.values()].map(({ reader }) => reader.close()));
    },
  };
};

type Reader = {
  /** Bytes of the chunk; each call goes on behind the one before. */
  bytes(from: number, to: number): AsyncGenerator<Buffer>;
  /** Reads what is left, since only the whole can be checked. */
  finish(): Promise<void>;
  close(): Promise<void>;
};

const readerOf = (ports: Ports, chunk: ChunkRecord): Reader => {
  // Fetched as a whole: parts wait for those of other chunks, and an open connection must not.
  const blocks = chunkBlocks(ports, chunk, { whole: true });
  let at = 0;
  let block: Buffer = Buffer.alloc(0);
  const next = async (): Promise<boolean> => {
    at += block.length;
    const { value, done } = await blocks.next();
    block = done ? Buffer.alloc(0) : value;
    return !done;
  };
  return {
    async *bytes(from, to) {
      while (at < to) {
        if (at + block.length > from) {
          const piece = block.subarray(Math.max(0, from - at), Math.max(0, to - at));
          if (piece.length > 0) yield piece;
        }
        if (at + block.length >= to) return;
        if (!(await next())) throw new Error(`${chunk.key}: ends after ${at} bytes; staged were ${chunk.bytes}`);
      }
    },
    finish: async () => {
      while (await next());
    },
    close: async () => {
      await blocks.return(undefined);
    },
  };
};

type Head = { value: Line; source: AsyncGenerator<Line> };

/** Merges sorted parts. One is opened when its first key is reached, so that as many are open as overlap at one place. */
async function* merge(parts: readonly Part[], read: (part: Part) => AsyncGenerator<Line>): AsyncGenerator<Line> {
  const waiting = [...parts].sort((a, b) => compareSortKeys(a.first, b.first));
  const heads: Head[] = [];
  const push = async (source: AsyncGenerator<Line>) => {
    const { value, done } = await source.next();
    if (done) return;
    const after = heads.findIndex((head) => compareSortKeys(head.value.at, value.at) > 0);
    heads.splice(after === -1 ? heads.length : after, 0, { value, source });
  };
  try {
    for (;;) {
      for (let next = waiting[0]; next && (!heads[0] || compareSortKeys(next.first, heads[0].value.at) <= 0); ) {
        waiting.shift();
        await push(read(next));
        next = waiting[0];
      }
      const head = heads.shift();
      if (!head) return;
      yield head.value;
      await push(head.source);
    }
  } finally {
    await Promise.all(heads.map(({ source }) => source.return(undefined)));
  }
}
