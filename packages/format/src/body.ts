/** The bytes of one entry, inflated and verified while they stream. */
import { createHash } from 'node:crypto';
import { Duplex, pipeline, type Readable, Transform } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry } from './entry-table.ts';
import { PackageRefused } from './errors.ts';
import type { PackageSource } from './source.ts';
import { createTrailer, dataStart } from './surroundings.ts';
import { createUnlzma, isLzmaError } from './unlzma.ts';

/** Large, since every block has its price in each stream that it passes; of small entries no more than they need. */
const inflateChunk = { least: 1024, most: 512 * 1024 };

/**
 * Streams an entry with one read of the source. At its end CRC, size and, if given, sha256 must be right:
 * otherwise a PackageRefused is emitted instead of the end. Failures of the source come through as they are.
 * @param sha256 64 hex digits, lower case
 */
export const openBody = (source: PackageSource, entry: Entry, sha256?: string): Readable => {
  const raw = source.stream(entry.offset, entry.end);
  const unpacking = unpackingOf(entry);
  const verifier = verify(entry, sha256, unpacking);
  // The last stream carries every failure, so there is nothing left to do here.
  pipeline([raw, cutOut(entry), ...(unpacking ? [unpacking.stream] : []), verifier], () => undefined);
  return verifier;
};

/** What turns an entry's bytes into plain ones; `bytesRead` is how many of them it took until its own end. */
type Unpacking = { name: string; stream: Duplex; bytesRead(): number };

const unpackingOf = (entry: Entry): Unpacking | undefined => {
  if (entry.method === 0) return undefined;
  if (entry.method === 14) {
    const { plain, bytesRead } = createUnlzma(entry);
    return { name: 'LZMA', stream: Duplex.from(plain), bytesRead };
  }
  const chunkSize = Math.max(inflateChunk.least, Math.min(inflateChunk.most, entry.size));
  const inflate = createInflateRaw({ chunkSize });
  return { name: 'deflate', stream: inflate, bytesRead: () => inflate.bytesWritten };
};

/** Passes the entry's own bytes: what follows the local header, without the data descriptor. Judges both. */
const cutOut = (entry: Entry): Transform => {
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = entry.compressedSize;
  const room = entry.end - entry.offset;
  let came = 0;
  const trailer = createTrailer(entry);

  const ownBytes = (chunk: Buffer): Buffer | undefined => {
    came += chunk.length;
    if (came > room) throw notGiven(entry.offset, came, room);
    let data = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      const start = dataStart(head, entry);
      if (start === undefined) return undefined;
      data = head.subarray(start);
      head = undefined;
    }
    const own = data.subarray(0, left);
    left -= own.length;
    trailer.push(data.subarray(own.length));
    return own.length > 0 ? own : undefined;
  };

  const judge = (): void => {
    if (came < room) throw notGiven(entry.offset, came, room);
    const missing = head ? 'its header' : `${left} of ${entry.compressedSize} bytes`;
    if (head || left > 0) throw new PackageRefused('TRUNCATED', `${missing} missing`, entry.name);
    trailer.judge();
  };

  return new Transform({
    transform: (chunk: Buffer, _encoding, callback) => settle(callback, () => ownBytes(chunk)),
    flush: (callback) => settle(callback, judge),
  });
};

/** The room of an entry ends within the source, so this is an accident and no verdict: the source was cut, or is none. */
const notGiven = (start: number, came: number, asked: number): Error =>
  new Error(`the source gave ${came} bytes from ${start} on; it was asked for ${asked}, and must not change meanwhile`);

/** Calls back with what a function returns or throws. */
const settle = <T>(callback: (error: Error | null, result?: T) => void, run: () => T): void => {
  let result: T;
  try {
    result = run();
  } catch (error) {
    callback(error as Error);
    return;
  }
  callback(null, result);
};

const verify = (entry: Entry, sha256: string | undefined, unpacking: Unpacking | undefined): Transform => {
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  let crc = 0;
  let size = 0;
  const refusal = (): PackageRefused | undefined => {
    const hex = hash?.digest('hex');
    if (size !== entry.size)
      return new PackageRefused('SIZE_MISMATCH', `${size} bytes, the directory says ${entry.size}`, entry.name);
    if (unpacking && unpacking.bytesRead() !== entry.compressedSize) {
      const message = `${unpacking.name} ends after ${unpacking.bytesRead()} of ${entry.compressedSize} bytes`;
      return new PackageRefused('BAD_COMPRESSION', message, entry.name);
    }
    if (crc !== entry.crc32)
      return new PackageRefused('BAD_CRC', `CRC ${hex8(crc)}, the directory says ${hex8(entry.crc32)}`, entry.name);
    if (hex !== sha256)
      return new PackageRefused('BAD_CHECKSUM', `sha256 ${hex}, the manifest says ${sha256}`, entry.name);
    return undefined;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      if (size > entry.size) {
        const message = `more than the ${entry.size} bytes that the directory states`;
        return callback(new PackageRefused('SIZE_MISMATCH', message, entry.name));
      }
      crc = crc32(chunk, crc);
      hash?.update(chunk);
      callback(null, chunk);
    },
    flush(callback) {
      callback(refusal());
    },
    destroy(error, callback) {
      callback(
        error && unpacking && isBroken(error)
          ? new PackageRefused('BAD_COMPRESSION', `${unpacking.name} is broken: ${error.message}`, entry.name)
          : error,
      );
    },
  });
};

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

const isBroken = (error: Error & { code?: unknown }): boolean =>
  String(error.code).startsWith('Z_') || isLzmaError(error);
