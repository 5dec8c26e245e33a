import { createHash } from 'node:crypto';
import { answerXml, type Call, headerOf } from './call.ts';
import type { Piece } from './catalog.ts';
import type { Version } from './catalog-versions.ts';
import { commitDraft, isVersioned } from './commit.ts';
import { checkRead, conditionsOf } from './conditions.ts';
import { checksumElement } from './digests.ts';
import { S3Error } from './errors.ts';
import { headersOfRequest } from './object-headers.ts';
import { findVersion, readVersion } from './objects.ts';
import { bucketOf, checkKey, isoTime, type Operation, type World } from './world.ts';
import { xmlDocument } from './xml.ts';

const maximalCopy = 5 * 1024 ** 3;

/** The version that x-amz-copy-source names, its conditions checked. */
export const copySource = (world: World, call: Call): { version: Version; headers: Record<string, string> } => {
  const header = headerOf(call, 'x-amz-copy-source') ?? '';
  const [name = '', query = ''] = header.split('?');
  let path: string;
  try {
    path = decodeURIComponent(name).replace(/^\//, '');
  } catch {
    path = '';
  }
  const slash = path.indexOf('/');
  const bucket = world.catalog.buckets.find(path.slice(0, Math.max(0, slash)));
  if (slash < 1 || slash === path.length - 1) {
    throw new S3Error(
      'InvalidArgument',
      `Copy Source must mention the source bucket and key: sourcebucket/sourcekey; found "${header.slice(0, 200)}".`,
    );
  }
  if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  const versionId = new URLSearchParams(query).get('versionId') ?? undefined;
  const version = findVersion(world, bucket, path.slice(slash + 1), versionId);
  checkRead(conditionsOf(call, 'x-amz-copy-source-'), version, true);
  return { version, headers: isVersioned(bucket) ? { 'x-amz-copy-source-version-id': version.versionId } : {} };
};

const digestOf = async (world: World, version: Version): Promise<string> => {
  const md5 = createHash('md5');
  for await (const chunk of readVersion(world, version, 0, version.size - 1)) md5.update(chunk);
  return md5.digest('hex');
};

/** Gives every file of a version a second name. Nothing is left of them if that fails. */
export const duplicatePieces = async (world: World, version: Version): Promise<Piece[]> => {
  const pieces = world.catalog.versions.pieces(version.seq, 0, version.size - 1);
  const release = world.bodies.hold(pieces.map((piece) => piece.file));
  const copies: Piece[] = [];
  try {
    for (const { file, size } of pieces) copies.push({ file: await world.bodies.duplicate(file), size });
    return copies;
  } catch (error) {
    world.bodies.discard(copies.map((piece) => piece.file));
    throw error;
  } finally {
    release();
  }
};

const copiedHeaders = (call: Call, source: Version): Version['headers'] => {
  const directive = headerOf(call, 'x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error(
      'InvalidArgument',
      `x-amz-metadata-directive is "${directive.slice(0, 50)}"; allowed are COPY and REPLACE.`,
    );
  }
  if (directive === 'REPLACE') return headersOfRequest(call);
  if (source.bucket === call.bucket && source.key === call.key && source.latest) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  return source.headers;
};

/** CopyObject. An object made in parts becomes one whole, so its ETag is the MD5 of its bytes. */
export const copyObject: Operation = async (world, call) => {
  const bucket = bucketOf(world, call);
  const { version: source, headers: sourceHeaders } = copySource(world, call);
  const [key, headers] = [checkKey(call.key), copiedHeaders(call, source)];
  if (source.size > maximalCopy) {
    throw new S3Error('InvalidRequest', `The copy source has ${source.size} bytes; allowed are ${maximalCopy}.`);
  }
  const etag = source.etag.includes('-') ? await digestOf(world, source) : source.etag;
  const pieces = await duplicatePieces(world, source);
  const checksum = source.checksum?.type === 'FULL_OBJECT' ? { checksum: source.checksum } : {};
  const draft = { key, size: source.size, etag, headers, pieces, ...checksum };
  const cause = { event: 'ObjectCreated:Copy', requestId: call.id, conditions: conditionsOf(call) };
  const { version, versioned } = commitDraft(world, bucket.name, draft, cause);
  for (const [name, value] of Object.entries(sourceHeaders)) call.response.setHeader(name, value);
  if (versioned) call.response.setHeader('x-amz-version-id', version.versionId);
  const full = version.checksum;
  const checksums = full
    ? ([
        [checksumElement(full.algorithm), full.value],
        ['ChecksumType', 'FULL_OBJECT'],
      ] as const)
    : [];
  answerXml(
    call,
    xmlDocument('CopyObjectResult', [['ETag', `"${etag}"`], ['LastModified', isoTime(version.modified)], ...checksums]),
  );
};
