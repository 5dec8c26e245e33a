import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { expect, it } from 'vitest';
import { bytesOf, refusal, s3Fixture } from './s3-fixture.ts';

const Bucket = 'bucket';
const Key = 'package.fzip';
const mebi = 1024 * 1024;
const bytesAt = async (s3: S3Client, key: string, Range?: string): Promise<Buffer> =>
  bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key: key, Range }))).Body);

const begin = async (s3: S3Client) => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'application/zip' }));
  const part = (PartNumber: number, Body: Buffer) =>
    s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const complete = (parts: [number, string | undefined][], more: object = {}) => {
    const Parts = parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
    return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
  };
  return { UploadId, part, complete };
};

it('a stream uploaded in parts comes back whole and by ranges across its parts', async () => {
  const { s3, folder } = await s3Fixture();
  const bytes = Buffer.from(Array.from({ length: 11 * mebi + 7 }, (_, index) => (index * 7 + (index >> 12)) & 0xff));
  const upload = new Upload({
    client: s3,
    params: { Bucket, Key, Body: Readable.from([bytes.subarray(0, 3 * mebi), bytes.subarray(3 * mebi)]) },
    partSize: 5 * mebi,
  });
  await upload.done();
  const sums = [0, 5, 10].map((at) =>
    createHash('md5')
      .update(bytes.subarray(at * mebi, (at + 5) * mebi))
      .digest(),
  );
  const etag = `"${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-3"`;
  expect((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ETag).toBe(etag);
  expect((await bytesAt(s3, Key)).equals(bytes)).toBe(true);
  const edge = 5 * mebi;
  expect((await bytesAt(s3, Key, `bytes=${edge - 3}-${edge + 2}`)).equals(bytes.subarray(edge - 3, edge + 3))).toBe(
    true,
  );
  expect((await bytesAt(s3, Key, 'bytes=-10')).equals(bytes.subarray(-10))).toBe(true);
  expect(readdirSync(path.join(folder, 'bodies'))).toHaveLength(3);
  const copied = await s3.send(
    new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `bucket/${Key}`, CopySourceIfMatch: etag }),
  );
  expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
  expect((await bytesAt(s3, 'copy')).equals(bytes)).toBe(true);
});

it('an upload is refused that breaks the laws of parts, and can be mended', async () => {
  const { s3 } = await s3Fixture();
  const { UploadId, part, complete } = await begin(s3);
  const small = (await part(1, Buffer.alloc(mebi, 1))).ETag;
  const large = (await part(2, Buffer.alloc(5 * mebi, 2))).ETag;
  const last = (await part(10_000, Buffer.alloc(10, 3))).ETag;
  expect(await refusal(part(0, Buffer.alloc(1)))).toBe('InvalidArgument');
  expect(await refusal(part(10_001, Buffer.alloc(1)))).toBe('InvalidArgument');
  expect(
    await refusal(
      complete([
        [1, small],
        [2, large],
      ]),
    ),
  ).toBe('EntityTooSmall');
  expect(
    await refusal(
      complete([
        [10_000, last],
        [2, large],
      ]),
    ),
  ).toBe('InvalidPartOrder');
  expect(
    await refusal(
      complete([
        [2, large],
        [2, large],
      ]),
    ),
  ).toBe('InvalidPartOrder');
  expect(
    await refusal(
      complete([
        [2, small],
        [10_000, last],
      ]),
    ),
  ).toBe('InvalidPart');
  expect(
    await refusal(
      complete([
        [2, large],
        [3, last],
      ]),
    ),
  ).toBe('InvalidPart');
  expect(await refusal(complete([]))).toBe('MalformedXML');
  expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).toBe('NotFound');
  const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
  expect([listed.IsTruncated, listed.Parts?.map((entry) => [entry.PartNumber, entry.Size])]).toEqual([
    true,
    [
      [1, mebi],
      [2, 5 * mebi],
    ],
  ]);
  const rest = await s3.send(
    new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: listed.NextPartNumberMarker }),
  );
  expect(rest.Parts).toMatchObject([{ PartNumber: 10_000, ETag: last }]);
  await complete([
    [2, large],
    [10_000, last],
  ]);
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
    ContentLength: 5 * mebi + 10,
    ContentType: 'application/zip',
  });
  expect(await refusal(part(3, Buffer.alloc(1)))).toBe('NoSuchUpload');
});

it('completing on a condition that fails leaves the upload and the object as they were', async () => {
  const { s3 } = await s3Fixture();
  const { ETag: there } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'there' }));
  const { part, complete } = await begin(s3);
  const { ETag } = await part(1, Buffer.from('new'));
  expect(await refusal(complete([[1, ETag]], { IfNoneMatch: '*' }))).toBe('PreconditionFailed');
  expect(await refusal(complete([[1, ETag]], { IfMatch: '"other"' }))).toBe('PreconditionFailed');
  expect((await bytesAt(s3, Key)).toString()).toBe('there');
  await complete([[1, ETag]], { IfMatch: there });
  expect((await bytesAt(s3, Key)).toString()).toBe('new');
});

it('parts are copied from objects and ranges of them, pinned to an ETag', async () => {
  const { s3 } = await s3Fixture();
  const source = Buffer.alloc(6 * mebi, 'source ');
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: source }));
  const { UploadId, complete } = await begin(s3);
  const copy = (PartNumber: number, more: object) =>
    s3.send(new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource: 'bucket/source', ...more }));
  const whole = await copy(1, { CopySourceIfMatch: ETag });
  const ranged = await copy(2, { CopySourceRange: 'bytes=5-9' });
  expect(await refusal(copy(3, { CopySourceIfMatch: '"other"' }))).toBe('PreconditionFailed');
  expect(await refusal(copy(3, { CopySourceRange: `bytes=0-${source.length}` }))).toBe('InvalidArgument');
  await complete([
    [1, whole.CopyPartResult?.ETag],
    [2, ranged.CopyPartResult?.ETag],
  ]);
  expect((await bytesAt(s3, Key)).equals(Buffer.concat([source, source.subarray(5, 10)]))).toBe(true);
});

it('an aborted upload is gone with its files', async () => {
  const { s3, folder } = await s3Fixture();
  const { UploadId, part } = await begin(s3);
  await part(1, Buffer.alloc(100));
  await part(1, Buffer.alloc(200));
  const other = await begin(s3);
  const uploads = (await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
  expect(uploads.map((entry) => entry.UploadId).sort()).toEqual([UploadId, other.UploadId].sort());
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  expect(await refusal(s3.send(new ListPartsCommand({ Bucket, Key, UploadId })))).toBe('NoSuchUpload');
  await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toEqual([]);
});
