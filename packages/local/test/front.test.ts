import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyResultV2 } from 'aws-lambda';
import { importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Front, startFront } from '../src/front.ts';
import { type Issuer, startIssuer } from '../src/issuer.ts';
import { ProfileNotEmpty } from '../src/profile-loader.ts';

type Event = APIGatewayProxyEventV2WithJWTAuthorizer;
const empty = { accounts: 0, categories: 0, file_maps: 0, transaction_files: 0, transactions: 0, analytics: 0 };

let front: Front;
let issuer: Issuer;
let seen: Event[] = [];
let answer: (event: Event) => APIGatewayProxyResultV2 = () => ({ statusCode: 200, body: '{}' });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fzip-front-'));
  issuer = await startIssuer({ folder });
  const api = async (event: Event) => {
    seen.push(event);
    return answer(event);
  };
  const fillProfile = async ({ user }: { user: string }) => {
    if (user === 'full') throw new ProfileNotEmpty(user, { ...empty, accounts: 3 });
    return { ...empty, accounts: 1 };
  };
  const patience = { head: 400, request: 800 };
  front = await startFront({ api, issuer, fillProfile, patience, onError: () => {} });
});
afterAll(async () => {
  await front.close();
  await rm(folder, { recursive: true, force: true });
});

const call = async (path: string, init: RequestInit = {}, token?: string): Promise<Response> => {
  seen = [];
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return fetch(front.url + path, { ...init, headers });
};
const tokenOf = async (user: string): Promise<string> => (await issuer.issue(user)).token;

describe('what reaches the function', () => {
  test('is an event of payload 2.0 with the claims of the token', async () => {
    answer = () => ({ statusCode: 200, body: '{}' });
    await call('/fzip/backup?limit=1&limit=2&x=a%20b', { headers: { cookie: 'a=1; b=2' } }, await tokenOf('ann'));
    expect(seen[0]).toMatchObject({
      version: '2.0',
      rawPath: '/fzip/backup',
      rawQueryString: 'limit=1&limit=2&x=a%20b',
      queryStringParameters: { limit: '1,2', x: 'a b' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
      requestContext: {
        authorizer: { jwt: { claims: { sub: 'ann' } } },
        http: { method: 'GET', path: '/fzip/backup' },
      },
    });
    expect(seen[0]?.headers.cookie).toBeUndefined();
    expect(seen[0]?.body).toBeUndefined();
  });

  test('has JSON as text and other bodies as base64', async () => {
    const token = await tokenOf('ann');
    await call(
      '/fzip/backup',
      { method: 'POST', body: '{"ü":1}', headers: { 'content-type': 'application/json' } },
      token,
    );
    expect(seen[0]).toMatchObject({ body: '{"ü":1}', isBase64Encoded: false });
    await call(
      '/fzip/backup',
      { method: 'POST', body: Buffer.from([255, 0]), headers: { 'content-type': 'image/png' } },
      token,
    );
    expect(seen[0]).toMatchObject({ body: '/wA=', isBase64Encoded: true });
  });

  test('has no authorizer on a public route', async () => {
    await call('/fzip/openapi.json');
    expect(seen[0]?.requestContext).not.toHaveProperty('authorizer');
  });

  test('answers with status, headers, cookies and bytes', async () => {
    answer = () => ({
      statusCode: 302,
      headers: { Location: '/there' },
      cookies: ['a=1', 'b=2'],
      body: '/wA=',
      isBase64Encoded: true,
    });
    const response = await call('/fzip/backup', { redirect: 'manual' }, await tokenOf('ann'));
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/there');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([255, 0]);
  });
});

describe('a token is refused that is', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hour = 3600;
  const now = () => Math.floor(Date.now() / 1000);
  const foreign = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: issuer.jwks.keys[0]?.kid as string })
      .setIssuer('https://fzip.local/issuer')
      .setAudience('fzip')
      .setSubject('ann')
      .setIssuedAt()
      .setExpirationTime(now() + hour)
      .sign(privateKey);
  const hmac = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .setIssuer('https://fzip.local/issuer')
      .setAudience('fzip')
      .setIssuedAt()
      .setExpirationTime(now() + hour)
      .sign(Buffer.from(JSON.stringify(issuer.jwks)));
  const unsigned = () =>
    new UnsecuredJWT({ sub: 'ann', iss: 'https://fzip.local/issuer', aud: 'fzip', exp: now() + hour }).encode();
  /** Signed by the issuer's own key, and right but for what is given. */
  const ours = async (claims: { [name in keyof JWTPayload]: unknown }, header: object = {}) => {
    const key = JSON.parse(await readFile(join(folder, 'issuer-key.json'), 'utf8'));
    const right = { sub: 'ann', iss: 'https://fzip.local/issuer', aud: 'fzip', iat: now(), exp: now() + hour };
    return new SignJWT({ ...right, ...claims } as JWTPayload)
      .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
      .sign(await importJWK(key, 'RS256'));
  };
  const publicKeyAsSecret = async (type: 'pkcs1' | 'spki') => {
    const pem = createPublicKey({ key: { ...issuer.jwks.keys[0] }, format: 'jwk' }).export({ type, format: 'pem' });
    return new SignJWT({ sub: 'ann', iss: 'https://fzip.local/issuer', aud: 'fzip', iat: now(), exp: now() + hour })
      .setProtectedHeader({ alg: 'HS256', kid: issuer.jwks.keys[0]?.kid as string })
      .sign(Buffer.from(pem));
  };
  /** The parts of a right token, with another head. */
  const headed = async (head: object, signature?: string) => {
    const [, payload, own] = (await ours({})).split('.');
    return [Buffer.from(JSON.stringify(head)).toString('base64url'), payload, signature ?? own].join('.');
  };

  test('not: the same with nothing wrong', async () => {
    answer = () => ({ statusCode: 200, body: '{}' });
    expect((await call('/fzip/backup', {}, await ours({}))).status).toBe(200);
  });

  const broken = async () => `${(await tokenOf('ann')).slice(0, -4)}AAAA`;

  test.each([
    ['missing', () => undefined],
    ['no token', () => 'abc'],
    ['broken', broken],
    ['signed by another', foreign],
    ['signed with the public key as a secret', hmac],
    ['signed with the public key as a text', () => publicKeyAsSecret('spki')],
    ['signed with the public key as an older text', () => publicKeyAsSecret('pkcs1')],
    ['unsigned', unsigned],
    ['of the algorithm none, with a signature', () => headed({ alg: 'none' })],
    ['of the algorithm NoNe, without a signature', () => headed({ alg: 'NoNe' }, '')],
    ['of no algorithm', () => headed({})],
    ['signed, and the signature left out', () => headed({ alg: 'RS256' }, '')],
    ['expired', () => ours({ exp: now() - 1 })],
    ['without end', () => ours({ exp: undefined })],
    ['not valid yet', () => ours({ nbf: now() + hour })],
    ['of another issuer', () => ours({ iss: 'https://evil.example' })],
    ['without issuer', () => ours({ iss: undefined })],
    ['for another audience', () => ours({ aud: 'other' })],
    ['for no audience', () => ours({ aud: undefined })],
    ['without subject', () => ours({ sub: undefined })],
    ['of a subject that is no user id', () => ours({ sub: '../ann' })],
    ['of a subject that is no text', () => ours({ sub: ['ann'] })],
    ['of a key that nobody knows', () => ours({}, { kid: 'other' })],
    ['critical of what nobody understands', () => headed({ alg: 'RS256', crit: ['x'], x: 1 })],
  ] as [string, () => undefined | string | Promise<string>][])('%s', async (_name, make) => {
    const response = await call('/fzip/backup', {}, await make());
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'UNAUTHORIZED' });
    expect(seen).toEqual([]);
  });
});

describe('local routes', () => {
  const post = (path: string, body: unknown, headers = {}) =>
    call(path, { method: 'POST', body: JSON.stringify(body), headers });

  test('issue a token that is accepted, for user ids alone', async () => {
    answer = () => ({ statusCode: 200, body: '{}' });
    const { token, expiresAt } = (await (await post('/local/token', { user: 'bob' })).json()) as {
      token: string;
      expiresAt: number;
    };
    expect(expiresAt).toBeGreaterThan(Date.now());
    expect((await call('/fzip/backup', {}, token)).status).toBe(200);
    expect((await post('/local/token', { user: '../x' })).status).toBe(400);
    expect((await post('/local/token', { user: 'bob', more: 1 })).status).toBe(400);
  });

  test('fill an empty profile and refuse one that is not', async () => {
    expect(await (await post('/local/profile', { user: 'bob' })).json()).toMatchObject({ counts: { accounts: 1 } });
    const refused = await post('/local/profile', { user: 'full' });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: 'PROFILE_NOT_EMPTY', counts: { accounts: 3 } });
  });

  test('are closed to pages of other machines', async () => {
    expect((await post('/local/token', { user: 'bob' }, { origin: 'https://evil.example' })).status).toBe(403);
    const allowed = await post('/local/token', { user: 'bob' }, { origin: 'http://127.0.0.1:5173' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:5173');
  });
});

describe('the front survives', () => {
  const raw = async (bytes: string): Promise<string> => {
    const socket = net.connect(Number(new URL(front.url).port), '127.0.0.1');
    socket.write(bytes);
    return text(socket);
  };

  const refused = async (bytes: string): Promise<{ status: number; error: string }> => {
    const [head = '', body = ''] = (await raw(bytes)).split('\r\n\r\n');
    const answered = JSON.parse(body) as { error: string; message: string };
    expect(answered.message).toMatch(/\w/);
    expect(body).not.toMatch(/\bat .*:\d+|node:/);
    return { status: Number(head.split(' ')[1]), error: answered.error };
  };
  const started = 'POST /local/token HTTP/1.1\r\nhost: 127.0.0.1\r\n';

  test.each([
    ['what is no HTTP', '\u0000\u0001 nonsense\r\n\r\n', 400],
    ['a method that nobody knows', 'FETCH / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', 400],
    ['two lengths', `${started}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 400],
    ['a length and chunks', `${started}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a chunk without a size', `${started}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['a header folded over lines', `${started}x: a\r\n b\u0000c\r\n\r\n`, 400],
    ['headers without end', `${started}x: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    ['a head that does not come', started, 408],
    ['a body that does not come', `${started}content-length: 10\r\n\r\n{"us`, 408],
  ])('%s', async (_name, bytes, status) => {
    expect(await refused(bytes)).toMatchObject({ status });
    expect((await call('/health')).status).toBe(200);
  });

  test('a head and a body that come byte by byte', async () => {
    for (const slow of ['GET /health HTTP/1.1\r\nx: ', `${started}content-length: 1000\r\n\r\n`]) {
      const socket = net.connect(Number(new URL(front.url).port), '127.0.0.1');
      const said = text(socket);
      socket.write(slow);
      const drip = setInterval(() => socket.write('x'), 20);
      try {
        expect(await said).toContain('408 Request Timeout');
      } finally {
        clearInterval(drip);
        socket.destroy();
      }
    }
  });

  test('two hundred connections that say nothing, beside one that does', async () => {
    const { port } = new URL(front.url);
    const sockets = Array.from({ length: 200 }, () => net.connect(Number(port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);
    expect((await call('/health')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('a client that goes away in the middle of its body', async () => {
    const socket = net.connect(Number(new URL(front.url).port), '127.0.0.1');
    socket.write(`${started}content-length: 10\r\n\r\n{"us`, () => socket.destroy());
    expect((await call('/health')).status).toBe(200);
  });

  test('a Host that leads here from elsewhere', async () => {
    expect(await raw('GET /local/jwks.json HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n')).toContain(
      ' 403 ',
    );
    expect((await call('/health')).status).toBe(200);
  });

  test('a body above 10 MB, stated or not', async () => {
    const token = await tokenOf('ann');
    const large = Buffer.alloc(10 * 1024 * 1024 + 1);
    const stated = await raw(
      `POST /fzip/backup HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-length: ${large.length}\r\n\r\n`,
    );
    expect(stated).toContain(' 413 ');
    const chunked = new ReadableStream({
      start: (stream) => {
        stream.enqueue(large);
        stream.close();
      },
    });
    const init = { method: 'POST', body: chunked, duplex: 'half' } as RequestInit;
    const status = await call('/fzip/backup', init, token).then(
      (response) => response.status,
      () => 'hung up',
    );
    expect([413, 'hung up']).toContain(status);
    expect(seen).toEqual([]);
    expect((await call('/health')).status).toBe(200);
  });

  test('a function that throws', async () => {
    answer = () => {
      throw new Error('secret');
    };
    const response = await call('/fzip/backup', {}, await tokenOf('ann'));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });
});
