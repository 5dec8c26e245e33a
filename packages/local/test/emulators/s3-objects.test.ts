import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import { bytesOf, clientOf, refusal, s3Fixture } from './s3-fixture.ts';

const Bucket = 'bucket';
const put = (s3: S3Client, Key: string, Body = 'hello') => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const textAt = async (s3: S3Client, Key: string): Promise<string> =>
  (await bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key }))).Body)).toString();

describe('objects', () => {
  it('come back with their bytes, headers and metadata', async () => {
    const { s3 } = await s3Fixture();
    const headers = {
      ContentType: 'text/csv',
      ContentDisposition: 'attachment; filename="a.csv"',
      CacheControl: 'no-store',
    };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'hello', Metadata: { owner: 'me' }, ...headers }));
    const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(found).toMatchObject({ ...headers, ContentLength: 5, Metadata: { owner: 'me' } });
    expect(found.ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
    expect((await bytesOf(found.Body)).toString()).toBe('hello');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).toMatchObject(headers);
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'b' })))).toBe('NoSuchKey');
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: 'no-bucket', Key: 'b' })))).toBe('NoSuchBucket');
    expect(await refusal(s3.send(new HeadBucketCommand({ Bucket: 'no-bucket' })))).toBe('NotFound');
    expect((await s3.send(new ListBucketsCommand({}))).Buckets).toMatchObject([{ Name: 'bucket' }]);
  });

  it('have keys of any shape, and none becomes a file name', async () => {
    const { s3, folder } = await s3Fixture();
    const keys = [
      '../../escape',
      'a/../b',
      '/leading',
      'trailing/',
      'a//b',
      'ü 日本 +%2F&?#=',
      'quo\'te"<>&',
      'tab\there',
      'CON',
      '.',
      '..',
    ];
    for (const key of keys) await put(s3, key, `at ${key}`);
    for (const key of keys) expect(await textAt(s3, key)).toBe(`at ${key}`);
    const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(listed.Contents?.map((entry) => entry.Key).sort()).toEqual([...keys].sort());
    const files = readdirSync(path.join(folder, 'bodies'));
    expect(files).toHaveLength(keys.length);
    expect(files.filter((file) => !/^[0-9a-f]{12}-[0-9a-z]+$/.test(file))).toEqual([]);
    expect(await refusal(put(s3, 'k'.repeat(1025)))).toBe('KeyTooLongError');
  });

  it('are empty or large, sent at once or streamed, and come back the same', async () => {
    const { s3 } = await s3Fixture();
    const large = Buffer.alloc(3_000_001, 'pattern ');
    for (const [Key, bytes] of [
      ['empty', Buffer.alloc(0)],
      ['large', large],
    ] as const) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
      expect((await bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key }))).Body)).equals(bytes)).toBe(true);
      const Body = Readable.from(bytes.length > 0 ? [bytes.subarray(0, 70_000), bytes.subarray(70_000)] : []);
      await s3.send(new PutObjectCommand({ Bucket, Key: `${Key} streamed`, Body, ContentLength: bytes.length }));
      expect(
        (await bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key: `${Key} streamed` }))).Body)).equals(bytes),
      ).toBe(true);
    }
  });

  it('are read by ranges, and a range beyond the end is refused', async () => {
    const { s3 } = await s3Fixture();
    await put(s3, 'a', '0123456789');
    const read = async (Range: string) => {
      const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'a', Range }));
      return [(await bytesOf(found.Body)).toString(), found.ContentRange, found.$metadata.httpStatusCode];
    };
    expect(await read('bytes=2-4')).toEqual(['234', 'bytes 2-4/10', 206]);
    expect(await read('bytes=7-')).toEqual(['789', 'bytes 7-9/10', 206]);
    expect(await read('bytes=-3')).toEqual(['789', 'bytes 7-9/10', 206]);
    expect(await read('bytes=-30')).toEqual(['0123456789', 'bytes 0-9/10', 206]);
    expect(await read('bytes=8-100')).toEqual(['89', 'bytes 8-9/10', 206]);
    expect(await read('bytes=1-2,4-5')).toEqual(['0123456789', undefined, 200]);
    expect(await refusal(read('bytes=10-'))).toBe('InvalidRange');
    expect(await refusal(read('bytes=-0'))).toBe('InvalidRange');
  });

  it('are read and written under conditions', async () => {
    const { s3 } = await s3Fixture();
    const { ETag } = await put(s3, 'a');
    const get = (conditions: object) => refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'a', ...conditions })));
    const write = (Key: string, conditions: object) =>
      refusal(s3.send(new PutObjectCommand({ Bucket, Key, Body: 'new', ...conditions })));
    expect(await get({ IfMatch: ETag })).toBe('no error');
    expect(await get({ IfMatch: '"other"' })).toBe('PreconditionFailed');
    expect(await get({ IfNoneMatch: ETag })).toBe('304');
    expect(await write('a', { IfNoneMatch: '*' })).toBe('PreconditionFailed');
    expect(await write('a', { IfMatch: '"other"' })).toBe('PreconditionFailed');
    expect(await write('none', { IfMatch: ETag })).toBe('NoSuchKey');
    expect(await textAt(s3, 'a')).toBe('hello');
    expect(await write('a', { IfMatch: ETag })).toBe('no error');
    expect(await write('b', { IfNoneMatch: '*' })).toBe('no error');
    expect(await textAt(s3, 'a')).toBe('new');
  });

  it('are put by one alone when many put on the condition that there is none', async () => {
    const { s3, folder } = await s3Fixture();
    const puts = Array.from({ length: 20 }, (_, n) =>
      refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: `from ${n}`, IfNoneMatch: '*' }))),
    );
    const outcomes = await Promise.all(puts);
    expect(outcomes.filter((outcome) => outcome === 'no error')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'PreconditionFailed')).toHaveLength(19);
    await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toHaveLength(1);
  });

  it('are copied with or without their metadata, pinned to an ETag', async () => {
    const { s3 } = await s3Fixture();
    const { ETag } = await s3.send(
      new PutObjectCommand({ Bucket, Key: 'ä/a b', Body: 'hello', ContentType: 'text/csv', Metadata: { a: '1' } }),
    );
    const CopySource = `bucket/${encodeURIComponent('ä/a b')}`;
    const copy = (Key: string, more: object) => s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));
    expect((await copy('same', { CopySourceIfMatch: ETag })).CopyObjectResult?.ETag).toBe(ETag);
    await copy('other', { MetadataDirective: 'REPLACE', ContentType: 'application/zip', Metadata: { b: '2' } });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'same' }))).toMatchObject({
      ContentType: 'text/csv',
      Metadata: { a: '1' },
    });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'other' }))).toMatchObject({
      ContentType: 'application/zip',
      Metadata: { b: '2' },
    });
    expect(await refusal(copy('c', { CopySourceIfMatch: '"other"' }))).toBe('PreconditionFailed');
    expect(await refusal(copy('same', { IfNoneMatch: '*' }))).toBe('PreconditionFailed');
    expect(await refusal(copy('ä/a b', {}))).toBe('InvalidRequest');
    await put(s3, 'ä/a b', 'changed');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'ä/a b' }));
    expect(await textAt(s3, 'same')).toBe('hello');
    expect(await refusal(copy('d', {}))).toBe('NoSuchKey');
  });
});

describe('what was not stored as sent', () => {
  it('is refused by its checksum, and nothing is left of it', async () => {
    const { s3, folder } = await s3Fixture();
    const wrong = {
      ChecksumCRC32: 'AAAAAA==',
      ChecksumCRC32C: 'AAAAAA==',
      ChecksumSHA256: Buffer.alloc(32).toString('base64'),
      ContentMD5: Buffer.alloc(16).toString('base64'),
    };
    for (const [name, value] of Object.entries(wrong)) {
      expect(await refusal(s3.send(new PutObjectCommand({ Bucket, Key: name, Body: 'hello', [name]: value })))).toBe(
        'BadDigest',
      );
    }
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      const Key = ChecksumAlgorithm;
      await s3.send(
        new PutObjectCommand({ Bucket, Key, Body: Readable.from(['hel', 'lo']), ContentLength: 5, ChecksumAlgorithm }),
      );
      const found = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(found[`Checksum${ChecksumAlgorithm}`]).toBeTypeOf('string');
      expect((await bytesOf(found.Body)).toString()).toBe('hello');
    }
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(4);
    expect(readdirSync(path.join(folder, 'bodies'))).toHaveLength(4);
  });

  it('is refused when the line is cut, and nothing is left of it', async () => {
    const { s3, url, folder } = await s3Fixture();
    const signer = clientOf(url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const signed = await getSignedUrl(signer, new PutObjectCommand({ Bucket, Key: 'cut' }));
    const sent = request(signed, { method: 'PUT', headers: { 'content-length': 4_000_000 } });
    const failed = new Promise((resolve) => sent.once('error', resolve));
    sent.write(Buffer.alloc(2_000_000));
    await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toHaveLength(1);
    sent.destroy(new Error('cut'));
    await failed;
    await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toEqual([]);
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'cut' })))).toBe('NotFound');
  });
});

describe('listings', () => {
  it('go page by page in the order of UTF-8, below a prefix and up to a delimiter', async () => {
    const { s3 } = await s3Fixture();
    const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'c/4', 'z', 'ä', '\u{ffee}', '\u{1f600}'];
    for (const key of keys) await put(s3, key);
    const list = async (more: object) => {
      const seen: (string | undefined)[] = [];
      for (let ContinuationToken: string | undefined; ; ) {
        const page = await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken, ...more }));
        seen.push(
          ...(page.Contents ?? []).map((entry) => entry.Key),
          ...(page.CommonPrefixes ?? []).map((entry) => entry.Prefix),
        );
        if (!page.IsTruncated) return seen;
        ContinuationToken = page.NextContinuationToken;
      }
    };
    expect(await list({})).toEqual(keys);
    expect(await list({ MaxKeys: 3 })).toEqual(keys);
    expect(await list({ MaxKeys: 1, Delimiter: '/' })).toEqual([
      'a',
      'b/',
      'b0',
      'c/',
      'z',
      'ä',
      '\u{ffee}',
      '\u{1f600}',
    ]);
    expect(await list({ Prefix: 'b/' })).toEqual(['b/1', 'b/2', 'b/c/3']);
    expect(await list({ Prefix: 'b/', Delimiter: '/', MaxKeys: 2 })).toEqual(['b/1', 'b/2', 'b/c/']);
    expect(await list({ StartAfter: 'c/4' })).toEqual(['z', 'ä', '\u{ffee}', '\u{1f600}']);
    expect(await list({ EncodingType: 'url', Prefix: 'ä' })).toEqual(['%C3%A4']);
    expect(await list({ MaxKeys: 0 })).toEqual([]);
    expect(await list({ Prefix: 'none' })).toEqual([]);
  });
});

describe('deleting', () => {
  it('takes many keys at once, and those that are not there', async () => {
    const { s3, folder } = await s3Fixture();
    for (const key of ['a', 'b', 'c']) await put(s3, key);
    const Objects = ['a', 'b & <b>', 'c'].map((Key) => ({ Key }));
    const answer = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(answer.Deleted?.map((entry) => entry.Key)).toEqual(['a', 'b & <b>', 'c']);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map((entry) => entry.Key)).toEqual(['b']);
    await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toHaveLength(1);
  });

  it('leaves a marker and the versions in a versioned bucket', async () => {
    const { s3 } = await s3Fixture();
    await put(s3, 'a', 'before');
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    const second = await put(s3, 'a', 'second');
    const deleted = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    expect(deleted).toMatchObject({ DeleteMarker: true });
    expect(await refusal(textAt(s3, 'a'))).toBe('NoSuchKey');
    const read = async (VersionId: string | undefined) =>
      (await bytesOf((await s3.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId }))).Body)).toString();
    expect([await read('null'), await read(second.VersionId)]).toEqual(['before', 'second']);
    expect(await refusal(read('unknown'))).toBe('NoSuchVersion');
    expect(await refusal(read(deleted.VersionId))).toBe('MethodNotAllowed');
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a' }));
    expect(listed.Versions?.map((entry) => [entry.VersionId, entry.IsLatest])).toEqual([
      [second.VersionId, false],
      ['null', false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ VersionId: deleted.VersionId, IsLatest: true }]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: deleted.VersionId }));
    expect(await textAt(s3, 'a')).toBe('second');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: second.VersionId }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: 'null' }));
    expect((await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? []).toEqual([]);
  });

  it('of versions goes page by page', async () => {
    const { s3 } = await s3Fixture();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const made: (string | undefined)[] = [];
    for (const key of ['a', 'a', 'a', 'b', 'b']) made.push((await put(s3, key)).VersionId);
    const seen: (string | undefined)[] = [];
    for (let marker = {}; ; ) {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...marker }));
      seen.push(...(page.Versions ?? []).map((entry) => entry.VersionId));
      if (!page.IsTruncated) break;
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(seen).toEqual([made[2], made[1], made[0], made[4], made[3]]);
  });
});
