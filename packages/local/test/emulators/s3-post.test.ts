import { readdirSync } from 'node:fs';
import path from 'node:path';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { bytesOf, clientOf, credentials, refusal, s3Fixture, verdictOf } from './s3-fixture.ts';

const Bucket = 'bucket';
const Key = 'uploads/user/job/1.fzip';
const options: PresignedPostOptions = {
  Bucket,
  Key,
  Conditions: [['content-length-range', 1, 1_000_000], { 'Content-Type': 'application/zip' }],
  Fields: { 'Content-Type': 'application/zip' },
  Expires: 900,
};

type Form = [name: string, value: string][];

const presign = async (s3: S3Client, more: Partial<PresignedPostOptions> = {}) => {
  const { url, fields } = await createPresignedPost(s3, { ...options, ...more });
  return { url, form: Object.entries(fields) as Form };
};

const post = (url: string, form: Form, file: Blob | undefined = new Blob(['hello'])): Promise<Response> => {
  const body = new FormData();
  for (const [name, value] of form) body.append(name, value);
  if (file) body.append('file', file, '../../name.fzip');
  return fetch(url, { method: 'POST', body });
};

const without = (form: Form, name: string): Form => form.filter(([field]) => field !== name);
const withField = (form: Form, name: string, value: string): Form => [...without(form, name), [name, value]];

describe('a presigned form', () => {
  it('stores the file under the key and type it was signed for', async () => {
    const { s3 } = await s3Fixture();
    const { url, form } = await presign(s3);
    const answer = await post(url, form);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('etag')).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const found = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(found.ContentType).toBe('application/zip');
    expect((await bytesOf(found.Body)).toString()).toBe('hello');
  });

  it('answers 201 with the object if asked to, and puts the name of the file into the key', async () => {
    const { s3 } = await s3Fixture();
    const key = 'in/$' + '{filename}';
    const { url, form } = await presign(s3, {
      Key: key,
      Conditions: [['starts-with', '$key', 'in/'], { success_action_status: '201' }],
      Fields: { success_action_status: '201' },
    });
    const answer = await post(url, form);
    expect([answer.status, /<Key>(.*)<\/Key>/.exec(await answer.text())?.[1]]).toEqual([201, 'in/name.fzip']);
  });

  it('is refused with another key, type, bucket, field, policy or signature', async () => {
    const { s3, url: root, folder } = await s3Fixture();
    const { url, form } = await presign(s3);
    const denied = [403, 'AccessDenied'];
    expect(await verdictOf(await post(url, withField(form, 'key', 'uploads/other')))).toEqual(denied);
    expect(await verdictOf(await post(url, withField(form, 'key', '../../etc/passwd')))).toEqual(denied);
    expect(await verdictOf(await post(url, withField(form, 'Content-Type', 'text/html')))).toEqual(denied);
    expect(await verdictOf(await post(url, without(form, 'Content-Type')))).toEqual(denied);
    expect(await verdictOf(await post(url, withField(form, 'bucket', 'other')))).toEqual(denied);
    expect(await verdictOf(await post(url, withField(form, 'x-amz-meta-fileid', '1')))).toEqual(denied);
    expect(await verdictOf(await post(url, without(form, 'Policy')))).toEqual(denied);
    expect(await verdictOf(await post(url, without(form, 'X-Amz-Signature')))).toEqual(denied);
    expect(await verdictOf(await post(url, []))).toEqual([400, 'InvalidArgument']);
    const policy = Buffer.from(JSON.stringify({ expiration: '2999-01-01T00:00:00Z', conditions: [] })).toString(
      'base64',
    );
    const mismatch = [403, 'SignatureDoesNotMatch'];
    expect(await verdictOf(await post(url, withField(form, 'Policy', policy)))).toEqual(mismatch);
    expect(await verdictOf(await post(url, withField(form, 'X-Amz-Signature', '0'.repeat(64))))).toEqual(mismatch);
    const forger = clientOf(root, { credentials: { ...credentials, secretAccessKey: 'guessed' } });
    const forged = await presign(forger);
    expect(await verdictOf(await post(forged.url, forged.form))).toEqual(mismatch);
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).toBe('NotFound');
    expect(readdirSync(path.join(folder, 'bodies'))).toEqual([]);
  });

  it('may carry fields that say they are to be ignored', async () => {
    const { s3 } = await s3Fixture();
    const { url, form } = await presign(s3);
    expect((await post(url, withField(form, 'x-ignore-page', 'restore'))).status).toBe(204);
  });

  it('is refused when it has expired', async () => {
    let now = Date.now();
    const { s3 } = await s3Fixture({ clock: () => now });
    const { url, form } = await presign(s3);
    now += 901_000;
    expect(await verdictOf(await post(url, form))).toEqual([403, 'AccessDenied']);
  });

  it('bounds the size of the file while it flows', async () => {
    const { s3, folder } = await s3Fixture();
    const { url, form } = await presign(s3);
    expect(await verdictOf(await post(url, form, new Blob([Buffer.alloc(5_000_000)])))).toEqual([
      400,
      'EntityTooLarge',
    ]);
    expect(await verdictOf(await post(url, form, new Blob([])))).toEqual([400, 'EntityTooSmall']);
    expect((await post(url, form, new Blob([Buffer.alloc(1_000_000)]))).status).toBe(204);
    await expect.poll(() => readdirSync(path.join(folder, 'bodies'))).toHaveLength(1);
  });

  it('is refused without a file, with fields after the file that it needs, or cut short', async () => {
    const { s3, folder } = await s3Fixture();
    const { url, form } = await presign(s3);
    const send = (body: string) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body });
    const field = ([name, value]: [string, string]): string =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n';
    const fields = form.map(field).join('');
    expect(await verdictOf(await send(`${fields}--b--\r\n`))).toEqual([400, 'InvalidArgument']);
    expect(await verdictOf(await send(`${field(['key', Key])}${file}${fields}--b--\r\n`))).toEqual([
      403,
      'AccessDenied',
    ]);
    expect((await verdictOf(await send(`${fields}${file}`)))[0]).toBe(400);
    expect((await verdictOf(await send(`${fields}${file.slice(0, -4)}`)))[0]).toBe(400);
    expect((await verdictOf(await send('nothing')))[0]).toBe(400);
    expect(await verdictOf(await send(`${fields}${field(['key', Key])}${file}--b--\r\n`))).toEqual([
      400,
      'MalformedPOSTRequest',
    ]);
    expect(
      await verdictOf(await send(`${fields}${field(['x-ignore-a', 'a'.repeat(30_000)])}${file}--b--\r\n`)),
    ).toEqual([400, 'MaxPostPreDataLengthExceeded']);
    expect(readdirSync(path.join(folder, 'bodies'))).toEqual([]);
    expect((await send(`${fields}${file}--b--\r\n`)).status).toBe(204);
  });
});
