/** Gzip within an entry, as HouseF3 packs its data files: one member, inflated in flat memory, judged to its last byte. */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { PackageRefused } from './errors.ts';

// RFC 1952, section 2.3: ten fixed bytes, then what the flags announce; after the deflate stream CRC and length.
const fixedBytes = 10;
const trailerBytes = 8;
const longestHeader = 128 * 1024;
const flag = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 };

/**
 * The bytes within a gzip member. When it is wrong the body is still read to its end, so that damaged bytes are reported as such.
 * @param name the entry, for the verdict
 * @param most bytes that may come out
 * @param sha256 of what comes out, if the manifest states it; 64 hex digits, lower case
 * @throws PackageRefused BAD_COMPRESSION, SIZE_MISMATCH, BAD_CRC, BAD_CHECKSUM, TRUNCATED or TOO_LARGE, and whatever the body fails with
 */
export const gunzip = async function* (
  body: AsyncIterable<Buffer>,
  name: string,
  most: number,
  sha256?: string,
): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]();
  const member = createMember(name);
  const inflate = createInflateRaw();
  // Not `for await`, which would close the body when inflating fails.
  const deflated = async function* (): AsyncGenerator<Buffer> {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield* member.push(next.value);
  };
  pipeline(Readable.from(deflated(), { objectMode: false }), inflate, () => undefined);
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  let [crc, size] = [0, 0];
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      hash?.update(chunk);
      size += chunk.length;
      if (size > most) throw new PackageRefused('TOO_LARGE', `gzip of more than ${most} bytes, the most allowed`, name);
      yield chunk;
    }
    member.judge(inflate, crc, size);
    const hex = hash?.digest('hex');
    if (hex !== sha256)
      throw new PackageRefused('BAD_CHECKSUM', `sha256 ${hex} within, the manifest says ${sha256}`, name);
  } catch (error) {
    if (!isZlibError(error) && !(error instanceof PackageRefused && error.entry === name)) throw error;
    await drain(chunks);
    throw isZlibError(error) ? refusalOf(error, name) : error;
  } finally {
    inflate.destroy();
    await chunks.return?.();
  }
};

const drain = async (chunks: AsyncIterator<Buffer>): Promise<void> => {
  for (let next = await chunks.next(); !next.done; ) next = await chunks.next();
};

const isZlibError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

const refusalOf = ({ code, message }: Error & { code: string }, name: string): PackageRefused =>
  code === 'Z_BUF_ERROR'
    ? new PackageRefused('TRUNCATED', 'the gzip within ends too early', name)
    : new PackageRefused('BAD_COMPRESSION', `the gzip within is broken: ${message}`, name);

type Member = {
  /** Takes the member's bytes, gives those of its deflate stream. */
  push(chunk: Buffer): Generator<Buffer>;
  /** Compares what came out with what the member says. */
  judge(inflate: InflateRaw, crc: number, size: number): void;
};

const createMember = (name: string): Member => {
  let head: Buffer | undefined = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  let fed = 0;

  const push = function* (chunk: Buffer): Generator<Buffer> {
    let data: Buffer = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      const start = headerEnd(head, name);
      if (start === undefined) return;
      data = head.subarray(start);
      head = undefined;
    }
    // Bytes after the member are refused, so the last eight are its trailer.
    const held = Buffer.concat([tail, data]);
    const own = Math.max(0, held.length - trailerBytes);
    tail = held.subarray(own);
    fed += own;
    if (own > 0) yield held.subarray(0, own);
  };

  const judge = (inflate: InflateRaw, crc: number, size: number): void => {
    if (head || tail.length < trailerBytes)
      throw new PackageRefused('TRUNCATED', 'the gzip within ends too early', name);
    if (inflate.bytesWritten !== fed) {
      const message = `${fed - inflate.bytesWritten} bytes after the gzip within; allowed are none`;
      throw new PackageRefused('BAD_COMPRESSION', message, name);
    }
    const [statedCrc, statedSize] = [tail.readUInt32LE(0), tail.readUInt32LE(4)];
    if (statedCrc !== crc) throw new PackageRefused('BAD_CRC', 'the gzip within differs from its CRC', name);
    if (statedSize !== size % 2 ** 32)
      throw new PackageRefused('SIZE_MISMATCH', `${size} bytes, the gzip within says ${statedSize}`, name);
  };

  return { push, judge };
};

/** Where the deflate stream begins; undefined while too little is there to say. @throws PackageRefused if it is no gzip */
export const headerEnd = (head: Buffer, name: string): number | undefined => {
  if (head.length < fixedBytes) return undefined;
  const flags = head.readUInt8(3);
  if (head.readUInt16BE(0) !== 0x1f8b || head.readUInt8(2) !== 8 || (flags & flag.reserved) !== 0)
    throw new PackageRefused('BAD_COMPRESSION', 'does not begin as gzip; allowed is one member of gzip', name);
  let at: number | undefined = fixedBytes;
  if (flags & flag.extra) at = head.length < at + 2 ? undefined : at + 2 + head.readUInt16LE(at);
  for (const text of [flag.name, flag.comment]) {
    if (flags & text && at !== undefined) at = afterZero(head, at);
  }
  if (flags & flag.headerCrc && at !== undefined) at += 2;
  if (at !== undefined && at <= head.length) return at;
  if (head.length > longestHeader)
    throw new PackageRefused('BAD_COMPRESSION', `a gzip header of more than ${longestHeader} bytes`, name);
  return undefined;
};

const afterZero = (head: Buffer, from: number): number | undefined => {
  const zero = head.indexOf(0, from);
  return zero === -1 ? undefined : zero + 1;
};
