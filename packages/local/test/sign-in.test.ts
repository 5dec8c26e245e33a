import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Front, startFront } from '../src/front.ts';
import { type Issuer, startIssuer } from '../src/issuer.ts';

let front: Front;
let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer();
  front = await startFront({
    api: async () => ({ statusCode: 200, body: '{}' }),
    issuer,
    fillProfile: async () => ({
      accounts: 0,
      categories: 0,
      file_maps: 0,
      transaction_files: 0,
      transactions: 0,
      analytics: 0,
    }),
    users: [{ id: 'ann', about: '<b>bold</b>' }],
    onError: () => {},
  });
});
afterAll(() => front.close());

const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');
const asked = (more: Record<string, string> = {}) => ({
  client_id: 'fzip-web',
  redirect_uri: `${front.url}/signed-in`,
  response_type: 'code',
  scope: 'openid',
  state: 'the state',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  nonce: 'n1',
  ...more,
});
const authorize = (fields: Record<string, string>, headers = {}) =>
  fetch(`${front.url}/local/oidc/authorize?${new URLSearchParams(fields)}`, { redirect: 'manual', headers });
const choose = (user: string, fields = asked()) =>
  fetch(`${front.url}/local/oidc/authorize`, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, user }),
    redirect: 'manual',
  });
const sentTo = (response: Response) => new URL(response.headers.get('location') ?? '');
const codeFor = async (user: string) => sentTo(await choose(user)).searchParams.get('code') ?? '';
const token = async (fields: Record<string, string>) => {
  const body = new URLSearchParams({ client_id: 'fzip-web', ...fields });
  const response = await fetch(`${front.url}/local/oidc/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
};
const byCode = async (code: string, more = {}) =>
  token({
    grant_type: 'authorization_code',
    code,
    redirect_uri: `${front.url}/signed-in`,
    code_verifier: verifier,
    ...more,
  });

describe('signing in', () => {
  test('offers the users, escaped, and sends back a code that gives tokens of who was chosen', async () => {
    const page = await authorize(asked());
    const html = await page.text();
    expect(html).toContain('value="ann"');
    expect(html).toContain('&lt;b&gt;bold&lt;/b&gt;');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const back = sentTo(await choose('ann'));
    expect(back.pathname).toBe('/signed-in');
    expect(back.searchParams.get('state')).toBe('the state');
    const { status, body } = await byCode(back.searchParams.get('code') ?? '');
    expect(status).toBe(200);
    expect(await issuer.verify(body.access_token ?? '')).toMatchObject({ sub: 'ann' });
    // Who somebody is opens no door of the API.
    expect(await issuer.verify(body.id_token ?? '')).toBeUndefined();
    const [, claims = ''] = (body.id_token ?? '').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      sub: 'ann',
      aud: 'fzip-web',
      iss: `${front.url}/local/oidc`,
      nonce: 'n1',
    });
  });

  test('does not ask again who has signed in, unless it is told to', async () => {
    const [cookie = ''] = ((await choose('ann')).headers.get('set-cookie') ?? '').split(';');
    expect((await authorize(asked(), { cookie })).status).toBe(303);
    expect((await authorize(asked({ prompt: 'login' }), { cookie })).status).toBe(200);
    expect(sentTo(await authorize(asked({ prompt: 'none' }))).searchParams.get('error')).toBe('login_required');
    // A token of the API is no cookie, and a cookie no token.
    const forged = `fzip-local-session=${(await issuer.issue('ann')).token}`;
    expect((await authorize(asked(), { cookie: forged })).status).toBe(200);
    expect(await issuer.verify(cookie.split('=')[1] ?? '')).toBeUndefined();
  });

  test.each([
    ['another address to send back to', { redirect_uri: 'http://127.0.0.1:1/signed-in' }],
    ['the same under another path', { redirect_uri: 'http://127.0.0.1/signed-in' }],
    ['an unknown client', { client_id: 'other' }],
  ])('refuses %s without sending anybody there', async (_what, more) => {
    const fields = asked(more);
    for (const response of [await authorize(fields), await choose('ann', fields)]) {
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    }
  });

  test.each([
    ['no challenge', { code_challenge: '' }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['another response', { response_type: 'token' }],
    ['no openid', { scope: 'email' }],
  ])('sends back an error for %s', async (_what, more) => {
    const back = sentTo(await choose('ann', asked(more)));
    expect(back.searchParams.get('error')).toBe('invalid_request');
    expect(back.searchParams.get('code')).toBeNull();
  });

  test('says what a user id may be, and keeps what was asked', async () => {
    const refused = await choose('<script>');
    expect(refused.status).toBe(400);
    const html = await refused.text();
    expect(html).toContain('role="alert"');
    expect(html).not.toContain('<script>');
    expect(html).toContain(challenge);
  });
});

describe('a code', () => {
  test('is good once; a second use takes back what the first one gave', async () => {
    const code = await codeFor('ann');
    const { body } = await byCode(code);
    expect((await byCode(code)).body.error).toBe('invalid_grant');
    const refresh = await token({ grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' });
    expect(refresh.body.error).toBe('invalid_grant');
  });

  test.each([
    ['another verifier', { code_verifier: 'x'.repeat(43) }],
    ['no verifier', { code_verifier: '' }],
    ['another address', { redirect_uri: 'http://127.0.0.1:1/signed-in' }],
  ])('gives nothing for %s, and nothing after', async (_what, more) => {
    const code = await codeFor('ann');
    expect((await byCode(code, more)).body.error).toBe('invalid_grant');
    expect((await byCode(code)).body.error).toBe('invalid_grant');
  });
});

test('a refresh token gives new tokens once', async () => {
  const { body } = await byCode(await codeFor('ann'));
  const fields = { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' };
  const second = await token(fields);
  expect(await issuer.verify(second.body.access_token ?? '')).toMatchObject({ sub: 'ann' });
  expect((await token(fields)).body.error).toBe('invalid_grant');
  expect((await token({ grant_type: 'password' })).body.error).toBe('unsupported_grant_type');
});

test('signing out forgets the browser, and leads to a known address alone', async () => {
  const out = (uri: string) =>
    fetch(`${front.url}/local/oidc/logout?${new URLSearchParams({ client_id: 'fzip-web', logout_uri: uri })}`, {
      redirect: 'manual',
    });
  const response = await out(`${front.url}/`);
  expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
  expect(sentTo(response).pathname).toBe('/');
  expect((await out('http://127.0.0.1:1/')).status).toBe(400);
});

test('discovery names the addresses by which it was asked', async () => {
  const response = await fetch(`${front.url}/local/oidc/.well-known/openid-configuration`);
  expect(await response.json()).toMatchObject({
    issuer: `${front.url}/local/oidc`,
    token_endpoint: `${front.url}/local/oidc/token`,
    code_challenge_methods_supported: ['S256'],
  });
});
