/** Chunks: sorted rows as gzip NDJSON in the packages bucket, named by their content, each checked whenever it is read. */
import { createHash, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { compareSortKeys, EntityKind, OrderFreeDigest, type Row, type SortKey } from '@fzip/format';
import * as z from 'zod';
import type { Work } from './messages.ts';
import type { Ports } from './ports.ts';

const compress = promisify(gzip);

export const stagingPrefix = (jobId: string): string => `staging/${jobId}/`;

const SortKeyRecord = z.tuple([z.union([z.number(), z.string()]), z.string()]);

/** Rows of a chunk whose range keys are those of no other part of it. */
const ChunkPart = z.object({ rows: z.int(), bytes: z.int(), first: SortKeyRecord, last: SortKeyRecord });
export type ChunkPart = z.infer<typeof ChunkPart>;

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
  /**
   * The rows with its first range key, those between, those with its last, if they are not the same: others with these keys may
   * stand in the chunks before and behind, and only they have to be put in order among one another.
   */
  parts: z.array(ChunkPart).optional(),
  /** Of rows in which nothing is odd: the ids that they refer to, by kind, if these are few. */
  plain: z.partialRecord(EntityKind, z.array(z.string())).optional(),
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
  const parts = partsOf(lines).map((rows) => ({ rows, content: contentOf(rows) }));
  const content = Buffer.concat(parts.map((part) => part.content));
  const sha256 = hash('sha256', content);
  const facts = { rows: lines.length, bytes: content.length, sha256, digest: digest.hex(), versions: versions.hex() };
  const [first, last] = [lines[0]?.at, lines.at(-1)?.at];
  if (!first || !last) return { ...facts, stored: 0 };
  const body = await compress(content, { level: 1 });
  const key = `${stagingPrefix(work.jobId)}${work.attempt}/${place.kind}/${place.name}-${sha256}.ndjson.gz`;
  await ports.packages.put(key, body, { contentType: 'application/gzip' });
  const whole: ChunkRecord = { ...facts, stored: body.length, key, first: [...first], last: [...last] };
  return parts.length === 1 ? whole : { ...whole, parts: parts.map(({ rows, content }) => partOf(rows, content)) };
};

const contentOf = (lines: readonly Line[]): Buffer => Buffer.from(lines.map(({ line }) => `${line}\n`).join(''));

/** Sorted lines, cut where the first range key ends and where the last begins. */
const partsOf = (lines: readonly Line[]): (readonly Line[])[] => {
  const [first, last] = [lines[0]?.at[0], lines.at(-1)?.at[0]];
  if (first === last) return [lines];
  const body = lines.findIndex(({ at }) => at[0] !== first);
  const tail = lines.findIndex(({ at }) => at[0] === last);
  return [lines.slice(0, body), lines.slice(body, tail), lines.slice(tail)].filter((part) => part.length > 0);
};

const partOf = (lines: readonly Line[], { length: bytes }: Buffer): ChunkPart => {
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) throw new Error('a part has no rows');
  return { rows: lines.length, bytes, first: [...first.at], last: [...last.at] };
};

/** The lines of a chunk; `whole` fetches it before the first line, so that no connection waits. @throws Error when they are not those that were staged, before the end is reported */
export const chunkLines = (ports: Ports, chunk: ChunkRecord, reading: Reading = {}): AsyncGenerator<string> =>
  linesOf(chunkBlocks(ports, chunk, reading));

type Reading = { whole?: boolean };

/** A chunk's bytes: lines, each ended by a line feed. @throws Error as `chunkLines` */
export async function* chunkBlocks(
  ports: Ports,
  chunk: ChunkRecord,
  { whole = false }: Reading = {},
): AsyncGenerator<Buffer> {
  if (chunk.key === undefined) return;
  const sha256 = createHash('sha256');
  const body = await ports.packages.read(chunk.key);
  const stored = whole ? Readable.from([await buffer(body)]) : body;
  const plain = createGunzip({ chunkSize: blockBytes });
  stored.on('error', (error) => plain.destroy(error));
  try {
    for await (const block of stored.pipe(plain) as AsyncIterable<Buffer>) {
      sha256.update(block);
      yield block;
    }
  } finally {
    stored.destroy();
  }
  const found = sha256.digest('hex');
  if (found !== chunk.sha256)
    throw new Error(`${chunk.key}: its sha256 is ${found}; staged were ${chunk.rows} rows, ${chunk.sha256}`);
}

/** Large, since every block has its price in each stream that it passes. */
const blockBytes = 256 * 1024;

/** Lines out of blocks that are cut anywhere. */
export async function* linesOf(blocks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const block of blocks) {
    const lines = (rest + decoder.decode(block, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') throw new Error('the last line has no end');
}
