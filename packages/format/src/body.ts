/** The bytes of one entry, inflated and verified while they stream. */
import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import type { Entry } from './directory.ts';
import { PackageRefused } from './errors.ts';
import type { PackageSource } from './source.ts';

const localSignature = 0x04034b50;
const localHeaderBytes = 30;
const inflateChunk = 64 * 1024;

/**
 * Streams an entry with one read of the source. At its end CRC, size and, if given, sha256 must be right:
 * otherwise a PackageRefused is emitted instead of the end. Failures of the source come through as they are.
 * @param sha256 64 hex digits, lower case
 */
export const openBody = (source: PackageSource, entry: Entry, sha256?: string): Readable => {
  const raw = source.stream(entry.offset, entry.end);
  const inflate = entry.method === 8 ? createInflateRaw({ chunkSize: inflateChunk }) : undefined;
  const verifier = verify(entry, sha256, inflate);
  const steps = inflate ? [raw, cutOut(entry), inflate, verifier] : [raw, cutOut(entry), verifier];
  // The last stream carries every failure, so there is nothing left to do here.
  pipeline(steps, () => undefined);
  return verifier;
};

/** Passes the entry's own bytes: what follows the local header, without the data descriptor. */
const cutOut = (entry: Entry): Transform => {
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = entry.compressedSize;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      let data = chunk;
      try {
        if (head) {
          head = Buffer.concat([head, chunk]);
          const start = dataStart(head, entry);
          if (start === undefined) return callback();
          data = head.subarray(start);
          head = undefined;
        }
      } catch (error) {
        return callback(error as Error);
      }
      const own = data.subarray(0, left);
      left -= own.length;
      callback(null, own.length > 0 ? own : undefined);
    },
    flush(callback) {
      if (!head && left === 0) return callback();
      const missing = head ? 'its header' : `${left} of ${entry.compressedSize} bytes`;
      callback(new PackageRefused('TRUNCATED', `${missing} missing`, entry.name));
    },
  });
};

/** Where the data begins behind the local header; undefined while too little is there to say. */
const dataStart = (head: Buffer, entry: Entry): number | undefined => {
  if (head.length < localHeaderBytes) return undefined;
  if (head.readUInt32LE(0) !== localSignature) {
    throw new PackageRefused('BAD_STRUCTURE', 'no local header where the directory points', entry.name);
  }
  const method = head.readUInt16LE(8);
  const nameEnd = localHeaderBytes + head.readUInt16LE(26);
  const start = nameEnd + head.readUInt16LE(28);
  if (head.length < start) return undefined;
  if (method !== entry.method || head.toString('utf8', localHeaderBytes, nameEnd) !== entry.name) {
    throw new PackageRefused('BAD_STRUCTURE', 'local header and directory differ in name or method', entry.name);
  }
  if (entry.offset + start + entry.compressedSize > entry.end) {
    throw new PackageRefused('BAD_STRUCTURE', 'reaches into what follows it', entry.name);
  }
  return start;
};

const verify = (entry: Entry, sha256: string | undefined, inflate: InflateRaw | undefined): Transform => {
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  let crc = 0;
  let size = 0;
  const refusal = (): PackageRefused | undefined => {
    const hex = hash?.digest('hex');
    if (size !== entry.size)
      return new PackageRefused('BAD_STRUCTURE', `${size} bytes, the directory says ${entry.size}`, entry.name);
    if (inflate && inflate.bytesWritten !== entry.compressedSize)
      return new PackageRefused(
        'BAD_STRUCTURE',
        `deflate ends after ${inflate.bytesWritten} of ${entry.compressedSize} bytes`,
        entry.name,
      );
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
        return callback(new PackageRefused('BAD_STRUCTURE', message, entry.name));
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
        error && isZlibError(error)
          ? new PackageRefused('BAD_STRUCTURE', `deflate is broken: ${error.message}`, entry.name)
          : error,
      );
    },
  });
};

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

const isZlibError = (error: Error & { code?: unknown }): boolean => String(error.code).startsWith('Z_');
