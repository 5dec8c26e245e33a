import { pipeline } from 'node:stream/promises';
import { answerEmpty, type Call } from './call.ts';
import type { Bucket } from './catalog-buckets.ts';
import type { ObjectChecksum, Version } from './catalog-versions.ts';
import { commitDraft, deleteKey, isVersioned } from './commit.ts';
import { checkRead, checkWrite, conditionsOf } from './conditions.ts';
import { checksumHeader } from './digests.ts';
import { S3Error } from './errors.ts';
import { answerHeaders, encryptionHeaders, headersOfRequest } from './object-headers.ts';
import { payloadOf, type Sums, store } from './payload.ts';
import { bucketOf, checkKey, type Operation, type World } from './world.ts';

/** A checksum over all bytes of an object, as a part of its draft. */
export const wholeChecksum = (checksum: Sums['checksum']): { checksum?: ObjectChecksum } =>
  checksum ? { checksum: { ...checksum, type: 'FULL_OBJECT' } } : {};

/** PutObject. A condition that fails already is answered before the body is read; it counts once more when the body is there. */
export const putObject: Operation = async (world, call) => {
  const bucket = bucketOf(world, call);
  const [key, headers, conditions] = [checkKey(call.key), headersOfRequest(call), conditionsOf(call)];
  checkWrite(conditions, world.catalog.versions.latest(bucket.name, key));
  const { size, md5, checksum, file } = await store(world.bodies, payloadOf(call));
  const draft = { key, size, etag: md5, headers, pieces: [{ file, size }], ...wholeChecksum(checksum) };
  const cause = { event: 'ObjectCreated:Put', requestId: call.id, conditions };
  const { version, versioned } = commitDraft(world, bucket.name, draft, cause);
  const answer: Record<string, string> = { etag: `"${md5}"`, ...encryptionHeaders(headers) };
  if (versioned) answer['x-amz-version-id'] = version.versionId;
  if (checksum)
    Object.assign(answer, {
      [checksumHeader(checksum.algorithm)]: checksum.value,
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
  answerEmpty(call, 200, answer);
};

/** The version that a read means. Throws NoSuchKey, NoSuchVersion, and MethodNotAllowed for a delete marker that is named. */
export const findVersion = (world: World, bucket: Bucket, key: string, versionId: string | undefined): Version => {
  const { versions } = world.catalog;
  const version =
    versionId === undefined ? versions.latest(bucket.name, key) : versions.find(bucket.name, key, versionId);
  if (!version && versionId !== undefined) throw new S3Error('NoSuchVersion', 'The specified version does not exist.');
  if (!version) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (!version.marker) return version;
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
  if (versionId === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', headers);
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', headers);
};

/**
 * The bytes that a Range header means in a body of that size, both ends inclusive. What is no single range is ignored,
 * as S3 ignores it. Throws InvalidRange.
 */
export const rangeOf = (header: string | undefined, size: number): { start: number; end: number } | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || end < start) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', { 'content-range': `bytes */${size}` });
  }
  return { start, end };
};

/** Yields what `start` to `end` (inclusive) of a version hold. The files cannot vanish while it runs. */
export const readVersion = async function* (
  world: World,
  version: Version,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  if (end < start) return;
  const pieces = world.catalog.versions.pieces(version.seq, start, end);
  const release = world.bodies.hold(pieces.map((piece) => piece.file));
  try {
    for (const piece of pieces) {
      const from = Math.max(0, start - piece.start);
      const to = Math.min(piece.size - 1, end - piece.start);
      const bytes = world.bodies.read(piece.file, from, to);
      if (Buffer.isBuffer(bytes)) yield bytes;
      else yield* bytes as AsyncIterable<Buffer>;
    }
  } finally {
    release();
  }
};

const sendBody = async (world: World, call: Call, version: Version, start: number, end: number): Promise<void> => {
  const body = readVersion(world, version, start, end);
  const first = await body.next();
  const second = first.done ? first : await body.next();
  if (second.done) return void call.response.end(first.done ? undefined : first.value);
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield first.value as Buffer;
    yield second.value as Buffer;
    yield* body;
  };
  await pipeline(rest, call.response);
};

/** GetObject and HeadObject. */
export const getObject: Operation = async (world, call) => {
  const bucket = bucketOf(world, call);
  const version = findVersion(world, bucket, call.key, call.query.get('versionId'));
  checkRead(conditionsOf(call), version);
  const range = rangeOf(call.request.headers.range, version.size);
  const headers = answerHeaders(call, version, isVersioned(bucket), range === undefined);
  const { start, end } = range ?? { start: 0, end: version.size - 1 };
  if (range) headers['content-range'] = `bytes ${start}-${end}/${version.size}`;
  headers['content-length'] = String(end - start + 1);
  call.response.writeHead(range ? 206 : 200, headers);
  if (call.method === 'HEAD') call.response.end();
  else await sendBody(world, call, version, start, end);
};

/** DeleteObject: answers 204 whether or not there was anything. */
export const deleteObject: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  const deleted = deleteKey(world, bucket, call.key, call.query.get('versionId'), call.id, conditionsOf(call));
  const headers: Record<string, string> = {};
  if (deleted.versionId !== undefined) headers['x-amz-version-id'] = deleted.versionId;
  if (deleted.marker) headers['x-amz-delete-marker'] = 'true';
  answerEmpty(call, 204, headers);
};
