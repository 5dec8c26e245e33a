/** The central directory of a volume, read with yauzl and then distrusted. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry as ZipEntry, type ZipFile } from 'yauzl';
import { readEndRecord } from './end-record.ts';
import { PackageRefused } from './errors.ts';
import { checkExtraFields } from './extra-fields.ts';
import { createIdSet } from './id-set.ts';
import { type Role, roleOf } from './layout.ts';
import type { Limits } from './limits.ts';
import type { PackageSource } from './source.ts';
import { noEndRecord, verdictOfZip } from './zip-errors.ts';

/** One entry of a volume, as the central directory states it. Sizes and offsets in bytes. */
export type Entry = {
  name: string;
  role: Role;
  /** 0 stored, 8 deflated */
  method: number;
  size: number;
  compressedSize: number;
  crc32: number;
  /** General purpose bits. */
  flags: number;
  /** Where its local header begins. */
  offset: number;
  /** Where the next entry or the directory begins. */
  end: number;
};

// Names and sizes are judged here, where encryption has been ruled out and a code can be given.
const zipOptions = { decodeStrings: false, validateEntrySizes: false, autoClose: false };
const localHeaderBytes = 30;
const allowedMethods = [0, 8, 14];
/** LZMA needs 6.3; nothing that packages have needs more, and other readers refuse it. */
const latestVersion = 63;
const inParts = (version: number): string => `${Math.floor(version / 10)}.${version % 10}`;
const methodNames: Readonly<Record<number, string>> = {
  9: 'Deflate64',
  12: 'bzip2',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
};
/** Of a Unix mode, which stands in the upper half of the external attributes. */
const fileType = { mask: 0o170000, regular: 0o100000, folder: 0o040000 };
const flag = { encrypted: 0x1, strong: 0x40, utf8: 0x800, masked: 0x2000 };

/** Every entry, in the order of the directory, and the comment of the archive. */
export type Directory = { entries: Entry[]; comment: Buffer };

/**
 * Reads the directory.
 * @throws PackageRefused if the archive is none, or is none that a package can be; whatever the source fails with
 */
export const readDirectory = async (source: PackageSource, limits: Limits): Promise<Directory> => {
  const reader = new SourceReader(source);
  try {
    const zip = await fromRandomAccessReaderPromise(reader, source.size, zipOptions);
    const { directory, directoryEnd, comment } = await readEndRecord(reader.bytes, source.size);
    const entries = await readEntries(zip, limits);
    // yauzl keeps its place nowhere else; its types take it for a boolean.
    const cursor = Number(zip.readEntryCursor);
    if (cursor !== directoryEnd) {
      const message = `${entries.length} entries are counted, which end at ${cursor}; the directory ends at ${directoryEnd}`;
      throw new PackageRefused('BAD_END_RECORD', message);
    }
    return { entries: withEnds(entries, directory), comment };
  } catch (error) {
    if (reader.accident !== undefined) throw reader.accident;
    throw error instanceof PackageRefused ? error : await refusalOf(error, source);
  }
};

const readEntries = async (zip: ZipFile, limits: Limits): Promise<Entry[]> => {
  if (zip.entryCount > limits.entries) {
    throw new PackageRefused('TOO_MANY_ENTRIES', `${zip.entryCount} entries; allowed are ${limits.entries}`);
  }
  const entries: Entry[] = [];
  // Digests of the names: a million names twice would be a third of what the directory costs.
  const names = createIdSet();
  let bytes = 0;
  for await (const found of zip.eachEntry()) {
    const entry = toEntry(found);
    const folded = foldName(entry.name);
    if (!names.add(folded)) {
      const twin = entries.find(({ name }) => foldName(name) === folded);
      throw new PackageRefused('DUPLICATE_ENTRY', `stands twice, also as "${twin?.name}"`, entry.name);
    }
    bytes += entry.size;
    if (bytes > limits.uncompressedBytes)
      throw new PackageRefused(
        'TOO_LARGE',
        `more than ${limits.uncompressedBytes} bytes uncompressed, the most allowed`,
      );
    entries.push(entry);
  }
  return entries;
};

/** Names that some file system takes for one. */
export const foldName = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

const toEntry = (found: ZipEntry): Entry => {
  const { generalPurposeBitFlag: flags, compressionMethod: method } = found;
  const name = nameOf(found.fileNameRaw, flags);
  const role = roleOf(name);
  checkExtraFields(found.extraFieldRaw, found.fileNameRaw);
  refuseSpecial(found.externalFileAttributes, role, name);
  if (flags & (flag.encrypted | flag.strong | flag.masked)) {
    throw new PackageRefused('ENCRYPTED', 'encrypted; allowed are entries without encryption', name);
  }
  const needed = found.versionNeededToExtract & 0xff;
  if (needed > latestVersion) {
    const message = `needs version ${inParts(needed)} of ZIP; allowed are those up to ${inParts(latestVersion)}`;
    throw new PackageRefused('UNSUPPORTED_ZIP', message, name);
  }
  if (!allowedMethods.includes(method)) {
    throw new PackageRefused(
      'UNSUPPORTED_METHOD',
      `compressed with ${methodNames[method] ?? `method ${method}`}; allowed are 0 (stored), 8 (deflated) and 14 (LZMA)`,
      name,
    );
  }
  if (method === 0 && found.compressedSize !== found.uncompressedSize) {
    const message = `stored as ${found.compressedSize} bytes, the directory says ${found.uncompressedSize}`;
    throw new PackageRefused('SIZE_MISMATCH', message, name);
  }
  if (role.is === 'folder' && (found.uncompressedSize > 0 || found.compressedSize > 2)) {
    throw new PackageRefused('NOT_A_FILE', `a folder of ${found.uncompressedSize} bytes; allowed are 0`, name);
  }
  return {
    name,
    role,
    method,
    flags,
    size: found.uncompressedSize,
    compressedSize: found.compressedSize,
    crc32: found.crc32,
    offset: found.relativeOffsetOfLocalHeader,
    end: 0,
  };
};

/** Symlinks, devices and the like; a folder's name and its type must agree. */
const refuseSpecial = (attributes: number, role: Role, name: string): void => {
  const type = (attributes >>> 16) & fileType.mask;
  const allowed = role.is === 'folder' ? fileType.folder : fileType.regular;
  if (type === 0 || type === allowed) return;
  const message = `of type 0o${type.toString(8)}; allowed is 0o${allowed.toString(8)}, a ${role.is === 'folder' ? 'folder' : 'regular file'}`;
  throw new PackageRefused('NOT_A_FILE', message, name);
};

const nameOf = (raw: Buffer, flags: number): string => {
  const isAscii = raw.every((byte) => byte < 0x80);
  if (!isAscii && (!(flags & flag.utf8) || !isUtf8(raw))) {
    throw new PackageRefused(
      'BAD_ENTRY_NAME',
      'neither ASCII nor flagged and valid UTF-8',
      JSON.stringify(raw.toString('latin1')),
    );
  }
  return raw.toString();
};

/** Gives each entry the room up to the next one, so that none can reach into another or into the directory. */
const withEnds = (entries: Entry[], directory: number): Entry[] => {
  const byOffset = entries.toSorted((a, b) => a.offset - b.offset);
  const first = byOffset[0]?.offset ?? directory;
  if (first !== 0) throw new PackageRefused('HIDDEN_BYTES', `${first} bytes before the first entry; allowed are 0`);
  byOffset.forEach((entry, index) => {
    entry.end = byOffset[index + 1]?.offset ?? directory;
    const needed = localHeaderBytes + Buffer.byteLength(entry.name) + entry.compressedSize;
    if (entry.offset + needed > entry.end) {
      const room = Math.max(0, entry.end - entry.offset);
      throw new PackageRefused('OVERLAP', `needs ${needed} bytes, has ${room} before what follows`, entry.name);
    }
  });
  return entries;
};

/** What yauzl says, as a verdict. */
const refusalOf = async (error: unknown, source: PackageSource): Promise<PackageRefused> => {
  const message = error instanceof Error ? error.message : String(error);
  if (!noEndRecord.test(message)) return verdictOfZip(message);
  const isBegun = (await source.read(0, 4)).toString('latin1') === 'PK\x03\x04';
  return isBegun
    ? new PackageRefused('TRUNCATED', `no end of central directory in ${source.size} bytes, though they begin as a ZIP`)
    : new PackageRefused('NOT_A_ZIP', `${source.size} bytes that neither begin nor end as a ZIP`);
};

const windowBytes = 1024 * 1024;

/** Lets yauzl read through a window, so that a directory of many entries costs few requests. */
class SourceReader extends RandomAccessReader {
  /** Why the source failed, if it did: an accident rather than a verdict. */
  accident: unknown;
  readonly #source: PackageSource;
  #start = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(source: PackageSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    // A record may name any place. Nobody need be asked for what cannot be there, least of all a server.
    if (position + length > this.#source.size) {
      callback(null, 0);
      return;
    }
    this.#fill(position, length).then(
      () => {
        const from = position - this.#start;
        callback(null, this.#window.copy(buffer, offset, from, from + length));
      },
      (error: Error) => {
        this.accident = error;
        callback(error);
      },
    );
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return this.#source.stream(start, end);
  }

  /** Bytes of the source, through the window. Rejects as the source does. */
  readonly bytes = async (start: number, length: number): Promise<Buffer> => {
    try {
      await this.#fill(start, length);
    } catch (error) {
      this.accident = error;
      throw error;
    }
    return this.#window.subarray(start - this.#start, start - this.#start + length);
  };

  async #fill(position: number, length: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#start + this.#window.length) return;
    // The directory stands right before the end, which yauzl reads first.
    const start =
      this.#window.length === 0 ? Math.max(0, Math.min(position, this.#source.size - windowBytes)) : position;
    this.#window = await this.#source.read(start, Math.max(windowBytes, position + length - start));
    this.#start = start;
  }
}
