/** Records of a ZIP, looked for where nothing says that they stand: what is hardly one is taken for none. */
import { isUtf8 } from 'node:buffer';
import { PackageRefused } from '../errors.ts';
import { type Role, roleOf } from '../layout.ts';
import type { Window } from './window.ts';

// APPNOTE.TXT, sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12 (central header), 4.3.16 (end record).
const local = { signature: 0x04034b50, bytes: 30 };
const central = { signature: 0x02014b50, bytes: 46 };
const end = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff };
const descriptorSignature = 0x08074b50;
const zip64End = 0x06064b50;
const zip64Field = 0x0001;
const inZip64 = 0xffffffff;
const newestVersion = 63;
const methods: readonly number[] = [0, 8, 9, 12, 14, 93, 95, 98];
const longestName = 1024;
const streamed = 0x8;
const encrypted = 0x1;

/** What an entry is called, and what that makes of it; `refusal` if packages have no such entry. */
export type Named = { name: string; role?: Role; refusal?: string };

export type LocalHeader = Named & {
  at: number;
  /** Where the entry's bytes begin. */
  start: number;
  method: number;
  flags: number;
  /** CRC and sizes stand behind the bytes; here they may be zero. */
  isStreamed: boolean;
  crc32: number;
  packedSize: number;
  size: number;
};

export const named = (name: string): Named => {
  try {
    return { name, role: roleOf(name) };
  } catch (error) {
    if (error instanceof PackageRefused) return { name, refusal: 'no place in the layout of packages' };
    throw error;
  }
};

const nameOf = (raw: Buffer): string | undefined => {
  const name = isUtf8(raw) ? raw.toString() : undefined;
  return name === undefined || /\p{Cc}/u.test(name) ? undefined : name;
};

/** The local header at a place; undefined if none stands there. */
export const localHeader = async (window: Window, at: number): Promise<LocalHeader | undefined> => {
  const fixed = await window.at(at, local.bytes);
  if (fixed.length < local.bytes || fixed.readUInt32LE(0) !== local.signature) return undefined;
  const [flags, method] = [fixed.readUInt16LE(6), fixed.readUInt16LE(8)];
  const [nameBytes, extraBytes] = [fixed.readUInt16LE(26), fixed.readUInt16LE(28)];
  if (fixed.readUInt8(4) > newestVersion || !methods.includes(method)) return undefined;
  if (nameBytes === 0 || nameBytes > longestName) return undefined;
  const more = await window.at(at + local.bytes, nameBytes + extraBytes);
  const name = more.length < nameBytes + extraBytes ? undefined : nameOf(more.subarray(0, nameBytes));
  if (name === undefined) return undefined;
  const [size, packedSize] = sizesOf(fixed, more.subarray(nameBytes));
  return {
    ...((flags & encrypted) === 0 ? named(name) : { name, refusal: 'encrypted' }),
    at,
    start: at + local.bytes + nameBytes + extraBytes,
    method,
    flags,
    isStreamed: (flags & streamed) !== 0,
    crc32: fixed.readUInt32LE(14),
    packedSize,
    size,
  };
};

/** Uncompressed and compressed; in the zip64 field where the header says so. */
const sizesOf = (fixed: Buffer, extra: Buffer): [number, number] => {
  const short: [number, number] = [fixed.readUInt32LE(22), fixed.readUInt32LE(18)];
  if (!short.includes(inZip64)) return short;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== zip64Field || at + 20 > extra.length) continue;
    return [Number(extra.readBigUInt64LE(at + 4)), Number(extra.readBigUInt64LE(at + 12))];
  }
  return short;
};

/** What an entry turned out to be. */
type Measured = { crc32: number; packedSize: number; size: number };

/** Signed or not, 32 bits wide or 64. */
const descriptorsOf = ({ crc32, packedSize, size }: Measured): Buffer[] => {
  const wide = Buffer.alloc(24);
  wide.writeUInt32LE(descriptorSignature, 0);
  wide.writeUInt32LE(crc32, 4);
  wide.writeBigUInt64LE(BigInt(packedSize), 8);
  wide.writeBigUInt64LE(BigInt(size), 16);
  const short = Buffer.alloc(16);
  wide.copy(short, 0, 0, 8);
  short.writeUInt32LE(packedSize % 2 ** 32, 8);
  short.writeUInt32LE(size % 2 ** 32, 12);
  return [short, wide, short.subarray(4), wide.subarray(4)];
};

/**
 * Whether a data descriptor at a place says what an entry turned out to be: its length if it does, `cut` if the source ends
 * in what would be one, before its CRC was told. Undefined if it says otherwise.
 */
export const descriptorAt = async (
  window: Window,
  at: number,
  measured: Measured,
): Promise<number | 'cut' | undefined> => {
  const found = await window.at(at, 24);
  const possible = descriptorsOf(measured);
  const whole = possible.find((one) => found.subarray(0, one.length).equals(one));
  if (whole) return whole.length;
  if (at + found.length < window.size) return undefined;
  const begun = possible.find((one) => one.subarray(0, found.length).equals(found));
  if (!begun) return undefined;
  const beforeSizes = begun.readUInt32LE(0) === descriptorSignature ? 8 : 4;
  return found.length >= beforeSizes ? found.length : 'cut';
};

const followers = [local.signature, central.signature, end.signature, descriptorSignature, zip64End];

/** Whether an entry may end at a place: a record stands there, or the source ends. */
export const mayEndAt = async (window: Window, at: number): Promise<boolean> => {
  if (at === window.size) return true;
  const found = await window.at(at, 4);
  return found.length === 4 && followers.includes(found.readUInt32LE(0));
};

/** A header of the directory, or the end record that closes the source. */
const isDirectoryPart = async (window: Window, at: number, signature: number): Promise<boolean> => {
  if (signature === end.signature) {
    const fixed = await window.at(at, end.bytes);
    return fixed.length === end.bytes && at + end.bytes + fixed.readUInt16LE(20) === window.size;
  }
  const fixed = await window.at(at, central.bytes);
  if (fixed.length < central.bytes || !methods.includes(fixed.readUInt16LE(10))) return false;
  const nameBytes = fixed.readUInt16LE(28);
  if (nameBytes === 0 || nameBytes > longestName) return false;
  const raw = await window.at(at + central.bytes, nameBytes);
  return raw.length === nameBytes && nameOf(raw) !== undefined;
};

/** Whether the source ends as an archive does. One that was cut does not. */
export const endsAsArchive = async (window: Window): Promise<boolean> => {
  const from = Math.max(0, window.size - end.bytes - end.longestComment);
  const tail = await window.at(from, window.size - from);
  for (let at = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1'); at !== -1; ) {
    if (await isDirectoryPart(window, from + at, end.signature)) return true;
    at = at === 0 ? -1 : tail.lastIndexOf('PK\x05\x06', at - 1, 'latin1');
  }
  return false;
};

export type Record = { is: 'entry'; header: LocalHeader } | { is: 'directory'; at: number };

/** The next record at or behind a place that is more than its signature; undefined if there is none. */
export const nextRecord = async (window: Window, from: number): Promise<Record | undefined> => {
  let carry: Buffer = Buffer.alloc(0);
  let at = from;
  for await (const chunk of window.bytes(from, window.size)) {
    const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    for (let found = data.indexOf('PK', 0, 'latin1'); found !== -1; found = data.indexOf('PK', found + 1, 'latin1')) {
      if (found + 4 > data.length) break;
      const record = await recordAt(window, at + found, data.readUInt32LE(found));
      if (record) return record;
    }
    carry = data.subarray(Math.max(0, data.length - 3));
    at += data.length - carry.length;
  }
  return undefined;
};

const recordAt = async (window: Window, at: number, signature: number): Promise<Record | undefined> => {
  if (signature === local.signature) {
    const header = await localHeader(window, at);
    return header && { is: 'entry', header };
  }
  if (signature !== central.signature && signature !== end.signature) return undefined;
  return (await isDirectoryPart(window, at, signature)) ? { is: 'directory', at } : undefined;
};

/**
 * Where a streamed, stored entry ends: before the signed descriptor that states as many bytes as stand before it.
 * Undefined if there is none.
 */
export const storedEnd = async (window: Window, start: number): Promise<number | undefined> => {
  let carry: Buffer = Buffer.alloc(0);
  let at = start;
  for await (const chunk of window.bytes(start, window.size)) {
    const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    for (let found = data.indexOf('PK\x07\x08', 0, 'latin1'); found !== -1; ) {
      const size = at + found - start;
      const fields = (await window.at(at + found, 24)).subarray(8);
      const isShort = fields.length >= 8 && fields.readUInt32LE(0) === size && fields.readUInt32LE(4) === size;
      const isWide = fields.length >= 16 && [0, 8].every((field) => fields.readBigUInt64LE(field) === BigInt(size));
      if (isShort || isWide) return at + found;
      found = data.indexOf('PK\x07\x08', found + 1, 'latin1');
    }
    carry = data.subarray(Math.max(0, data.length - 3));
    at += data.length - carry.length;
  }
  return undefined;
};
