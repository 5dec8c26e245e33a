/** The local token issuer, in the place of Cognito: RS256, with a key that survives a restart. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserId } from '@fzip/core';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';

const algorithm = 'RS256';
const issuerName = 'https://fzip.local/issuer';
const audience = 'fzip';
const lifetimeSeconds = 12 * 3600;
/** Of a browser that has signed in: not the API's audience, so that a cookie is no token. */
const sessionAudience = 'fzip-session';

export type IssuedToken = { token: string /** ms since epoch */; expiresAt: number };
/** Claims as the API Gateway passes them on: every one a string. */
export type Claims = Record<string, string>;

export type Issuer = {
  /** A token for a user, good for 12 hours. @throws ZodError for what is no user id */
  issue(user: string): Promise<IssuedToken>;
  /** The claims of a token of this issuer; undefined for any other: broken, expired, foreign, unsigned, of another audience, of no user. */
  verify(token: string): Promise<Claims | undefined>;
  /** Who a client of the sign-in page is told has signed in. `issuer` is the address that it knows the page by. */
  idToken(about: { user: string; issuer: string; clientId: string; nonce?: string }): Promise<string>;
  /** What a browser keeps so that it need not choose again; `userOf` undoes it. */
  session(user: string): Promise<string>;
  userOf(session: string): Promise<string | undefined>;
  lifetimeSeconds: number;
  jwks: JSONWebKeySet;
};

export type IssuerOptions = {
  /** Where the key is kept; without one it lives as long as the process. */
  folder?: string | undefined;
  /** Of its tokens: 12 hours unless given. */
  seconds?: number | undefined;
};

export const startIssuer = async ({ folder, seconds = lifetimeSeconds }: IssuerOptions = {}): Promise<Issuer> => {
  const privateJwk = folder === undefined ? await processKey() : await keptKey(path.join(folder, 'issuer-key.json'));
  const { kty, n, e, kid } = privateJwk;
  const jwks = { keys: [{ kty, n, e, kid, alg: algorithm, use: 'sig' } as JWK] };
  const key = await importJWK(privateJwk, algorithm);
  const keySet = createLocalJWKSet(jwks);

  type Wanted = { user: string; issuer: string; audience: string; claims: Record<string, string>; lasts: number };
  const sign = async ({ user, issuer, audience, claims, lasts }: Wanted): Promise<IssuedToken> => {
    const issuedAt = Math.floor(Date.now() / 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, kid: kid as string, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(UserId.parse(user))
      // No two are the same, though they be issued in the same second.
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lasts)
      .sign(key);
    return { token, expiresAt: (issuedAt + lasts) * 1000 };
  };
  const payloadOf = async (token: string, audience: string) => {
    // The algorithm is pinned: a token does not choose how it is verified.
    const rules = { issuer: issuerName, audience, algorithms: [algorithm], requiredClaims: ['sub', 'exp', 'iat'] };
    return (await jwtVerify(token, keySet, rules).catch(() => undefined))?.payload;
  };

  return {
    jwks,
    lifetimeSeconds: seconds,
    issue: (user) => sign({ user, issuer: issuerName, audience, claims: { token_use: 'access' }, lasts: seconds }),
    verify: async (token) => {
      const payload = await payloadOf(token, audience);
      if (!payload || !UserId.safeParse(payload.sub).success) return undefined;
      return claimTexts(payload);
    },
    idToken: async ({ user, issuer, clientId, nonce }) => {
      const claims = { token_use: 'id', ...(nonce === undefined ? {} : { nonce }) };
      return (await sign({ user, issuer, audience: clientId, claims, lasts: seconds })).token;
    },
    session: async (user) =>
      (await sign({ user, issuer: issuerName, audience: sessionAudience, claims: {}, lasts: lifetimeSeconds })).token,
    userOf: async (session) => (await payloadOf(session, sessionAudience))?.sub,
  };
};

const claimTexts = (payload: object): Claims =>
  Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

let made: Promise<JWK> | undefined;
/** Making an RSA key takes longer than everything else in a fixture, so one serves the whole process. */
const processKey = (): Promise<JWK> => {
  made ??= makeKey();
  return made;
};

const makeKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) };
};

const keptKey = async (file: string): Promise<JWK> => {
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as JWK;
  const key = await makeKey();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(key), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return key;
};
