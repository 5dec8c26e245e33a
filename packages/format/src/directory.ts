/** The central directory of a volume, read with yauzl and then distrusted. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry as ZipEntry, type ZipFile } from 'yauzl';
import { judgeHeader } from './directory-header.ts';
import { type EndRecord, readEndRecord } from './end-record.ts';
import { type Entry, EntryTable } from './entry-table.ts';
import { PackageRefused } from './errors.ts';
import { createIdSet } from './id-set.ts';
import { type Role, roleOf } from './layout.ts';
import type { Limits } from './limits.ts';
import type { PackageSource } from './source.ts';

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
export type Directory = { entries: EntryTable; comment: Buffer };

/**
 * Reads the directory.
 * @throws PackageRefused if the archive is none, or is none that a package can be; whatever the source fails with
 */
export const readDirectory = async (source: PackageSource, limits: Limits): Promise<Directory> => {
  const reader = new SourceReader(source);
  try {
    // What yauzl would refuse is refused before, where the entry can be named; no place beyond the archive is asked of the source.
    const end = await readEndRecord(reader.bytes, source.size);
    if (end.entries > limits.entries)
      throw new PackageRefused('TOO_MANY_ENTRIES', `${end.entries} entries; allowed are ${limits.entries}`);
    const zip = await fromRandomAccessReaderPromise(reader, source.size, zipOptions);
    const entries = await readEntries(zip, reader, end, limits);
    return { entries: withEnds(entries, end.directory), comment: end.comment };
  } catch (error) {
    if (reader.accident !== undefined) throw reader.accident;
    throw error;
  }
};

const readEntries = async (zip: ZipFile, reader: SourceReader, end: EndRecord, limits: Limits): Promise<EntryTable> => {
  const entries = new EntryTable();
  // Digests of the names: a million names twice would be a third of what the directory costs.
  const names = createIdSet();
  const headers = zip.eachEntry();
  let at = end.directory;
  let bytes = 0;
  while (entries.length < end.entries) {
    at = await judgeHeader(reader.bytes, at, end, entries.length);
    const { value: found } = await headers.next();
    const entry = toEntry(found as ZipEntry);
    const folded = foldName(entry.name);
    if (!names.add(folded)) {
      const twin = entries.find(({ name }) => foldName(name) === folded);
      throw new PackageRefused('DUPLICATE_ENTRY', `stands twice, also as "${twin?.name}"; allowed is once`, entry.name);
    }
    bytes += entry.size;
    if (bytes > limits.uncompressedBytes)
      throw new PackageRefused(
        'TOO_LARGE',
        `more than ${limits.uncompressedBytes} bytes uncompressed, the most allowed`,
      );
    entries.add(entry);
  }
  if (at === end.directoryEnd) return entries;
  const message = `${entries.length} entries are counted, which end at ${at}; allowed is ${end.directoryEnd}, where the directory ends`;
  throw new PackageRefused('BAD_END_RECORD', message);
};

/** Names that some file system takes for one. */
export const foldName = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

const toEntry = (found: ZipEntry): Omit<Entry, 'end'> => {
  const { generalPurposeBitFlag: flags, compressionMethod: method } = found;
  const name = nameOf(found.fileNameRaw, flags);
  const role = roleOf(name);
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
      'neither ASCII nor flagged and valid UTF-8; allowed are these',
      JSON.stringify(raw.toString('latin1')),
    );
  }
  return raw.toString();
};

/** No entry may reach into another or into the directory. */
const withEnds = (entries: EntryTable, directory: number): EntryTable => {
  let isFirst = true;
  entries.setEnds(directory, ({ name, offset, compressedSize, end }) => {
    if (isFirst && offset !== 0)
      throw new PackageRefused('HIDDEN_BYTES', `${offset} bytes before the first entry; allowed are 0`);
    isFirst = false;
    const needed = localHeaderBytes + Buffer.byteLength(name) + compressedSize;
    if (offset + needed <= end) return;
    const room = Math.max(0, end - offset);
    throw new PackageRefused('OVERLAP', `needs ${needed} bytes, has ${room} before what follows`, name);
  });
  if (isFirst && directory !== 0)
    throw new PackageRefused('HIDDEN_BYTES', `${directory} bytes before the first entry; allowed are 0`);
  return entries;
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
    this.bytes(position, length).then((bytes) => callback(null, bytes.copy(buffer, offset)), callback);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return this.#source.stream(start, end);
  }

  /**
   * Bytes of the source, through the window, as many as are asked for: all of them stand before its end.
   * Rejects as the source does, and if it gives other than it should: it was cut, or is none.
   */
  readonly bytes = async (start: number, length: number): Promise<Buffer> => {
    try {
      await this.#fill(start, length);
      const bytes = this.#window.subarray(start - this.#start, start - this.#start + length);
      if (bytes.length === length) return bytes;
      throw new Error(`the source gave ${bytes.length} of ${length} bytes from ${start} on; it changed or broke off`);
    } catch (error) {
      this.accident ??= error;
      throw error;
    }
  };

  async #fill(position: number, length: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#start + this.#window.length) return;
    // The directory stands right before the end, which yauzl reads first.
    const start =
      this.#window.length === 0 ? Math.max(0, Math.min(position, this.#source.size - windowBytes)) : position;
    const wanted = Math.min(Math.max(windowBytes, position + length - start), this.#source.size - start);
    const found = await this.#source.read(start, wanted);
    if (found.length > wanted)
      throw new Error(`the source gave ${found.length} bytes from ${start} on; it was asked for ${wanted}`);
    this.#window = found;
    this.#start = start;
  }
}
