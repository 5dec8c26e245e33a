import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The checksum algorithms that are computed and verified, by the names S3 gives them. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** A running digest. `base64` ends it. */
export type Digest = { update(chunk: Buffer): void; base64(): string };

const castagnoli = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

const crc32c = (chunk: Buffer, before: number): number => {
  let value = ~before;
  for (let index = 0; index < chunk.length; index++) {
    value = (castagnoli[(value ^ (chunk[index] as number)) & 0xff] as number) ^ (value >>> 8);
  }
  return ~value >>> 0;
};

const cyclic = (step: (chunk: Buffer, before: number) => number): Digest => {
  let value = 0;
  return {
    update: (chunk) => {
      value = step(chunk, value);
    },
    base64: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
};

const cryptographic = (name: string): Digest => {
  const hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), base64: () => hash.digest('base64') };
};

const makers: Record<ChecksumAlgorithm, () => Digest> = {
  CRC32: () => cyclic(crc32),
  CRC32C: () => cyclic(crc32c),
  SHA1: () => cryptographic('sha1'),
  SHA256: () => cryptographic('sha256'),
};

export const startDigest = (algorithm: ChecksumAlgorithm): Digest => makers[algorithm]();

/** The header that carries a checksum of that algorithm. */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** The element that carries it in XML. */
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

/** The algorithm of that name in any case, or undefined if it is none of ours. */
export const asAlgorithm = (name: string): ChecksumAlgorithm | undefined =>
  checksumAlgorithms.find((algorithm) => algorithm === name.toUpperCase());

/** Digest of the parts' digests, as S3 makes it for an upload in parts. */
export const compositeChecksum = (algorithm: ChecksumAlgorithm, parts: readonly string[]): string => {
  const digest = startDigest(algorithm);
  for (const part of parts) digest.update(Buffer.from(part, 'base64'));
  return `${digest.base64()}-${parts.length}`;
};
