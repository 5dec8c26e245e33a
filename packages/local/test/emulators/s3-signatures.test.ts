import { createHash, createHmac } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import { bytesOf, clientOf, credentials, refusal, s3Fixture, verdictOf } from './s3-fixture.ts';

const Bucket = 'bucket';
const Key = 'a b.zip';
const minute = 60_000;

describe('a signed request', () => {
  it('is refused with a wrong key, a wrong secret, or none', async () => {
    const { url } = await s3Fixture();
    const list = (more: object) => refusal(clientOf(url, more).send(new ListBucketsCommand({})));
    expect(await list({})).toBe('no error');
    expect(await list({ credentials: { ...credentials, secretAccessKey: 'guessed' } })).toBe('SignatureDoesNotMatch');
    expect(await list({ credentials: { ...credentials, accessKeyId: 'OTHER' } })).toBe('InvalidAccessKeyId');
    expect(await verdictOf(await fetch(`${url}/bucket/a`))).toEqual([403, 'AccessDenied']);
    expect(await (await fetch(url)).json()).toEqual({ status: 'ok' });
  });

  it('is refused for another region where one is configured', async () => {
    const { url } = await s3Fixture({ region: 'us-east-1' });
    const list = (region: string) =>
      refusal(clientOf(url, { region, followRegionRedirects: false }).send(new ListBucketsCommand({})));
    expect(await list('us-east-1')).toBe('no error');
    expect(await list('eu-west-1')).toBe('AuthorizationHeaderMalformed');
  });

  it('is refused if its body is not the signed one', async () => {
    const { url, s3 } = await s3Fixture();
    const signer = new SignatureV4({
      credentials,
      region: 'us-east-1',
      service: 's3',
      uriEscapePath: false,
      sha256: hashOf,
    });
    const { host, hostname } = new URL(url);
    const signed = await signer.sign({
      method: 'PUT',
      protocol: 'http:',
      hostname,
      path: '/bucket/a',
      query: {},
      headers: { host, 'x-amz-content-sha256': sha256('signed') },
    });
    const send = (body: string) => fetch(`${url}/bucket/a`, { method: 'PUT', headers: signed.headers, body });
    expect(await verdictOf(await send('forged'))).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('NotFound');
    expect((await send('signed')).status).toBe(200);
    const more = await fetch(`${url}/bucket/a`, {
      method: 'PUT',
      headers: { ...signed.headers, 'x-amz-meta-more': '1' },
      body: 'signed',
    });
    expect(await verdictOf(more)).toEqual([403, 'AccessDenied']);
  });

  it('may sign its body chunk by chunk, each signature resting on the one before', async () => {
    const { url, s3 } = await s3Fixture();
    const chunks = [Buffer.alloc(70_000, 'a'), Buffer.from('end')];
    const send = async (spoil: (body: Buffer) => Buffer): Promise<Response> => {
      const { headers, body } = await signChunks(url, '/bucket/chunked', chunks);
      return fetch(`${url}/bucket/chunked`, { method: 'PUT', headers, body: new Uint8Array(spoil(body)) });
    };
    const spoilt = await send((body) => {
      body[body.indexOf('aaaa')] = 0x62;
      return body;
    });
    expect(await verdictOf(spoilt)).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await verdictOf(await send((body) => body.subarray(0, -5)))).toEqual([400, 'IncompleteBody']);
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'chunked' })))).toBe('NotFound');
    expect((await send((body) => body)).status).toBe(200);
    const found = await s3.send(new GetObjectCommand({ Bucket, Key: 'chunked' }));
    expect((await bytesOf(found.Body)).equals(Buffer.concat(chunks))).toBe(true);
    expect(found.ContentEncoding).toBeUndefined();
  });
});

describe('a presigned URL', () => {
  it('reads under the name and type it says, until it expires', async () => {
    let now = Date.now();
    const { s3, url } = await s3Fixture({ clock: () => now });
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ContentType: 'text/plain' }));
    const command = new GetObjectCommand({
      Bucket,
      Key,
      ResponseContentDisposition: 'attachment; filename="b.fzip"',
      ResponseContentType: 'application/zip',
    });
    const signed = await getSignedUrl(clientOf(url), command, { expiresIn: 900 });
    const answer = await fetch(signed, { headers: { origin: 'http://127.0.0.1:5173' } });
    expect(await answer.text()).toBe('hello');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="b.fzip"');
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:5173');
    expect((await fetch(signed, { headers: { range: 'bytes=1-2' } })).status).toBe(206);
    now += 16 * minute;
    expect(await verdictOf(await fetch(signed))).toEqual([403, 'AccessDenied']);
  });

  it('is refused for another key, method, expiry or answer than was signed', async () => {
    const { s3, url } = await s3Fixture();
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
    const signed = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 900 });
    expect((await fetch(signed)).status).toBe(200);
    const changed = [
      signed.replace('a%20b.zip', 'other.zip'),
      signed.replace('X-Amz-Expires=900', 'X-Amz-Expires=90000'),
      `${signed}&response-content-type=text%2Fhtml`,
      signed.replace(/X-Amz-Signature=[0-9a-f]{4}/, 'X-Amz-Signature=0000'),
    ];
    for (const other of changed) expect(await verdictOf(await fetch(other))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await verdictOf(await fetch(signed, { method: 'DELETE' }))).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await verdictOf(await fetch(signed.replace(/&X-Amz-Signature=\w+/, '')))).toEqual([
      400,
      'AuthorizationQueryParametersError',
    ]);
    expect(await verdictOf(await fetch(`${url}/bucket/a%20b.zip`))).toEqual([403, 'AccessDenied']);
  });

  it('takes a put, and holds it to the headers that were signed', async () => {
    const { s3 } = await s3Fixture();
    const command = new PutObjectCommand({ Bucket, Key, ContentType: 'application/zip' });
    const signed = await getSignedUrl(s3, command, { expiresIn: 900, signableHeaders: new Set(['content-type']) });
    const put = (type: string) => fetch(signed, { method: 'PUT', headers: { 'content-type': type }, body: 'hello' });
    expect(await verdictOf(await put('text/html'))).toEqual([403, 'SignatureDoesNotMatch']);
    expect((await put('application/zip')).status).toBe(200);
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
      ContentLength: 5,
      ContentType: 'application/zip',
    });
  });

  it('may be used from a page: a preflight is answered', async () => {
    const { url } = await s3Fixture();
    const headers = {
      origin: 'http://127.0.0.1:5173',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const answer = await fetch(`${url}/bucket`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
  });
});

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** The constructor that the signer wants: a hash, or an HMAC if it is given a key. */
class hashOf {
  readonly #hash;
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(secret as Uint8Array));
  }
  update(data: string | Uint8Array | ArrayBuffer): void {
    this.#hash.update(typeof data === 'string' ? data : Buffer.from(data as Uint8Array));
  }
  digest = async (): Promise<Uint8Array> => this.#hash.digest();
  reset(): void {}
}

/** A body of STREAMING-AWS4-HMAC-SHA256-PAYLOAD, made as the documentation of S3 says. */
const signChunks = async (url: string, path: string, chunks: readonly Buffer[]) => {
  const signer = new SignatureV4({
    credentials,
    region: 'us-east-1',
    service: 's3',
    uriEscapePath: false,
    sha256: hashOf,
  });
  const { host, hostname } = new URL(url);
  const headers = {
    host,
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': String(Buffer.concat(chunks).length),
  };
  const signed = await signer.sign({ method: 'PUT', protocol: 'http:', hostname, path, query: {}, headers });
  const date = String(signed.headers['x-amz-date']);
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const steps = [`AWS4${credentials.secretAccessKey}`, date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
  const key = steps
    .slice(1)
    .reduce<Buffer | string>((secret, step) => createHmac('sha256', secret).update(step).digest(), steps[0] as string);
  let previous = /Signature=(\w+)/.exec(String(signed.headers.authorization))?.[1] ?? '';
  const body = [...chunks, Buffer.alloc(0)].map((chunk) => {
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, sha256(''), sha256(chunk)].join('\n');
    previous = createHmac('sha256', key).update(text).digest('hex');
    return Buffer.concat([
      Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`),
      chunk,
      Buffer.from('\r\n'),
    ]);
  });
  return { headers: signed.headers, body: Buffer.concat(body) };
};
