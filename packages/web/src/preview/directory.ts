/** The directory of a ZIP, as far as a preview needs it: that it is whole, and where the manifest stands. The server judges the rest. */
import { PackageRefused } from '@fzip/format/errors';
import { read, view } from './bytes.ts';

// APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16.
const local = { signature: 0x04034b50, bytes: 30 };
const header = { signature: 0x02014b50, bytes: 46 };
const end = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff };
const locator = { signature: 0x07064b50, bytes: 20 };
const zip64 = { signature: 0x06064b50, bytes: 56 };
const encrypted = 0x1 | 0x40;
/** What a page reads of a directory; a larger one is the server's to read. */
const largestDirectory = 64 * 2 ** 20;

export type Entry = { method: number; flags: number; crc: number; packed: number; size: number; offset: number };
export type Directory = { manifest: Entry; entries: number; files: number };

type Place = { offset: number; size: number; entries: number };

/** @throws PackageRefused */
const placeOf = async (file: Blob): Promise<Place> => {
  const length = Math.min(file.size, end.bytes + end.longestComment);
  const tail = view(await read(file, file.size - length, length));
  let at = length - end.bytes;
  while (at >= 0 && tail.getUint32(at, true) !== end.signature) at -= 1;
  if (at < 0) throw new PackageRefused('TRUNCATED', 'the end of the archive is missing; the file was cut on its way');
  const comment = tail.getUint16(at + 20, true);
  if (at + end.bytes + comment !== length)
    throw new PackageRefused('BAD_END_RECORD', 'bytes stand behind the end of the archive; allowed are none');
  const ends = file.size - length + at;
  const place = {
    entries: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
  const isLong = place.entries === 0xffff || place.size === 0xffffffff || place.offset === 0xffffffff;
  const long = isLong ? await longPlace(file, ends) : undefined;
  const { directoryEnd, ...found } = long ?? { ...place, directoryEnd: ends };
  if (found.offset + found.size !== directoryEnd)
    throw new PackageRefused(
      'BAD_END_RECORD',
      `the directory is said to end at ${found.offset + found.size}, and ends at ${directoryEnd}`,
    );
  return found;
};

/** A zip64 end record, if a locator stands before the short one: the limits may also be true numbers. */
const longPlace = async (file: Blob, ends: number): Promise<(Place & { directoryEnd: number }) | undefined> => {
  if (ends < locator.bytes + zip64.bytes) return undefined;
  const pointer = view(await read(file, ends - locator.bytes, locator.bytes));
  if (pointer.getUint32(0, true) !== locator.signature) return undefined;
  const start = Number(pointer.getBigUint64(8, true));
  const record = start + zip64.bytes <= ends ? view(await read(file, start, zip64.bytes)) : undefined;
  if (record?.byteLength !== zip64.bytes || record.getUint32(0, true) !== zip64.signature)
    throw new PackageRefused('BAD_ZIP64', `no zip64 end record at ${start}, where its locator points`);
  return {
    entries: Number(record.getBigUint64(32, true)),
    size: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
    directoryEnd: start,
  };
};

/** The offset of an entry beyond 4 GiB stands in its zip64 field, behind the sizes that are beyond as well. */
const longOffset = (extra: DataView, before: number): number | undefined => {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    const place = at + 4 + 8 * before;
    return place + 8 <= extra.byteLength ? Number(extra.getBigUint64(place, true)) : undefined;
  }
  return undefined;
};

const refuse = (message: string): never => {
  throw new PackageRefused('BAD_DIRECTORY', message);
};

/** @throws PackageRefused if this cannot be a package */
export const readDirectory = async (file: Blob): Promise<Directory> => {
  const first = file.size >= 4 ? view(await read(file, 0, 4)).getUint32(0, true) : 0;
  if (first !== local.signature)
    throw new PackageRefused('NOT_A_ZIP', `${file.size} bytes that do not begin as a ZIP does`);
  const place = await placeOf(file);
  if (place.size > largestDirectory)
    throw new PackageRefused(
      'TOO_LARGE',
      `a directory of ${place.size} bytes; this page reads ${largestDirectory} at most`,
    );
  const bytes = await read(file, place.offset, place.size);
  const directory = view(bytes);
  let [at, files] = [0, 0];
  let manifest: Entry | undefined;
  for (let index = 0; index < place.entries; index += 1) {
    if (at + header.bytes > bytes.length) refuse(`entry ${index + 1} of ${place.entries} is not whole`);
    if (directory.getUint32(at, true) !== header.signature) refuse(`entry ${index + 1} has no signature`);
    const nameEnd = at + header.bytes + directory.getUint16(at + 28, true);
    const extraEnd = nameEnd + directory.getUint16(at + 30, true);
    const next = extraEnd + directory.getUint16(at + 32, true);
    if (next > bytes.length) refuse(`entry ${index + 1} of ${place.entries} is not whole`);
    const name = new TextDecoder().decode(bytes.subarray(at + header.bytes, nameEnd));
    if (name.startsWith('files/')) files += 1;
    if (name === 'manifest.json') {
      if (manifest) throw new PackageRefused('DUPLICATE_ENTRY', 'it stands there twice; allowed is once', name);
      manifest = entryAt(directory, at, view(bytes.subarray(nameEnd, extraEnd)));
    }
    at = next;
  }
  if (at !== bytes.length) refuse(`${bytes.length - at} bytes stand behind the last entry`);
  if (!manifest)
    throw new PackageRefused('MISSING_ENTRY', 'it is not there; this is another kind of ZIP', 'manifest.json');
  return { manifest, entries: place.entries, files };
};

const entryAt = (directory: DataView, at: number, extra: DataView): Entry => {
  const [packed, size] = [directory.getUint32(at + 20, true), directory.getUint32(at + 24, true)];
  const short = directory.getUint32(at + 42, true);
  const before = [packed, size].filter((value) => value === 0xffffffff).length;
  const offset = short === 0xffffffff ? (longOffset(extra, before) ?? short) : short;
  const entry = {
    flags: directory.getUint16(at + 8, true),
    method: directory.getUint16(at + 10, true),
    crc: directory.getUint32(at + 16, true),
    packed,
    size,
    offset,
  };
  if (entry.flags & encrypted)
    throw new PackageRefused('ENCRYPTED', 'it is encrypted; allowed is without', 'manifest.json');
  return entry;
};

/** Where an entry's packed bytes stand. @throws PackageRefused */
export const packedBytes = async (file: Blob, { offset, packed }: Entry): Promise<Blob> => {
  const start = view(await read(file, offset, local.bytes));
  if (start.byteLength < local.bytes || start.getUint32(0, true) !== local.signature)
    throw new PackageRefused(
      'LOCAL_HEADER_DIFFERS',
      `no header at ${offset}, where the directory points`,
      'manifest.json',
    );
  const from = offset + local.bytes + start.getUint16(26, true) + start.getUint16(28, true);
  if (from + packed > file.size) throw new PackageRefused('TRUNCATED', 'it ends beyond the file', 'manifest.json');
  return file.slice(from, from + packed);
};
