/** Chunks: sorted rows as gzip NDJSON in the packages bucket, named by their content, each checked whenever it is read. */
import { createHash, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import {
  compareSortKeys,
  type EntityKind,
  OrderFreeDigest,
  parseRow,
  type Row,
  type SortKey,
  sortKey,
} from '@fzip/format';
import { z } from 'zod';
import type { Work } from './messages.ts';
import type { Ports } from './ports.ts';

const compress = promisify(gzip);

export const stagingPrefix = (jobId: string): string => `staging/${jobId}/`;

const SortKeyRecord = z.tuple([z.union([z.number(), z.string()]), z.string()]);

/** What the ledger keeps of a chunk. */
export const ChunkRecord = z.object({
  /** Absent when the chunk is empty. */
  key: z.string().optional(),
  rows: z.int(),
  /** Bytes of NDJSON, and of the object. */
  bytes: z.int(),
  stored: z.int(),
  sha256: z.string(),
  /** Order-free digests of the lines, and of each row's id and time of change. */
  digest: z.string(),
  versions: z.string(),
  first: SortKeyRecord.optional(),
  last: SortKeyRecord.optional(),
  /** Where the next chunk begins; absent for the last one. */
  next: z.string().optional(),
  /** Rows looked at, where not all of them were taken. */
  seen: z.int().optional(),
  /** Of a partial backup: the object that names what the chunk's rows refer to. */
  refers: z.string().optional(),
});
export type ChunkRecord = z.infer<typeof ChunkRecord>;

export type Line = { line: string; row: Row; at: SortKey };

/** Stores a chunk's lines, sorted, and says what the ledger should keep of it. */
export const stageChunk = async (
  ports: Ports,
  work: Work,
  place: { kind: EntityKind; name: string },
  lines: Line[],
  versions: OrderFreeDigest,
): Promise<Omit<ChunkRecord, 'next'>> => {
  lines.sort((a, b) => compareSortKeys(a.at, b.at));
  const digest = new OrderFreeDigest();
  for (const { line } of lines) digest.add(line);
  const content = Buffer.from(lines.map(({ line }) => `${line}\n`).join(''));
  const sha256 = hash('sha256', content);
  const facts = { rows: lines.length, bytes: content.length, sha256, digest: digest.hex(), versions: versions.hex() };
  const [first, last] = [lines[0]?.at, lines.at(-1)?.at];
  if (!first || !last) return { ...facts, stored: 0 };
  const body = await compress(content, { level: 1 });
  const key = `${stagingPrefix(work.jobId)}${work.attempt}/${place.kind}/${place.name}-${sha256}.ndjson.gz`;
  await ports.packages.put(key, body, { contentType: 'application/gzip' });
  return { ...facts, stored: body.length, key, first: [...first], last: [...last] };
};

/** The lines of a chunk; `whole` fetches it before the first line, so that no connection waits. @throws Error when they are not those that were staged, before the end is reported */
export async function* chunkLines(ports: Ports, chunk: ChunkRecord, { whole = false } = {}): AsyncGenerator<string> {
  if (chunk.key === undefined) return;
  const sha256 = createHash('sha256');
  const body = await ports.packages.read(chunk.key);
  const stored = whole ? Readable.from([await buffer(body)]) : body;
  const plain = createGunzip();
  stored.on('error', (error) => plain.destroy(error));
  let [rest, rows] = ['', 0];
  const decoder = new TextDecoder();
  try {
    for await (const block of stored.pipe(plain) as AsyncIterable<Buffer>) {
      sha256.update(block);
      const parts = (rest + decoder.decode(block, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      rows += parts.length;
      yield* parts;
    }
  } finally {
    stored.destroy();
  }
  const found = sha256.digest('hex');
  if (found !== chunk.sha256 || rows !== chunk.rows || rest !== '') {
    throw new Error(`${chunk.key}: ${rows} rows, sha256 ${found}; staged were ${chunk.rows}, ${chunk.sha256}`);
  }
}

async function* parsedLines(
  ports: Ports,
  kind: EntityKind,
  chunk: ChunkRecord,
  reading: { whole?: boolean } = {},
): AsyncGenerator<Line> {
  for await (const line of chunkLines(ports, chunk, reading)) {
    const row = parseRow(line);
    yield { line, row, at: sortKey(kind, row) };
  }
}

/** Runs of chunks whose sort keys overlap: only within such a run do rows have to be merged. */
export const overlapping = (chunks: readonly ChunkRecord[]): ChunkRecord[][] => {
  const runs: ChunkRecord[][] = [];
  let reached: SortKey | undefined;
  for (const chunk of chunks) {
    if (!chunk.first || !chunk.last) continue;
    const overlaps = reached !== undefined && compareSortKeys(chunk.first, reached) <= 0;
    if (overlaps) runs.at(-1)?.push(chunk);
    else runs.push([chunk]);
    reached = reached === undefined || compareSortKeys(chunk.last, reached) > 0 ? chunk.last : reached;
  }
  return runs;
};

/** The rows of chunks in package order: by range key, then by id. */
export async function* rowsInOrder(
  ports: Ports,
  kind: EntityKind,
  chunks: readonly ChunkRecord[],
): AsyncGenerator<Line> {
  for (const run of overlapping(chunks)) {
    const [only, ...others] = run;
    if (only && others.length === 0) yield* parsedLines(ports, kind, only);
    // A merge reads its sources in turn: as open connections they would wait for one another, and there are only so many.
    else yield* merge(run.map((chunk) => parsedLines(ports, kind, chunk, { whole: true })));
  }
}

type Head = { value: Line; source: AsyncGenerator<Line> };

/** Merges sorted sources; as many rows are held as there are sources. */
async function* merge(sources: AsyncGenerator<Line>[]): AsyncGenerator<Line> {
  const heads: Head[] = [];
  const push = async (source: AsyncGenerator<Line>) => {
    const { value, done } = await source.next();
    if (done) return;
    const after = heads.findIndex((head) => compareSortKeys(head.value.at, value.at) > 0);
    heads.splice(after === -1 ? heads.length : after, 0, { value, source });
  };
  try {
    for (const source of sources) await push(source);
    for (let head = heads.shift(); head; head = heads.shift()) {
      yield head.value;
      await push(head.source);
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}
