import { createHash } from 'node:crypto';
import { type Call, headerOf } from './call.ts';
import { asAlgorithm, type ChecksumAlgorithm, checksumAlgorithms } from './digests.ts';
import { S3Error } from './errors.ts';
import type { Expected } from './payload.ts';
import { type Auth, hmacHex, sameText, sha256Hex } from './signature.ts';

/** Every way of sending a body in chunks: whether each chunk is signed, and whether trailers follow. */
const modes: Record<string, { signed: boolean; trailer: boolean }> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
};

const emptyHash = sha256Hex('');
const longestLine = 16 * 1024;

const incomplete = (): S3Error => new S3Error('IncompleteBody', 'The request body terminated unexpectedly.');
const badSignature = (): S3Error =>
  new S3Error('SignatureDoesNotMatch', "A chunk's signature does not match the signature we calculated.");

type Reader = { line(): Promise<string>; some(most: number): Promise<Buffer>; end(): Promise<void> };

const readerOf = (source: AsyncIterable<Buffer>): Reader => {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);
  const pull = async (): Promise<void> => {
    const next = await iterator.next();
    if (next.done) throw incomplete();
    pending = pending.length === 0 ? next.value : Buffer.concat([pending, next.value]);
  };
  return {
    line: async () => {
      let end = pending.indexOf('\r\n');
      for (; end < 0; end = pending.indexOf('\r\n')) {
        if (pending.length > longestLine) throw new S3Error('InvalidRequest', 'A chunk header is longer than 16 KiB.');
        await pull();
      }
      const text = pending.toString('utf8', 0, end);
      pending = pending.subarray(end + 2);
      return text;
    },
    some: async (most) => {
      if (pending.length === 0) await pull();
      const bytes = pending.subarray(0, most);
      pending = pending.subarray(bytes.length);
      return bytes;
    },
    end: async () => {
      const rest = await iterator.next();
      if (pending.length > 0 || !rest.done) throw new S3Error('InvalidRequest', 'Bytes follow the last chunk.');
    },
  };
};

/** Checks each chunk's signature against the one before it, the first against the request's. */
const signatureChain = (
  auth: Auth,
): { chunk(stated: string, hash: string): void; trailer(stated: string, text: string): void } => {
  let previous = auth.signature;
  const check = (stated: string, kind: string, ...hashes: string[]): void => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, auth.amzDate, auth.scope, previous, ...hashes].join('\n');
    if (!sameText(hmacHex(auth.signingKey, text), stated)) throw badSignature();
    previous = stated;
  };
  return {
    chunk: (stated, hash) => check(stated, 'PAYLOAD', emptyHash, hash),
    trailer: (stated, text) => check(stated, 'TRAILER', sha256Hex(text)),
  };
};

const parseHead = (line: string): { size: number; signature: string } => {
  const match = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line);
  if (!match)
    throw new S3Error(
      'InvalidRequest',
      `A chunk begins with "${line.slice(0, 100)}"; allowed is "<hex size>[;chunk-signature=<hex>]".`,
    );
  return { size: Number.parseInt(match[1] as string, 16), signature: match[2] ?? '' };
};

const readTrailers = async (reader: Reader): Promise<Map<string, string>> => {
  const trailers = new Map<string, string>();
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon < 1 || trailers.size > 20)
      throw new S3Error('MalformedTrailerError', 'The request contained trailing data that was not well-formed.');
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
};

const checkTrailers = (
  trailers: Map<string, string>,
  declared: string[],
  chain?: ReturnType<typeof signatureChain>,
): void => {
  const missing = declared.filter((name) => !trailers.has(name));
  if (missing.length > 0)
    throw new S3Error('MalformedTrailerError', `Trailers were announced and not sent: ${missing.join(', ')}.`);
  const names = [...trailers.keys()].filter((name) => name !== 'x-amz-trailer-signature').sort();
  if (chain) {
    const text = names.map((name) => `${name}:${trailers.get(name)}\n`).join('');
    chain.trailer(trailers.get('x-amz-trailer-signature') ?? '', text);
  }
};

const declaredTrailers = (call: Call): { declared: string[]; algorithm: ChecksumAlgorithm | undefined } => {
  const header = (headerOf(call, 'x-amz-trailer') ?? '').toLowerCase();
  const declared = header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const checksum = declared.find((name) => name.startsWith('x-amz-checksum-'));
  const algorithm = checksum === undefined ? undefined : asAlgorithm(checksum.slice('x-amz-checksum-'.length));
  if (checksum === undefined || algorithm) return { declared, algorithm };
  const reason = `The trailer ${checksum} is not supported; supported are ${checksumAlgorithms.join(', ')}.`;
  throw new S3Error('NotImplemented', reason);
};

/** Decodes a body of `Content-Encoding: aws-chunked`. Its checksum is known when the chunks have ended. */
export const chunkedBody = (
  call: Call,
  hash: string,
): { chunks: AsyncIterable<Buffer>; checksum?: NonNullable<Expected['checksum']> } => {
  const mode = modes[hash];
  if (!mode || !call.auth)
    throw new S3Error(
      'NotImplemented',
      `x-amz-content-sha256 is "${hash}"; supported are ${Object.keys(modes).join(', ')}.`,
    );
  const { declared, algorithm } = declaredTrailers(call);
  const reader = readerOf(call.request);
  const chain = mode.signed ? signatureChain(call.auth) : undefined;
  let trailers = new Map<string, string>();

  const run = async function* (): AsyncGenerator<Buffer> {
    for (;;) {
      const { size, signature } = parseHead(await reader.line());
      const sha256 = chain && createHash('sha256');
      for (let left = size; left > 0; ) {
        const bytes = await reader.some(left);
        left -= bytes.length;
        sha256?.update(bytes);
        yield bytes;
      }
      if (sha256) chain?.chunk(signature, sha256.digest('hex'));
      if (size === 0) break;
      if ((await reader.line()) !== '')
        throw new S3Error('InvalidRequest', `A chunk is longer than the ${size} bytes it announced.`);
    }
    trailers = await readTrailers(reader);
    if (mode.trailer) checkTrailers(trailers, declared, chain);
    await reader.end();
  };
  const checksum = algorithm && { algorithm, value: () => trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`) };
  return { chunks: run(), ...(checksum ? { checksum } : {}) };
};
