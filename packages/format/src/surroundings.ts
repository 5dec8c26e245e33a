/** What surrounds an entry's bytes: the local header before them, a data descriptor behind. Both must say what the directory says. */
import type { Entry } from './entry-table.ts';
import { PackageRefused, type RefusalCode } from './errors.ts';
import { checkExtraFields } from './extra-fields.ts';

// APPNOTE.TXT, sections 4.3.7 (local header) and 4.3.9 (data descriptor).
const localSignature = 0x04034b50;
const localHeaderBytes = 30;
const descriptorSignature = 0x08074b50;
const longestDescriptor = 24;
const streamed = 0x8;
const inZip64 = 0xffffffff;

const wrong = (entry: Entry, message: string, code: RefusalCode = 'LOCAL_HEADER_DIFFERS'): PackageRefused =>
  new PackageRefused(code, message, entry.name);

/** Where the data begins behind the local header; undefined while too little is there to say. @throws PackageRefused */
export const dataStart = (head: Buffer, entry: Entry): number | undefined => {
  if (head.length < localHeaderBytes) return undefined;
  if (head.readUInt32LE(0) !== localSignature) throw wrong(entry, 'no local header where the directory points');
  const nameEnd = localHeaderBytes + head.readUInt16LE(26);
  const start = nameEnd + head.readUInt16LE(28);
  if (head.length < start) return undefined;
  const name = head.subarray(localHeaderBytes, nameEnd);
  if (head.readUInt16LE(8) !== entry.method || !name.equals(Buffer.from(entry.name)))
    throw wrong(entry, 'local header and directory differ in name or method');
  if (head.readUInt16LE(6) !== entry.flags) throw wrong(entry, 'local header and directory differ in flags');
  checkStated(head, checkExtraFields(head.subarray(nameEnd, start), name), entry);
  if (entry.offset + start + entry.compressedSize > entry.end)
    throw wrong(entry, 'reaches into what follows it', 'OVERLAP');
  return start;
};

/** CRC and sizes; of a streamed entry they may be zero, since they were not known yet. */
const checkStated = (head: Buffer, zip64: Buffer | undefined, entry: Entry): void => {
  let at = 0;
  const size = (offset: number): number => {
    const stated = head.readUInt32LE(offset);
    if (stated !== inZip64 || zip64 === undefined) return stated;
    if (zip64.length < at + 8) throw wrong(entry, 'the zip64 field of its local header lacks a size', 'BAD_ZIP64');
    at += 8;
    return Number(zip64.readBigUInt64LE(at - 8));
  };
  // The zip64 field gives the uncompressed size first.
  const [uncompressed, compressed, crc] = [size(22), size(18), head.readUInt32LE(14)];
  const isRight = (stated: number, expected: number): boolean =>
    stated === expected || (stated === 0 && (entry.flags & streamed) !== 0);
  if (!isRight(crc, entry.crc32) || !isRight(compressed, entry.compressedSize) || !isRight(uncompressed, entry.size))
    throw wrong(entry, 'local header and directory differ in CRC or sizes');
};

export type Trailer = { push(chunk: Buffer): void; judge(): void };

/** Takes what follows the entry's bytes: its descriptor if it was streamed, and nothing else. */
export const createTrailer = (entry: Entry): Trailer => {
  let kept: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return {
    push: (chunk) => {
      bytes += chunk.length;
      if (kept.length < longestDescriptor) kept = Buffer.concat([kept, chunk.subarray(0, longestDescriptor)]);
    },
    judge: () => {
      const isStreamed = (entry.flags & streamed) !== 0;
      if (bytes === 0 && !isStreamed) return;
      if (!isStreamed) throw wrong(entry, `${bytes} bytes between it and what follows; allowed are 0`, 'HIDDEN_BYTES');
      const fields = bytes <= longestDescriptor ? descriptorOf(kept) : undefined;
      if (!fields)
        throw wrong(
          entry,
          `${bytes} bytes behind it; allowed is a data descriptor of 12, 16, 20 or 24`,
          'BAD_DESCRIPTOR',
        );
      const [crc, compressed, size] = fields;
      if (crc !== entry.crc32 || compressed !== entry.compressedSize || size !== entry.size)
        throw wrong(entry, 'data descriptor and directory differ in CRC or sizes', 'BAD_DESCRIPTOR');
    },
  };
};

/** CRC, compressed size, size; its length says whether there is a signature and how wide the sizes are. */
const descriptorOf = (bytes: Buffer): [number, number, number] | undefined => {
  const isSigned = bytes.length === 16 || bytes.length === 24;
  if (isSigned && bytes.readUInt32LE(0) !== descriptorSignature) return undefined;
  const fields = isSigned ? bytes.subarray(4) : bytes;
  if (fields.length === 12) return [fields.readUInt32LE(0), fields.readUInt32LE(4), fields.readUInt32LE(8)];
  if (fields.length !== 20) return undefined;
  return [fields.readUInt32LE(0), Number(fields.readBigUInt64LE(4)), Number(fields.readBigUInt64LE(12))];
};
