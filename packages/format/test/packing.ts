/** Writes profiles into packages, takes packages apart, and puts them together again with something changed. */
import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import {
  bufferSource,
  checkVolume,
  countKey,
  type DataSource,
  type Defect,
  entityKinds,
  type FileSource,
  formatRow,
  type Manifest,
  openVolume,
  PackageRefused,
  type SoFar,
  type VolumeCheck,
  type Written,
  writeVolume,
} from '../src/index.ts';
import type { Profile } from './arbitraries.ts';

export const lines = async function* (texts: Iterable<string>): AsyncGenerator<string> {
  yield* texts;
};

export const filesOf = async function* (files: Iterable<FileSource>): AsyncGenerator<FileSource> {
  yield* files;
};

/** A sink that keeps what it is given. */
export const memorySink = (): { sink: Writable; bytes(): Buffer } => {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  return { sink, bytes: () => Buffer.concat(chunks) };
};

export const dataOf = (profile: Profile): DataSource[] =>
  entityKinds.map((kind) => ({ kind, lines: lines(profile.rows[kind].map(formatRow)) }));

/** A manifest of a lone volume. */
export const manifestOf = (soFar: SoFar, changes: Partial<Manifest> = {}): Manifest => {
  const counts = Object.fromEntries(entityKinds.map((kind) => [countKey(kind), soFar.counts[kind] ?? 0]));
  return {
    backup_format_version: '1.0',
    backup_timestamp: '2026-03-01T12:00:00.000Z',
    user_id: 'user-1',
    housef3_version: '2.5.0',
    package_format: 'fzip',
    data_summary: { ...counts, analytics_included: 'analytics' in soFar.counts },
    checksums: soFar.checksums,
    compatibility: { minimum_version: '2.0.0', supported_versions: ['2.0.0', '2.5.0'] },
    processing_summary: {},
    validation_summary: {},
    job_id: '7d3f2c1e-0000-4000-8000-000000000001',
    backup_type: 'complete',
    filters: {},
    snapshot: {
      started_at: '2026-03-01T11:59:00.000Z',
      finished_at: '2026-03-01T12:00:00.000Z',
      passes: 2,
      moved: { count: 0, ids: [] },
    },
    failed_files: [],
    known_defects: [],
    not_included: ['user_preferences'],
    volume: { number: 1, count: 1, set_id: 'set-1', set_summary: counts },
    ...changes,
  };
};

/** Files of the profile that have no bytes, as the manifest states them. */
export const failedFilesOf = (profile: Profile): Manifest['failed_files'] =>
  profile.rows.transaction_files
    .filter(({ fileId }) => !profile.files.some((file) => file.fileId === fileId))
    .map((row) => ({ fileId: String(row.fileId), fileName: String(row.fileName), reason: 'not in the bucket' }));

export const pack = async (
  profile: Profile,
  options: { known_defects?: Defect[]; asStreams?: boolean } = {},
): Promise<{ zip: Buffer; written: Written & { manifest: Manifest } }> => {
  const { sink, bytes } = memorySink();
  const files = profile.files.map(({ fileId, fileName, bytes: content }) => ({
    fileId,
    fileName,
    size: content.length,
    body: options.asStreams ? Readable.from(content.length > 0 ? [content] : []) : content,
  }));
  const written = await writeVolume({
    sink,
    data: dataOf(profile),
    files: filesOf(files),
    manifest: (soFar) =>
      manifestOf(soFar, { failed_files: failedFilesOf(profile), known_defects: options.known_defects ?? [] }),
  });
  return { zip: bytes(), written };
};

/** Every entry's bytes, in the order of the package. */
export const unpack = async (zip: Buffer): Promise<Map<string, Buffer>> => {
  const volume = await openVolume(bufferSource(zip));
  const entries = new Map<string, Buffer>();
  for (const entry of volume.entries) entries.set(entry.name, await buffer(volume.body(entry)));
  return entries;
};

export const sha256 = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Changes the manifest among some entries. */
export const editManifest = (entries: Map<string, Buffer>, edit: (manifest: Manifest) => void): void => {
  const manifest = JSON.parse(String(entries.get('manifest.json'))) as Manifest;
  edit(manifest);
  entries.set('manifest.json', Buffer.from(JSON.stringify(manifest)));
};

/** Replaces an entry and states its checksum. */
export const replaceEntry = (entries: Map<string, Buffer>, name: string, bytes: Buffer | string): void => {
  entries.set(name, Buffer.from(bytes));
  editManifest(entries, (manifest) => {
    manifest.checksums[name] = sha256(bytes);
  });
};

/** One entry of a hand-made archive; what is given wins over what would be true. */
export type RawEntry = {
  name: string | Buffer;
  bytes: Buffer;
  deflate?: boolean;
  method?: number;
  flags?: number;
  crc?: number;
  size?: number;
  localName?: string;
  tail?: Buffer;
  /** What its local header says otherwise than the directory. */
  local?: { version?: number; flags?: number; crc?: number; compressedSize?: number; size?: number; extra?: Buffer };
  /** What stands between it and what follows: a descriptor, a gap. */
  behind?: Buffer;
  /** What the directory says beside its extra field: 0xffffffff where that one holds the value. */
  central?: { compressedSize?: number; size?: number; offset?: number };
  /** Of the directory. */
  extra?: Buffer;
  attributes?: number;
  /** Of ZIP, tenfold, that is needed to read it; the disk it begins on. */
  version?: number;
  disk?: number;
};

/** What the end of a hand-made archive says or holds. */
export type RawEnd = {
  comment?: string;
  /** Entries, instead of their number. */
  count?: number;
  /** Bytes between the directory and its end record. */
  gap?: Buffer;
  /** Zip64 records before the short one, which then says that it does not know. */
  zip64?: {
    entries?: number;
    recordSize?: number;
    short?: number;
    /** Bytes behind the record's own, which it counts. */
    more?: Buffer;
    /** Where the locator points, and how many disks it counts. */
    place?: bigint;
    disks?: number;
  };
};

type Stated = { version: number; flags: number; method: number; crc: number; compressedSize: number; size: number };

const headerFields = (
  { version, flags, method, crc, compressedSize, size }: Stated,
  name: Buffer,
  extra: Buffer,
): Buffer => {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(flags, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(compressedSize, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra.length, 24);
  return fields;
};

/** Looks for repeated bytes alone, so that every build of zlib gives the same. */
const sameEverywhere = { strategy: constants.Z_RLE };

/** A ZIP made by hand, so that it can lie. */
export const rawZip = (entries: Iterable<RawEntry>, end: RawEnd = {}): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const none = Buffer.alloc(0);
  for (const entry of entries) {
    const name = Buffer.from(entry.name as string);
    const data = Buffer.concat([
      entry.deflate ? deflateRawSync(entry.bytes, sameEverywhere) : entry.bytes,
      entry.tail ?? none,
    ]);
    const stated: Stated = {
      version: entry.version ?? 20,
      flags: entry.flags ?? 0x800,
      method: entry.method ?? (entry.deflate ? 8 : 0),
      crc: entry.crc ?? crc32(entry.bytes),
      compressedSize: data.length,
      size: entry.size ?? entry.bytes.length,
    };
    const { extra: localExtra = none, ...localStated } = entry.local ?? {};
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
    const localFields = headerFields({ ...stated, ...localStated }, localName, localExtra);
    const local = [Buffer.from('PK\x03\x04'), localFields, localName, localExtra, data, entry.behind ?? none];
    const place = Buffer.alloc(14);
    place.writeUInt16LE(entry.disk ?? 0, 2);
    place.writeUInt32LE(entry.attributes ?? 0, 6);
    const { offset: statedOffset = offset, ...centralStated } = entry.central ?? {};
    place.writeUInt32LE(statedOffset, 10);
    const extra = entry.extra ?? none;
    const centralFields = headerFields({ ...stated, ...centralStated }, name, extra);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), centralFields, place, name, extra]));
    parts.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([
    ...parts,
    central,
    end.gap ?? none,
    ...endRecords(directory.length, central.length, offset, end),
  ]);
};

const endRecords = (entries: number, size: number, offset: number, end: RawEnd): Buffer[] => {
  const { comment = '', count = entries, zip64 } = end;
  const short = Buffer.alloc(22);
  short.write('PK\x05\x06', 'latin1');
  short.writeUInt16LE(zip64?.short ?? (zip64 ? 0xffff : count), 8);
  short.writeUInt16LE(zip64?.short ?? (zip64 ? 0xffff : count), 10);
  short.writeUInt32LE(zip64 ? 0xffffffff : size, 12);
  short.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  short.writeUInt16LE(comment.length, 20);
  const last = [short, Buffer.from(comment, 'latin1')];
  if (!zip64) return last;
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(BigInt(zip64.recordSize ?? 44 + (zip64.more?.length ?? 0)), 4);
  record.writeBigUInt64LE(BigInt(zip64.entries ?? entries), 24);
  record.writeBigUInt64LE(BigInt(zip64.entries ?? entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(zip64.place ?? BigInt(offset + size + (end.gap?.length ?? 0)), 8);
  locator.writeUInt32LE(zip64.disks ?? 1, 16);
  return [record, zip64.more ?? Buffer.alloc(0), locator, ...last];
};

export const repack = (entries: Map<string, Buffer>): Buffer =>
  rawZip([...entries].map(([name, bytes]) => ({ name, bytes, deflate: name.startsWith('data/') })));

export const check = async (zip: Buffer): Promise<VolumeCheck> => checkVolume(await openVolume(bufferSource(zip)));

/** The codes that a package is refused or found with: those of the check, or that of the refusal to open it. */
export const codesOf = async (zip: Buffer): Promise<string[]> => {
  try {
    return (await check(zip)).errors.map(({ code }) => code);
  } catch (error) {
    if (error instanceof PackageRefused) return [error.code];
    throw error;
  }
};
