/** One S3 bucket. */
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { ObjectGone, type ObjectInfo, type ObjectStore } from '@fzip/core';
import { attachment } from './content-disposition.ts';
import { deleteVersion, everyVersion, versions } from './object-versions.ts';
import { isMissing, statusOf } from './s3-errors.ts';
import { wholeBody } from './whole-body.ts';

const partBytes = 8 * 1024 * 1024;
/** Parts on their way at once; each is held in memory. */
const partsAtOnce = 4;
/** DeleteObjects takes no more keys. */
const keysPerDelete = 1_000;

type Bucket = { s3: S3Client; bucket: string };
type PutOptions = { contentType?: string };

/** The object store on one bucket. Reading what may be missing needs `s3:ListBucket`: without it S3 answers 403 for 404. */
export const objectStore = (s3: S3Client, bucket: string): ObjectStore => {
  const on: Bucket = { s3, bucket };
  return {
    put: (key, body, options) => put(on, key, body, options),
    upload: (key, body, options) => upload(on, key, body, options),
    head: (key) => head(on, key),
    read: (key, options) => read(on, key, options),
    copy: (from, to, { etag }) => copy(on, from, to, etag),
    versions: (key) => versions(on, key),
    everyVersion: (prefix) => everyVersion(on, prefix),
    deleteVersion: (key, versionId) => deleteVersion(on, key, versionId),
    list: (prefix) => list(on, prefix),
    folders: (prefix) => folders(on, prefix),
    delete: (keys) => remove(on, keys),
    unfinished: (prefix) => unfinished(on, prefix),
    abort: (key, uploadId) => abort(on, key, uploadId),
    presignGet: (key, options) => presignGet(on, key, options),
    presignPost: (key, options) => presignPost(on, key, options),
  };
};

const contentTypeOf = (options: PutOptions | undefined) =>
  options?.contentType === undefined ? {} : { ContentType: options.contentType };

const infoOf = (size: number, etag: string | undefined, contentType: string | undefined): ObjectInfo => ({
  size,
  etag: etag ?? '',
  ...(contentType === undefined ? {} : { contentType }),
});

const put = async ({ s3, bucket }: Bucket, key: string, body: Buffer, options?: PutOptions): Promise<ObjectInfo> => {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...contentTypeOf(options) });
  const { ETag } = await s3.send(command);
  return infoOf(body.length, ETag, options?.contentType);
};

const upload = async (on: Bucket, key: string, body: Readable, options?: PutOptions): Promise<ObjectInfo> => {
  let size = 0;
  const counted = async function* () {
    for await (const chunk of body as AsyncIterable<Buffer | string>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      yield bytes;
    }
  };
  const task = new Upload({
    client: on.s3,
    params: {
      Bucket: on.bucket,
      Key: key,
      Body: Readable.from(counted(), { objectMode: false }),
      ...contentTypeOf(options),
    },
    partSize: partBytes,
    queueSize: partsAtOnce,
  });
  try {
    const { ETag } = await task.done();
    return infoOf(size, ETag, options?.contentType);
  } catch (error) {
    body.destroy();
    // The library lets go of an upload when a part fails, yet not when putting the parts together does.
    // What cannot be let go of now is found by the sweep; the cause is what matters here.
    if (task.uploadId !== undefined) await abort(on, key, task.uploadId).catch(() => undefined);
    throw error;
  }
};

const head = async ({ s3, bucket }: Bucket, key: string): Promise<ObjectInfo | undefined> => {
  try {
    const found = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return infoOf(found.ContentLength ?? 0, found.ETag, found.ContentType);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const read = async (
  { s3, bucket }: Bucket,
  key: string,
  { start = 0, end, etag }: { start?: number; end?: number; etag?: string } = {},
): Promise<Readable> => {
  // HTTP has no word for a range of no bytes: one is asked for, so that the object is looked for, and none is given.
  const empty = end !== undefined && end <= start;
  const last = empty ? start : end === undefined ? '' : end - 1;
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(start === 0 && end === undefined ? {} : { Range: `bytes=${start}-${last}` }),
    ...(etag === undefined ? {} : { IfMatch: etag }),
  });
  try {
    const { Body, ContentLength } = await s3.send(command);
    if (!(Body instanceof Readable)) throw new TypeError(`S3 answered without a body for ${key}`);
    if (!empty) return wholeBody(Body, ContentLength, key);
    Body.destroy();
    return Readable.from([]);
  } catch (error) {
    // The range begins where the object has ended: there are no bytes in it.
    if (statusOf(error) === 416) return Readable.from([]);
    throw goneOr(error, key);
  }
};

const copy = async (on: Bucket, from: string, to: string, etag: string): Promise<ObjectInfo> => {
  const command = new CopyObjectCommand({
    Bucket: on.bucket,
    Key: to,
    CopySource: [on.bucket, ...from.split('/')].map(encodeURIComponent).join('/'),
    CopySourceIfMatch: etag,
  });
  const { CopyObjectResult } = await on.s3.send(command).catch((error: unknown) => {
    throw goneOr(error, from);
  });
  // S3 tells the copy's ETag alone.
  const copied = await head(on, to);
  if (copied && copied.etag === CopyObjectResult?.ETag) return copied;
  throw new ObjectGone(to, copied ? 'changed' : 'missing');
};

/** ObjectGone where S3 says that the object is missing or another, else the error itself. */
const goneOr = (error: unknown, key: string): unknown => {
  if (isMissing(error)) return new ObjectGone(key, 'missing');
  return statusOf(error) === 412 ? new ObjectGone(key, 'changed') : error;
};

async function* list({ s3, bucket }: Bucket, prefix: string) {
  let from: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(from && { ContinuationToken: from }) }),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key !== undefined) yield { key: Key, size: Size ?? 0, modifiedAt: LastModified?.getTime() ?? 0 };
    }
    from = page.NextContinuationToken;
  } while (from);
}

async function* folders({ s3, bucket }: Bucket, prefix: string) {
  let from: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        Delimiter: '/',
        ...(from && { ContinuationToken: from }),
      }),
    );
    for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) yield Prefix;
    from = page.NextContinuationToken;
  } while (from);
}

const remove = async ({ s3, bucket }: Bucket, keys: readonly string[]): Promise<void> => {
  const refused: string[] = [];
  for (let from = 0; from < keys.length; from += keysPerDelete) {
    const Objects = keys.slice(from, from + keysPerDelete).map((Key) => ({ Key }));
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
    for (const { Key, Code, Message } of Errors ?? []) {
      if (Code !== 'NoSuchKey') refused.push(`${Key}: ${Code} ${Message ?? ''}`.trim());
    }
  }
  if (refused.length > 0) throw new Error(`${refused.length} of ${keys.length} objects stay: ${refused.join('; ')}`);
};

async function* unfinished({ s3, bucket }: Bucket, prefix: string) {
  let from: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (from) {
    const page: Awaited<ReturnType<typeof uploadsPage>> = await uploadsPage(s3, bucket, prefix, from);
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key !== undefined && UploadId !== undefined) {
        yield { key: Key, uploadId: UploadId, startedAt: Initiated?.getTime() ?? 0 };
      }
    }
    from = page.IsTruncated
      ? {
          ...(page.NextKeyMarker && { KeyMarker: page.NextKeyMarker }),
          ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
        }
      : undefined;
  }
}

const uploadsPage = (
  s3: S3Client,
  bucket: string,
  prefix: string,
  from: { KeyMarker?: string; UploadIdMarker?: string },
) => s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...from }));

/** An upload that is gone already is no error. */
const abort = async ({ s3, bucket }: Bucket, key: string, uploadId: string): Promise<void> => {
  try {
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};

const presignGet = (
  { s3, bucket }: Bucket,
  key: string,
  { expiresInSeconds, fileName }: { expiresInSeconds: number; fileName: string },
): Promise<string> =>
  getSignedUrl(
    s3,
    new GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: attachment(fileName) }),
    { expiresIn: expiresInSeconds },
  );

const presignPost = async (
  { s3, bucket }: Bucket,
  key: string,
  options: { expiresInSeconds: number; largestBytes: number; contentType: string },
): Promise<{ url: string; fields: Record<string, string> }> => {
  const { url, fields } = await createPresignedPost(s3, {
    Bucket: bucket,
    Key: key,
    Expires: options.expiresInSeconds,
    Fields: { 'Content-Type': options.contentType },
    Conditions: [['content-length-range', 1, options.largestBytes]],
  });
  return { url, fields };
};
