import { createHash } from 'node:crypto';
import { answerEmpty, answerXml, type Call, headerOf } from './call.ts';
import type { Part, Upload } from './catalog-uploads.ts';
import type { ObjectChecksum } from './catalog-versions.ts';
import { commitDraft } from './commit.ts';
import { checkWrite, conditionsOf } from './conditions.ts';
import { copySource, duplicatePieces } from './copy.ts';
import { asAlgorithm, checksumAlgorithms, checksumElement, checksumHeader, compositeChecksum } from './digests.ts';
import { S3Error } from './errors.ts';
import { encryptionHeaders, headersOfRequest } from './object-headers.ts';
import { rangeOf, readVersion } from './objects.ts';
import { payloadOf, store, textOfBody, verified } from './payload.ts';
import { bucketOf, checkKey, isoTime, newId, type Operation, type World } from './world.ts';
import { childrenOf, parseXml, textOf, type XmlOut, xmlDocument } from './xml.ts';

/** The laws of an upload in parts. */
const lowestPart = 1;
const highestPart = 10_000;
const leastPartBytes = 5 * 1024 * 1024;
const maximalObject = 5 * 1024 ** 4;

const uploadOf = (world: World, call: Call): Upload => {
  bucketOf(world, call);
  const upload = world.catalog.uploads.find(call.query.get('uploadId') ?? '');
  if (upload && upload.bucket === call.bucket && upload.key === call.key) return upload;
  throw new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  );
};

const algorithmOf = (call: Call): Upload['details']['algorithm'] => {
  const name = headerOf(call, 'x-amz-checksum-algorithm');
  if (name === undefined) return undefined;
  const algorithm = asAlgorithm(name);
  if (!algorithm)
    throw new S3Error(
      'NotImplemented',
      `x-amz-checksum-algorithm is ${name.slice(0, 30)}; supported are ${checksumAlgorithms.join(', ')}.`,
    );
  if ((headerOf(call, 'x-amz-checksum-type') ?? 'COMPOSITE') === 'COMPOSITE') return algorithm;
  throw new S3Error('NotImplemented', 'x-amz-checksum-type is FULL_OBJECT; supported is COMPOSITE.');
};

/** CreateMultipartUpload. */
export const createUpload: Operation = (world, call) => {
  const bucket = bucketOf(world, call);
  const algorithm = algorithmOf(call);
  const headers = headersOfRequest(call);
  const upload = { id: newId(), bucket: bucket.name, key: checkKey(call.key), created: world.clock() };
  world.catalog.uploads.add({ ...upload, details: { headers, ...(algorithm ? { algorithm } : {}) } });
  for (const [name, value] of Object.entries(encryptionHeaders(headers))) call.response.setHeader(name, value);
  if (algorithm) {
    call.response.setHeader('x-amz-checksum-algorithm', algorithm);
    call.response.setHeader('x-amz-checksum-type', 'COMPOSITE');
  }
  answerXml(
    call,
    xmlDocument('InitiateMultipartUploadResult', [
      ['Bucket', bucket.name],
      ['Key', upload.key],
      ['UploadId', upload.id],
    ]),
  );
};

const partNumberOf = (call: Call): number => {
  const text = call.query.get('partNumber') ?? '';
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= lowestPart && number <= highestPart) return number;
  throw new S3Error(
    'InvalidArgument',
    `Part number must be an integer between 1 and 10000, inclusive; found "${text.slice(0, 30)}".`,
  );
};

/** Puts a stored part where it belongs, or deletes it if the upload has ended meanwhile. */
const keepPart = (world: World, call: Call, part: Omit<Part, 'modified'>): Part => {
  const kept = { ...part, modified: world.clock() };
  try {
    const replaced = world.catalog.transaction(() => world.catalog.uploads.putPart(uploadOf(world, call).id, kept));
    if (replaced !== undefined) world.bodies.discard([replaced]);
    return kept;
  } catch (error) {
    world.bodies.discard([part.file]);
    throw error;
  }
};

/** UploadPart. */
export const uploadPart: Operation = async (world, call) => {
  const { algorithm } = uploadOf(world, call).details;
  const number = partNumberOf(call);
  const { size, md5, checksum, file } = await store(world.bodies, payloadOf(call, algorithm ? { algorithm } : {}));
  const ours = checksum && checksum.algorithm === algorithm ? { checksum: checksum.value } : {};
  keepPart(world, call, { number, file, size, etag: md5, ...ours });
  answerEmpty(call, 200, {
    etag: `"${md5}"`,
    ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
  });
};

const copyRange = (call: Call, size: number): { start: number; end: number } | undefined => {
  const header = headerOf(call, 'x-amz-copy-source-range');
  if (header === undefined) return undefined;
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const range = match ? rangeOf(header, size) : undefined;
  if (range && Number(match?.[2]) < size) return range;
  throw new S3Error(
    'InvalidArgument',
    `x-amz-copy-source-range is "${header.slice(0, 60)}"; allowed is bytes=first-last within the source's ${size} bytes.`,
  );
};

/** UploadPartCopy. A source of one piece is linked whole; a range, and a source of many pieces, is copied through. */
export const uploadPartCopy: Operation = async (world, call) => {
  const { algorithm } = uploadOf(world, call).details;
  const number = partNumberOf(call);
  const { version: source, headers } = copySource(world, call);
  const range = copyRange(call, source.size);
  let part: Omit<Part, 'modified' | 'number'>;
  if (!range && !source.etag.includes('-') && source.size > 0 && !algorithm) {
    const [piece] = await duplicatePieces(world, source);
    part = { file: piece?.file ?? '', size: source.size, etag: source.etag };
  } else {
    const { start, end } = range ?? { start: 0, end: source.size - 1 };
    const checksum = algorithm && { algorithm, value: () => undefined };
    const payload = verified(readVersion(world, source, start, end), {
      length: end - start + 1,
      ...(checksum ? { checksum } : {}),
    });
    const sums = await store(world.bodies, payload);
    part = {
      file: sums.file,
      size: sums.size,
      etag: sums.md5,
      ...(sums.checksum ? { checksum: sums.checksum.value } : {}),
    };
  }
  const kept = keepPart(world, call, { number, ...part });
  for (const [name, value] of Object.entries(headers)) call.response.setHeader(name, value);
  const checksum: XmlOut[] = algorithm ? [[checksumElement(algorithm), kept.checksum]] : [];
  answerXml(
    call,
    xmlDocument('CopyPartResult', [['ETag', `"${kept.etag}"`], ['LastModified', isoTime(kept.modified)], ...checksum]),
  );
};

type Listed = { number: number; etag: string; checksum?: string };

const listedParts = (upload: Upload, body: string): Listed[] => {
  const { algorithm } = upload.details;
  const listed = childrenOf(parseXml(body), 'Part').map((part): Listed => {
    const checksum = algorithm && textOf(part, checksumElement(algorithm));
    const number = Number(textOf(part, 'PartNumber') ?? 'missing');
    const etag = (textOf(part, 'ETag') ?? '').replaceAll('"', '');
    return { number, etag, ...(checksum === undefined ? {} : { checksum }) };
  });
  const sound = listed.every(({ number }) => Number.isInteger(number) && number >= lowestPart && number <= highestPart);
  if (listed.length === 0 || !sound)
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our schema.',
    );
  const unordered = listed.find((part, index) => index > 0 && part.number <= (listed[index - 1]?.number ?? 0));
  if (unordered)
    throw new S3Error(
      'InvalidPartOrder',
      `The list of parts was not in ascending order: part ${unordered.number} follows a higher or equal number.`,
    );
  return listed;
};

const chosenParts = (world: World, upload: Upload, listed: readonly Listed[]): Part[] => {
  const parts = listed.map(({ number, etag, checksum }) => {
    const part = world.catalog.uploads.part(upload.id, number);
    if (part && part.etag === etag && (checksum === undefined || checksum === part.checksum)) return part;
    throw new S3Error(
      'InvalidPart',
      `One or more of the specified parts could not be found: part ${number} ${part ? `has ETag ${part.etag}, listed was ${etag.slice(0, 60)}` : 'was not uploaded'}.`,
    );
  });
  const small = parts.slice(0, -1).find((part) => part.size < leastPartBytes);
  if (small)
    throw new S3Error(
      'EntityTooSmall',
      `Your proposed upload is smaller than the minimum allowed size: part ${small.number} has ${small.size} bytes, at least ${leastPartBytes} are required.`,
    );
  return parts;
};

const etagOfParts = (parts: readonly Part[]): string => {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
};

const checksumOfParts = (upload: Upload, parts: readonly Part[]): { checksum?: ObjectChecksum } => {
  const { algorithm } = upload.details;
  const sums = parts.map((part) => part.checksum).filter((sum) => sum !== undefined);
  if (!algorithm || sums.length < parts.length) return {};
  return { checksum: { algorithm, value: compositeChecksum(algorithm, sums), type: 'COMPOSITE' } };
};

const checkWhole = (call: Call, size: number, checksum: ObjectChecksum | undefined): void => {
  const announced = headerOf(call, 'x-amz-mp-object-size');
  if (announced !== undefined && Number(announced) !== size)
    throw new S3Error(
      'InvalidRequest',
      `The parts have ${size} bytes, x-amz-mp-object-size says ${announced.slice(0, 30)}.`,
    );
  if (size > maximalObject)
    throw new S3Error('EntityTooLarge', `Your proposed upload has ${size} bytes; allowed are ${maximalObject}.`);
  const stated = checksum && headerOf(call, checksumHeader(checksum.algorithm));
  if (stated !== undefined && stated !== checksum?.value && stated !== checksum?.value.split('-')[0]) {
    throw new S3Error('BadDigest', `The ${checksum?.algorithm} you specified did not match the calculated checksum.`);
  }
};

/** CompleteMultipartUpload: the parts' files become the object's, none is copied. */
export const completeUpload: Operation = async (world, call) => {
  const conditions = conditionsOf(call);
  uploadOf(world, call);
  checkWrite(conditions, world.catalog.versions.latest(call.bucket, call.key));
  // Its checksum headers speak of the object, not of this body.
  const body = await textOfBody(call, { ofObject: true });
  const upload = uploadOf(world, call);
  const parts = chosenParts(world, upload, listedParts(upload, body));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const whole = checksumOfParts(upload, parts);
  checkWhole(call, size, whole.checksum);
  const draft = {
    key: upload.key,
    size,
    etag: etagOfParts(parts),
    headers: upload.details.headers,
    pieces: parts,
    ...whole,
  };
  const cause = { event: 'ObjectCreated:CompleteMultipartUpload', requestId: call.id, conditions, upload: upload.id };
  const { version, versioned } = commitDraft(world, upload.bucket, draft, cause);
  if (versioned) call.response.setHeader('x-amz-version-id', version.versionId);
  for (const [name, value] of Object.entries(encryptionHeaders(version.headers))) call.response.setHeader(name, value);
  const checksum: XmlOut[] = whole.checksum
    ? [
        [checksumElement(whole.checksum.algorithm), whole.checksum.value],
        ['ChecksumType', 'COMPOSITE'],
      ]
    : [];
  const location = `http://${call.request.headers.host ?? '127.0.0.1'}/${upload.bucket}/${encodeURIComponent(upload.key)}`;
  answerXml(
    call,
    xmlDocument('CompleteMultipartUploadResult', [
      ['Location', location],
      ['Bucket', upload.bucket],
      ['Key', upload.key],
      ['ETag', `"${version.etag}"`],
      ...checksum,
    ]),
  );
};

/** AbortMultipartUpload. */
export const abortUpload: Operation = (world, call) => {
  const upload = uploadOf(world, call);
  world.bodies.discard(world.catalog.transaction(() => world.catalog.uploads.remove(upload.id)));
  answerEmpty(call, 204);
};
