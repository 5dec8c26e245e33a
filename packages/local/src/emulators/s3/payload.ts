import { createHash } from 'node:crypto';
import { chunkedBody } from './aws-chunked.ts';
import type { Bodies } from './bodies.ts';
import { type Call, headerOf } from './call.ts';
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, startDigest } from './digests.ts';
import { S3Error } from './errors.ts';

/** What a body must turn out to be. `sha256` is hex, `md5` and checksums are base64; `most` is in bytes. */
export type Expected = {
  length?: number;
  most?: number;
  least?: number;
  sha256?: string;
  md5?: string;
  checksum?: { algorithm: ChecksumAlgorithm; value(): string | undefined };
};

/** What a body was found to be. `md5` is hex. */
export type Sums = { size: number; md5: string; checksum?: { algorithm: ChecksumAlgorithm; value: string } };

/** A body whose last chunk is followed by the verdict: the iteration throws if anything was not as expected. */
export type Payload = { chunks: AsyncIterable<Buffer>; sums(): Sums };

const maximalBytes = 5 * 1024 ** 3;

const checkLength = (size: number, { length, most = maximalBytes, least }: Expected, ended: boolean): void => {
  if (size > most)
    throw new S3Error('EntityTooLarge', `Your proposed upload has ${size} bytes or more; allowed are ${most}.`);
  if (ended && length !== undefined && size !== length) {
    throw new S3Error('IncompleteBody', `The request body has ${size} bytes, announced were ${length}.`);
  }
  if (ended && least !== undefined && size < least) {
    throw new S3Error('EntityTooSmall', `Your proposed upload has ${size} bytes; at least ${least} are required.`);
  }
};

/** What was computed of a body, digests spelled as in Expected. */
type Found = { size: number; md5: Buffer; sha256?: string | undefined; checksum?: string | undefined };

const judge = (found: Found, expected: Expected): Sums => {
  checkLength(found.size, expected, true);
  if (found.sha256 !== expected.sha256) {
    const reason = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    throw new S3Error('XAmzContentSHA256Mismatch', reason);
  }
  if (expected.md5 !== undefined && expected.md5 !== found.md5.toString('base64')) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const sums = { size: found.size, md5: found.md5.toString('hex') };
  if (!expected.checksum || found.checksum === undefined) return sums;
  const { algorithm } = expected.checksum;
  const stated = expected.checksum.value();
  if (stated !== undefined && stated !== found.checksum) {
    throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  return { ...sums, checksum: { algorithm, value: found.checksum } };
};

/** Lets a body through while its digests are taken, and checks them at its end. */
export const verified = (source: AsyncIterable<Buffer>, expected: Expected): Payload => {
  const md5 = createHash('md5');
  const sha256 = expected.sha256 === undefined ? undefined : createHash('sha256');
  const digest = expected.checksum && startDigest(expected.checksum.algorithm);
  let sums: Sums | undefined;
  const run = async function* (): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      checkLength(size, expected, false);
      md5.update(chunk);
      sha256?.update(chunk);
      digest?.update(chunk);
      yield chunk;
    }
    sums = judge({ size, md5: md5.digest(), sha256: sha256?.digest('hex'), checksum: digest?.base64() }, expected);
  };
  return {
    chunks: run(),
    sums: () => {
      if (!sums) throw new Error('sums() was asked for before the body had ended');
      return sums;
    },
  };
};

const contentMd5 = (call: Call): string | undefined => {
  const stated = headerOf(call, 'content-md5');
  if (stated !== undefined && Buffer.from(stated, 'base64').length !== 16) {
    throw new S3Error('InvalidDigest', `The Content-MD5 you specified ("${stated.slice(0, 50)}") was invalid.`);
  }
  return stated;
};

/** Only real headers count: a presigned URL's query may hold the checksum of the empty body it was signed with, which S3 ignores. */
const statedChecksum = (call: Call): Expected['checksum'] => {
  if (call.request.headers['x-amz-checksum-crc64nvme'] !== undefined) {
    throw new S3Error(
      'NotImplemented',
      `Checksums of CRC64NVME are not supported; supported are ${checksumAlgorithms.join(', ')}.`,
    );
  }
  for (const algorithm of checksumAlgorithms) {
    const value = call.request.headers[checksumHeader(algorithm)];
    if (typeof value === 'string') return { algorithm, value: () => value };
  }
  return undefined;
};

const wholeNumber = (call: Call, name: string): number => {
  const text = call.request.headers[name];
  if (text === undefined) throw new S3Error('MissingContentLength', `You must provide the ${name} HTTP header.`);
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text))
    throw new S3Error('InvalidArgument', `${name} is "${text}"; allowed is a number of bytes.`);
  return Number(text);
};

/** `ofObject` says that checksum headers speak of an object, not of this body. */
type Limits = { most?: number; algorithm?: ChecksumAlgorithm; ofObject?: boolean };

/** A request's body, decoded if it is aws-chunked, checked against everything its headers say. `algorithm` is taken if none is stated. */
export const payloadOf = (call: Call, limits: Limits = {}): Payload => {
  const hash = call.auth?.payloadHash ?? 'UNSIGNED-PAYLOAD';
  const md5 = contentMd5(call);
  const expected: Expected = {
    ...(limits.most === undefined ? {} : { most: limits.most }),
    ...(md5 === undefined ? {} : { md5 }),
  };
  const byDefault = limits.algorithm && { algorithm: limits.algorithm, value: () => undefined };
  const stated = limits.ofObject ? undefined : statedChecksum(call);
  if (hash.startsWith('STREAMING-')) {
    const length = wholeNumber(call, 'x-amz-decoded-content-length');
    const body = chunkedBody(call, hash);
    const checksum = stated ?? body.checksum ?? byDefault;
    checkLength(length, expected, false);
    return verified(body.chunks, { ...expected, length, ...(checksum ? { checksum } : {}) });
  }
  const length = wholeNumber(call, 'content-length');
  const checksum = stated ?? byDefault;
  checkLength(length, expected, false);
  if (hash !== 'UNSIGNED-PAYLOAD') expected.sha256 = hash;
  // Not the request itself: leaving its own iterator early would cut the line before the refusal is sent.
  return verified(call.request.iterator({ destroyOnReturn: false }), {
    ...expected,
    length,
    ...(checksum ? { checksum } : {}),
  });
};

/** Stores a body. If it is not as expected, or breaks off, nothing is left of it. */
export const store = async (bodies: Bodies, payload: Payload): Promise<Sums & { file: string }> => {
  const writer = bodies.writer();
  try {
    for await (const chunk of payload.chunks) {
      const written = writer.write(chunk);
      if (written) await written;
    }
    const sums = payload.sums();
    return { ...sums, file: sums.size === 0 ? '' : await writer.finish() };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
};

/** The text of a small body, such as a request's XML. */
export const textOfBody = async (call: Call, limits: Limits = {}): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of payloadOf(call, { most: 4 * 1024 * 1024, ...limits }).chunks) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};
