/** Archives that are extreme in one way, written to disk without being held. */
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import { dataEntry, type EntityKind, entityKinds, type Row, toPackageRow, writeVolume } from '@fzip/format';
import { sampleProfile } from '@fzip/sample';
import { filesOf, manifestOf } from '../../../packages/format/test/packing.ts';
import { linesOf } from './sample-rows.ts';

const MiB = 2 ** 20;
/** As much as a size can say without zip64. */
const most = 0xfffffffe;

/** A sink that leaves holes where bytes are zero, so that a file of gigabytes takes no room. */
const sparseSink = async (path: string): Promise<Writable> => {
  const file = await open(path, 'w');
  const zeros = Buffer.alloc(MiB);
  let at = 0;
  const write = async (chunk: Buffer): Promise<void> => {
    if (chunk.length > zeros.length || !chunk.equals(zeros.subarray(0, chunk.length)))
      await file.write(chunk, 0, chunk.length, at);
    at += chunk.length;
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      write(chunk).then(() => callback(), callback);
    },
    final: (callback) => {
      file.truncate(at).then(() => file.close().then(() => callback()), callback);
    },
  });
};

const repeated = function* (block: Buffer, bytes: number, vary: boolean): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= block.length) {
    // Different in every block, so that no compression could find it again.
    if (vary) for (let at = 0; at < block.length; at += 4096) block.writeDoubleLE(left + at, at);
    yield vary ? Buffer.from(block.subarray(0, left)) : block.subarray(0, left);
  }
};

/** A sample profile whose files, PDFs and so stored, have so many bytes altogether. */
const writeWithFiles = async (
  sink: Writable,
  { transactions, files, bytes, zeros }: { transactions: number; files: number; bytes: number; zeros: boolean },
): Promise<void> => {
  const profile = sampleProfile({ userId: 'bench', seed: 1, transactions, files });
  const size = Math.floor(bytes / files);
  const block = zeros ? Buffer.alloc(256 * 1024) : randomBytes(256 * 1024);
  const owned: Row[] = [...profile.rows('transaction_files')].map((row) => ({
    ...toPackageRow('transaction_files', row),
    fileName: 'statement.pdf',
    fileSize: size,
  }));
  const rows = function* (kind: EntityKind): Generator<Row> {
    if (kind === 'transaction_files') yield* owned;
    else for (const row of profile.rows(kind)) yield toPackageRow(kind, row);
  };
  await writeVolume({
    sink,
    data: entityKinds.map((kind) => ({ kind, lines: linesOf(rows(kind)) })),
    files: filesOf(
      owned.map((row) => ({
        fileId: String(row.fileId),
        fileName: String(row.fileName),
        size,
        body: Readable.from(repeated(block, size, !zeros), { objectMode: false }),
      })),
    ),
    manifest: (soFar) => manifestOf(soFar),
  });
};

/** One file of so many zero bytes, which the disk does not hold. */
export const writeLargeFile = async (path: string, bytes: number): Promise<void> =>
  writeWithFiles(await sparseSink(path), { transactions: 1, files: 1, bytes, zeros: true });

/** A thousand transactions for each 10 MB of files that nothing can compress. */
export const writeManyBytes = async (path: string, bytes: number): Promise<void> => {
  const file = await open(path, 'w');
  const transactions = Math.ceil(bytes / 1e4);
  await writeWithFiles(file.createWriteStream(), { transactions, files: 200, bytes, zeros: false });
};

type Stored = { name: string; bytes: Buffer; method?: number; size?: number; crc?: number };

/** The header fields that local header and directory share, from "version needed" on. APPNOTE.TXT, 4.3.7 and 4.3.12. */
const sharedFields = ({ name, bytes, method = 0, size, crc }: Stored): Buffer => {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(crc ?? crc32(bytes), 10);
  fields.writeUInt32LE(bytes.length, 14);
  fields.writeUInt32LE(size ?? bytes.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
};

/** Writes entries one after the other, then their directory. @param place where the directory says that an entry begins */
const writeEntries = async (
  path: string,
  entries: Iterable<Stored>,
  place: (offset: number, index: number) => number = (offset) => offset,
): Promise<number> => {
  const file = await open(path, 'w');
  const directory: Buffer[] = [];
  const chunks = function* (): Generator<Buffer> {
    let [offset, index, kept, keptBytes] = [0, 0, [] as Buffer[], 0];
    for (const entry of entries) {
      const [fields, name, behind] = [sharedFields(entry), Buffer.from(entry.name), Buffer.alloc(14)];
      behind.writeUInt32LE(place(offset, index), 10);
      directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, behind, name]));
      const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, entry.bytes]);
      offset += local.length;
      index += 1;
      kept.push(local);
      keptBytes += local.length;
      if (keptBytes < MiB) continue;
      yield Buffer.concat(kept);
      [kept, keptBytes] = [[], 0];
    }
    yield Buffer.concat(kept);
    const size = directory.reduce((sum, { length }) => sum + length, 0);
    for (let at = 0; at < directory.length; at += 10_000) yield Buffer.concat(directory.slice(at, at + 10_000));
    yield endRecords(index, size, offset);
  };
  await pipeline(Readable.from(chunks(), { objectMode: false }), file.createWriteStream());
  return directory.length;
};

/** APPNOTE.TXT, 4.3.14 to 4.3.16; always with zip64. */
const endRecords = (entries: number, size: number, offset: number): Buffer => {
  const [record, locator, short] = [Buffer.alloc(56), Buffer.alloc(20), Buffer.alloc(22)];
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  short.write('PK\x05\x06', 'latin1');
  short.writeUInt16LE(0xffff, 8);
  short.writeUInt16LE(0xffff, 10);
  short.writeUInt32LE(0xffffffff, 12);
  short.writeUInt32LE(0xffffffff, 16);
  return Buffer.concat([record, locator, short]);
};

const emptyManifest = (checksums: Record<string, string>): Buffer =>
  Buffer.from(
    JSON.stringify(manifestOf({ counts: {}, checksums, files: 0, fileBytes: 0, dataBytes: 0 }, { failed_files: [] })),
  );

const uuidOf = (index: number): string => `a0000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;

const emptyData: readonly Stored[] = entityKinds.map((kind) => ({
  name: dataEntry(kind),
  bytes: Buffer.from(`{"${kind}":[\n]}\n`),
}));

const minimalEntries = function* (count: number): Generator<Stored> {
  yield* emptyData;
  const empty = Buffer.alloc(0);
  for (let index = 0; index < count; index += 1) yield { name: `files/${uuidOf(index)}/a`, bytes: empty };
  yield { name: 'manifest.json', bytes: emptyManifest({}) };
};

/** So many entries without a byte in them. @param overlap the last one begins where the one before it does */
export const writeManyEntries = (path: string, count: number, overlap = false): Promise<number> => {
  const last = count + entityKinds.length;
  let previous = 0;
  return writeEntries(path, minimalEntries(count), (offset, index) => {
    const place = overlap && index === last ? previous : offset;
    previous = offset;
    return place;
  });
};

/** A data file of deflated zeros, so many packed bytes and a thousand times more: the directory states 4 GiB of them. */
export const writeBomb = async (path: string, bytes: number): Promise<number> => {
  // Deflated zeros that end at a byte without ending the stream can be repeated for ever.
  const deflate = createDeflateRaw({ level: 9, finishFlush: constants.Z_FULL_FLUSH });
  deflate.end(Buffer.alloc(64 * MiB));
  const blocks: Buffer[] = [];
  for await (const block of deflate) blocks.push(block as Buffer);
  const block = Buffer.concat(blocks);
  const packed = Buffer.concat(Array.from({ length: Math.ceil(bytes / block.length) }, () => block));
  const name = dataEntry('transactions');
  const bomb = { name, bytes: packed, method: 8, size: most, crc: 0 };
  const manifest = { name: 'manifest.json', bytes: emptyManifest({}) };
  return writeEntries(path, [...emptyData.filter((entry) => entry.name !== name), bomb, manifest]);
};
