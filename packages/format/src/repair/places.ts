/** Where an entry's bytes stand in a damaged package, and what reading them shows. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { inflating, Unpackable, type Unpacking, unlzma } from './unpacking.ts';
import type { Window } from './window.ts';

export type Place = {
  name: string;
  method: number;
  flags: number;
  /** Where its bytes begin, and where they end at the latest. */
  start: number;
  limit: number;
  /** Of the plain bytes; of a stored entry it says where they end. */
  size: number;
};

/** The entry's plain bytes. @throws Unpackable where they end too early or are broken */
export const unpackingAt = (window: Window, place: Place, fineFrom?: number): Unpacking => {
  const { method, start, limit, size } = place;
  if (method === 8) return inflating(window.bytes(start, limit), fineFrom);
  if (method === 14) return unlzma(window.bytes(start, limit), place);
  if (method !== 0)
    return { plain: unreadable(`compressed by method ${method}, which packages do not have`), taken: () => 0 };
  return { plain: storedBytes(window, place), taken: () => Math.min(size, limit - start) };
};

const storedBytes = async function* (window: Window, { start, limit, size }: Place): AsyncGenerator<Buffer> {
  const end = Math.min(start + size, limit, window.size);
  yield* window.bytes(start, end);
  if (end < start + size) throw new Unpackable(true, `${start + size - end} of its ${size} bytes are missing`);
};

// biome-ignore lint/correctness/useYield: it gives nothing and says why.
const unreadable = async function* (message: string): AsyncGenerator<Buffer> {
  throw new Unpackable(false, message);
};

/** What came of reading a place to its end. Sizes in bytes. */
export type Reading = {
  crc32: number;
  size: number;
  /** 64 hex digits, lower case. */
  sha256: string;
  /** Packed bytes that were taken. */
  packedSize: number;
  /** Why it gave no more, if that was no proper end. */
  ending: Unpackable | undefined;
};

/** Counts plain bytes over all readings, so that what expands without end comes to one. */
export type Allowance = { bytes: number };

export const readingOf = async (window: Window, place: Place, allowance: Allowance): Promise<Reading> => {
  const { plain, taken } = unpackingAt(window, place);
  const hash = createHash('sha256');
  let [crc, size] = [0, 0];
  let ending: Unpackable | undefined;
  try {
    for await (const chunk of plain) {
      crc = crc32(chunk, crc);
      hash.update(chunk);
      size += chunk.length;
      allowance.bytes -= chunk.length;
      if (allowance.bytes < 0) throw new Unpackable(false, 'it has more bytes than a package may');
    }
  } catch (error) {
    if (!(error instanceof Unpackable)) throw error;
    ending = error;
  }
  return { crc32: crc, size, sha256: hash.digest('hex'), packedSize: taken(), ending };
};
