/** The local token issuer, in the place of Cognito: RS256, with a key that survives a restart. */
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

export type IssuedToken = { token: string /** ms since epoch */; expiresAt: number };
/** Claims as the API Gateway passes them on: every one a string. */
export type Claims = Record<string, string>;

export type Issuer = {
  /** A token for a user, good for 12 hours. @throws ZodError for what is no user id */
  issue(user: string): Promise<IssuedToken>;
  /** The claims of a token of this issuer; undefined for any other: broken, expired, foreign, unsigned, of another audience, of no user. */
  verify(token: string): Promise<Claims | undefined>;
  jwks: JSONWebKeySet;
};

/** @param folder where the key is kept; without one it lives as long as the process */
export const startIssuer = async (folder?: string): Promise<Issuer> => {
  const privateJwk = folder === undefined ? await processKey() : await keptKey(path.join(folder, 'issuer-key.json'));
  const { kty, n, e, kid } = privateJwk;
  const jwks = { keys: [{ kty, n, e, kid, alg: algorithm, use: 'sig' } as JWK] };
  const key = await importJWK(privateJwk, algorithm);
  const keySet = createLocalJWKSet(jwks);
  return {
    jwks,
    issue: async (user) => {
      const subject = UserId.parse(user);
      const issuedAt = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({ token_use: 'access' })
        .setProtectedHeader({ alg: algorithm, kid: kid as string, typ: 'JWT' })
        .setIssuer(issuerName)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .sign(key);
      return { token, expiresAt: (issuedAt + lifetimeSeconds) * 1000 };
    },
    verify: async (token) => {
      // The algorithm is pinned: a token does not choose how it is verified.
      const rules = { issuer: issuerName, audience, algorithms: [algorithm], requiredClaims: ['sub', 'exp', 'iat'] };
      const verified = await jwtVerify(token, keySet, rules).catch(() => undefined);
      if (!verified || !UserId.safeParse(verified.payload.sub).success) return undefined;
      return claimTexts(verified.payload);
    },
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
