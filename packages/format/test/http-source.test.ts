import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FetchFailed, httpSource, openVolume } from '../src/index.ts';
import { pack } from './packing.ts';
import type { Fault } from './range-server.ts';
import { serveRanges } from './serve-ranges.ts';

const secret = 'X-Amz-Signature=0123456789abcdef';
const kib = 1024;
const patient = { pause: async () => undefined };

/** Bytes of which no two places look alike. */
const distinct = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
};

const failureOf = async (run: Promise<unknown>): Promise<FetchFailed> => {
  const error = await run.then(
    () => undefined,
    (found: unknown) => found,
  );
  expect(error).toBeInstanceOf(FetchFailed);
  return error as FetchFailed;
};

describe('a source behind a URL', () => {
  const bytes = distinct(3000 * kib + 1);
  const place = fc.nat(bytes.length + 10);

  test('gives every range as the file has it', async () => {
    const server = await serveRanges(bytes);
    const source = await httpSource(`${server.origin}/a.fzip?${secret}`);
    expect(source.size).toBe(bytes.length);
    await fc.assert(
      fc.asyncProperty(place, fc.nat(400 * kib), fc.boolean(), async (start, length, isStream) => {
        const found = isStream ? await buffer(source.stream(start, start + length)) : await source.read(start, length);
        expect(found.equals(bytes.subarray(start, start + length))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test.each([0, 1, 1024 * kib, 1024 * kib + 1])('reads a file of %i bytes', async (size) => {
    const server = await serveRanges(bytes.subarray(0, size));
    const source = await httpSource(server.origin);
    expect(source.size).toBe(size);
    expect((await source.read(0, size)).equals(bytes.subarray(0, size))).toBe(true);
  });

  test('reads small pieces that follow one another with few requests', async () => {
    const server = await serveRanges(bytes);
    const source = await httpSource(server.origin);
    for (let at = 0; at < bytes.length; at += 4 * kib) await source.read(at, 4 * kib);
    expect(server.asked.length).toBeLessThan(8);
    expect(server.sent).toBe(bytes.length);
  });

  test('reads a small package with one request', async () => {
    const empty = {
      accounts: [],
      categories: [],
      file_maps: [],
      transaction_files: [],
      transactions: [],
      analytics: [],
    };
    const { zip } = await pack({ rows: empty, files: [] });
    const server = await serveRanges(zip);
    const volume = await openVolume(await httpSource(server.origin));
    for (const entry of volume.entries) await buffer(volume.body(entry));
    expect(server.asked.map(({ range }) => range)).toEqual(['bytes=-1048576']);
  });
});

describe('a connection that breaks', () => {
  const bytes = distinct(2000 * kib);

  test.each([1, 100, 70 * kib])('goes on where it broke, every %i bytes', async (breakAfter) => {
    let left = 4;
    const server = await serveRanges(bytes, (number) => (number > 0 && left-- > 0 ? { breakAfter } : undefined));
    const source = await httpSource(server.origin, patient);
    const found = await buffer(source.stream(0, 900 * kib));
    expect(found.equals(bytes.subarray(0, 900 * kib))).toBe(true);
    expect(server.asked.slice(1).map(({ range }) => range)).toEqual(
      [0, 1, 2, 3, 4].map((time) => `bytes=${time * breakAfter}-${900 * kib - 1}`),
    );
  });

  test('goes on while the end is read', async () => {
    const server = await serveRanges(bytes, (number) => (number === 0 ? { breakAfter: 10 } : undefined));
    const source = await httpSource(server.origin, patient);
    expect((await source.read(1900 * kib, kib)).equals(bytes.subarray(1900 * kib, 1901 * kib))).toBe(true);
    expect(server.asked[1]?.range).toBe(`bytes=${(2000 - 1024) * kib + 10}-${2000 * kib - 1}`);
  });

  test('is an accident in the end, after five tries', async () => {
    const server = await serveRanges(bytes, (number) => (number > 0 ? { breakAfter: 0 } : undefined));
    const source = await httpSource(`${server.origin}/a?${secret}`, patient);
    const { message } = await failureOf(buffer(source.stream(0, 900 * kib)));
    expect(message).toContain('the connection failed');
    expect(server.asked).toHaveLength(6);
  });

  test('is tried again where the server is busy, and no more than five times', async () => {
    const once = await serveRanges(bytes, (number) => (number === 0 ? { status: 503 } : undefined));
    expect((await httpSource(once.origin, patient)).size).toBe(bytes.length);
    const always = await serveRanges(bytes, () => ({ status: 503 }));
    expect((await failureOf(httpSource(always.origin, patient))).message).toContain('(503)');
    expect(always.asked).toHaveLength(5);
  });

  test('is an accident if nobody listens', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const origin = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((closed) => gone.close(closed));
    const { message } = await failureOf(httpSource(`${origin}/a?${secret}`, patient));
    expect(message).toBe(`${origin}/a: the connection failed: ECONNREFUSED`);
  });

  test('is an accident if the server falls silent', async () => {
    const server = await serveRanges(bytes, () => 'silent');
    const { message } = await failureOf(httpSource(server.origin, { ...patient, silenceMs: 20 }));
    expect(message).toContain('the server fell silent');
    expect(server.asked).toHaveLength(5);
  });
});

describe('a file that changes meanwhile', () => {
  const bytes = distinct(2000 * kib);
  const readAfter = async (change: Exclude<Fault, 'silent'> | 'etag'): Promise<string> => {
    const server = await serveRanges(bytes, (number) => (number > 0 && change !== 'etag' ? change : undefined));
    const source = await httpSource(`${server.origin}/a?${secret}`, patient);
    if (change === 'etag') server.etag = '"two"';
    return (await failureOf(source.read(0, 10))).message;
  };

  test('is an accident, whether the server notices or not', async () => {
    expect(await readAfter('etag')).toMatch(/it changed while it was read \(412\)$/);
    expect(await readAfter({ headers: { etag: '"two"' } })).toMatch(/changed.*etag was "one", is "two"/);
    expect(await readAfter({ headers: { 'content-range': `bytes 0-131071/${bytes.length + 1}` } })).toMatch(
      /changed.*size was 2048000, is 2048001/,
    );
  });

  test('is pinned by its date where it has no strong ETag', async () => {
    const dated = (date: string): Fault => ({ headers: { etag: 'W/"x"', 'last-modified': date } });
    const server = await serveRanges(bytes, (number) => dated(number === 0 ? 'Mon, 01 Jan 2024' : 'Tue, 02 Jan 2024'));
    const source = await httpSource(server.origin, patient);
    expect((await failureOf(source.read(0, 10))).message).toContain('modified was Mon, 01 Jan 2024');
  });
});

describe('a server that answers otherwise', () => {
  test.each<[Fault, string]>([
    [{ status: 200 }, 'allowed are servers that answer ranges (206) (200)'],
    [{ status: 401 }, '(401)'],
    [{ status: 403 }, 'the link has expired; ask for a new one (403)'],
    [{ status: 404 }, 'there is nothing at this address (404)'],
    [{ status: 410 }, '(410)'],
    [{ status: 416 }, 'no such range'],
    [{ status: 418 }, 'does not give it (418)'],
    [{ status: 302 }, 'a redirect (302) without an address'],
    [{ headers: { 'content-range': 'bytes 5-4/10' } }, 'Content-Range is "bytes 5-4/10"'],
    [{ headers: { 'content-range': 'bytes 0-3/*' } }, 'Content-Range is "bytes 0-3/*"'],
    [{ headers: { 'content-encoding': 'gzip' } }, 'sent as gzip'],
  ])('is told apart: %j', async (fault, said) => {
    const server = await serveRanges(Buffer.alloc(100), () => fault);
    const { message } = await failureOf(httpSource(`${server.origin}/b.fzip?${secret}`, patient));
    expect(message).toContain(`${server.origin}/b.fzip: `);
    expect(message).toContain(said);
    expect(message).not.toContain('X-Amz');
    expect(message).not.toContain('secret');
  });

  test('is not believed if it gives another range than was asked for', async () => {
    const bytes = distinct(2000 * kib);
    const moved = { headers: { 'content-range': `bytes 4-131075/${bytes.length}` } };
    const server = await serveRanges(bytes, (number) => (number > 0 ? moved : undefined));
    const source = await httpSource(server.origin, patient);
    expect((await failureOf(source.read(0, 10))).message).toContain('asked for bytes 0-131071, got 4-131075');
  });
});

describe('redirects', () => {
  const bytes = distinct(2000 * kib);
  const to = (location: string): Fault => ({ status: 302, headers: { location } });

  test('are followed once, and again when what they led to has expired', async () => {
    const server = await serveRanges(bytes, (number, { path }) => {
      if (path === '/download') return to(`/signed?${number}`);
      return number > 2 && path === '/signed?0' ? { status: 403 } : undefined;
    });
    const source = await httpSource(`${server.origin}/download`, patient);
    await source.read(0, 10);
    await source.read(500 * kib, 10);
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/download',
      '/signed?0',
      '/signed?0',
      '/signed?0',
      '/download',
      '/signed?4',
    ]);
  });

  test.each([
    ['/loop', 'more than 5 redirects'],
    ['http://example.com/x?secret', 'allowed are https://, and http:// on this machine'],
    ['ftp://127.0.0.1/x?secret', 'allowed are https://'],
    ['https://user:secret@127.0.0.1/x', 'holds a user name'],
  ])('that lead to %s are refused', async (location, said) => {
    const server = await serveRanges(bytes, () => to(location));
    const { message } = await failureOf(httpSource(`${server.origin}/a?${secret}`, patient));
    expect(message).toContain(said);
    expect(message).not.toMatch(/secret|X-Amz/);
  });

  test.each([
    'http://example.com/a',
    'http://127.0.0.1.example.com/a',
    'ftp://localhost/a',
    'https://me:pw@example.com/a',
  ])('and addresses like %s are refused without a request', async (url) => {
    const { message } = await failureOf(httpSource(`${url}?${secret}`, patient));
    expect(message).toMatch(/^the address (is|holds)/);
    expect(message).not.toMatch(/pw|X-Amz/);
  });
});
