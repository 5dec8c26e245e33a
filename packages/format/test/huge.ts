/** Packages at the very limit of what needs no zip64: too large to be checked in. */
import { Readable } from 'node:stream';
import { bufferSource, type PackageSource } from '../src/index.ts';
import { fileName, id, kinds, make, rows } from './corpus-parts.ts';

const [file] = rows.transaction_files;

/** 65 535 entries, which the end record counts as 0xFFFF. */
export const mostEntries = (): { zip: Buffer; files: number } => {
  const files = 0xffff - kinds.length - 1;
  const ids = Array.from({ length: files }, (_, n) => id(n + 3));
  const zip = make({
    rows: { transaction_files: ids.map((fileId) => ({ ...file, fileId })) },
    files: ids.map((fileId) => ({ name: `files/${fileId}/may.csv`, bytes: Buffer.from('a,b') })),
  });
  return { zip, files };
};

const size = 0xffffffff;
/** So many zeros take the CRC once around to where it began. */
const crc = 0;
const block = Buffer.alloc(2 ** 20);

/** One stored file of 0xFFFFFFFF zeros, which stand in no memory; both headers give its sizes as they are. */
export const largestEntry = (): PackageSource => {
  const zip = make({
    rows: { transaction_files: [{ ...file, fileSize: size }] },
    files: [],
    arrange: (entries) => [
      ...entries,
      {
        name: fileName,
        bytes: Buffer.alloc(0),
        crc,
        size,
        local: { compressedSize: size },
        central: { compressedSize: size },
      },
    ],
    end: { zip64: {} },
  });
  // The directory begins beyond 4 GiB, which the zip64 record says, and the locator where that stands.
  const [record, locator] = [zip.length - 22 - 20 - 56, zip.length - 22 - 20];
  const zerosAt = Number(zip.readBigUInt64LE(record + 48));
  for (const at of [record + 48, locator + 8]) zip.writeBigUInt64LE(zip.readBigUInt64LE(at) + BigInt(size), at);
  const pieces = function* (start: number, end: number): Generator<Buffer> {
    if (start < zerosAt) yield zip.subarray(start, Math.min(end, zerosAt));
    const [from, to] = [Math.max(start, zerosAt), Math.min(end, zerosAt + size)];
    for (let at = from; at < to; at += block.length) yield block.subarray(0, Math.min(block.length, to - at));
    if (end > zerosAt + size) yield zip.subarray(Math.max(start - size, zerosAt), end - size);
  };
  return {
    ...bufferSource(zip),
    size: zip.length + size,
    read: async (start, length) => Buffer.concat([...pieces(start, Math.min(start + length, zip.length + size))]),
    stream: (start, end) => Readable.from(pieces(start, end), { objectMode: false, highWaterMark: 2 ** 20 }),
  };
};
