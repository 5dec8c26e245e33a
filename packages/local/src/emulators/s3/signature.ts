import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Call } from './call.ts';
import { S3Error } from './errors.ts';

/** The one credential pair that may call. */
export type Credentials = { accessKeyId: string; secretAccessKey: string };

/** A signature that was found right. `payloadHash` is what it says of the body. */
export type Auth = {
  kind: 'header' | 'query';
  signature: string;
  scope: string;
  amzDate: string;
  signingKey: Buffer;
  payloadHash: string;
};

/** What a signature is judged by. Without `region`, any region's signature is accepted. */
export type Judge = { credentials: Credentials; region?: string; clock(): number };

type Claim = { kind: Auth['kind']; credential: string; signedHeaders: string[]; signature: string; amzDate: string };

const algorithm = 'AWS4-HMAC-SHA256';
const maximalSkew = 15 * 60 * 1000;
const maximalExpiry = 7 * 24 * 60 * 60;

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Hex of HMAC-SHA-256. */
export const hmacHex = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('hex');

export const sha256Hex = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

const signingKeys = new Map<string, Buffer>();

/** The key of one day, region and service. Four HMACs each time would cost more than the rest of the check. */
const signingKeyFor = (secret: string, day: string, region: string, service: string): Buffer => {
  const name = `${secret}/${day}/${region}/${service}`;
  const known = signingKeys.get(name);
  if (known) return known;
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
  if (signingKeys.size > 100) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
};

/** Compares in constant time. */
export const sameText = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** `20260102T030405Z` in ms since epoch, or NaN. */
export const parseAmzDate = (text: string): number => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** The scope of a credential and the key to sign in it. Throws if key id, service, day or region are not allowed. */
export const openCredential = (
  judge: Judge,
  credential: string,
  amzDate: string,
): { scope: string; signingKey: Buffer } => {
  const parts = credential.split('/');
  const [terminal, service, region, day] = parts.slice(-4).reverse();
  const accessKeyId = parts.slice(0, -4).join('/');
  if (terminal !== 'aws4_request' || service !== 's3' || !region || !day || !amzDate.startsWith(`${day}T`)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The credential "${credential.slice(0, 200)}" is malformed; expecting "<key id>/<day of X-Amz-Date>/<region>/s3/aws4_request".`,
    );
  }
  if (accessKeyId !== judge.credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  }
  if (judge.region !== undefined && region !== judge.region) {
    throw new S3Error('AuthorizationHeaderMalformed', `The region '${region}' is wrong; expecting '${judge.region}'`);
  }
  const signingKey = signingKeyFor(judge.credentials.secretAccessKey, day, region, service);
  return { scope: `${day}/${region}/${service}/${terminal}`, signingKey };
};

const claimOfHeader = (call: Call, header: string): Claim => {
  const fields = new Map(
    header
      .slice(algorithm.length)
      .split(',')
      .map((field) => {
        const equals = field.indexOf('=');
        return [field.slice(0, equals).trim(), field.slice(equals + 1).trim()] as const;
      }),
  );
  const [credential, signed, signature] = [
    fields.get('Credential'),
    fields.get('SignedHeaders'),
    fields.get('Signature'),
  ];
  if (!header.startsWith(`${algorithm} `) || !credential || !signed || !signature) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; expecting "${algorithm} Credential=…, SignedHeaders=…, Signature=…".`,
    );
  }
  const amzDate = String(call.request.headers['x-amz-date'] ?? '');
  return { kind: 'header', credential, signedHeaders: signed.split(';'), signature, amzDate };
};

const claimOfQuery = (call: Call): Claim => {
  const [name, credential, amzDate, signed, signature] = [
    'Algorithm',
    'Credential',
    'Date',
    'SignedHeaders',
    'Signature',
  ].map((field) => call.query.get(`X-Amz-${field}`));
  if (name !== algorithm || !credential || !amzDate || !signed || !signature) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'Query-string authentication requires X-Amz-Algorithm=AWS4-HMAC-SHA256, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires.',
    );
  }
  return { kind: 'query', credential, signedHeaders: signed.split(';'), signature, amzDate };
};

const checkTime = (call: Call, claim: Claim, now: number): void => {
  const signedAt = parseAmzDate(claim.amzDate);
  if (Number.isNaN(signedAt))
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  if (claim.kind === 'header') {
    if (Math.abs(now - signedAt) <= maximalSkew) return;
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  }
  const expires = Number(call.query.get('X-Amz-Expires'));
  if (!Number.isInteger(expires) || expires < 1 || expires > maximalExpiry) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires is "${call.query.get('X-Amz-Expires') ?? ''}"; allowed are 1 to ${maximalExpiry} seconds.`,
    );
  }
  if (signedAt > now + maximalSkew) throw new S3Error('AccessDenied', 'Request is not yet valid');
  if (now > signedAt + expires * 1000) throw new S3Error('AccessDenied', 'Request has expired');
};

/** S3 demands that what steers a request is signed: the host, and every x-amz- header that was sent. */
const checkSignedHeaders = (call: Call, claim: Claim): void => {
  const signed = new Set(claim.signedHeaders);
  const unsigned = Object.keys(call.request.headers).filter((name) => name.startsWith('x-amz-') && !signed.has(name));
  if (signed.has('host') && unsigned.length === 0) return;
  throw new S3Error(
    'AccessDenied',
    `There were headers present in the request which were not signed: ${unsigned.join(', ') || 'host'}`,
  );
};

const canonicalRequest = (call: Call, claim: Claim, payloadHash: string): string => {
  const query = call.pairs
    .filter(([name]) => claim.kind === 'header' || name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headers = claim.signedHeaders
    .map(
      (name) =>
        `${name}:${String(call.request.headers[name] ?? '')
          .trim()
          .replace(/\s+/g, ' ')}\n`,
    )
    .join('');
  const path = call.path.split('/').map(encode).join('/');
  return [call.method, path, query, headers, claim.signedHeaders.join(';'), payloadHash].join('\n');
};

/** Whether the request carries a signature at all. */
export const isSigned = (call: Call): boolean =>
  call.request.headers.authorization !== undefined ||
  call.query.has('X-Amz-Signature') ||
  call.query.has('X-Amz-Algorithm');

/** Checks key id, time, region and signature. Throws AccessDenied, SignatureDoesNotMatch and their like. */
export const authenticate = (judge: Judge, call: Call): Auth => {
  if (!isSigned(call)) throw new S3Error('AccessDenied', 'Access Denied');
  const header = call.request.headers.authorization;
  const claim = header !== undefined ? claimOfHeader(call, header) : claimOfQuery(call);
  const { scope, signingKey } = openCredential(judge, claim.credential, claim.amzDate);
  checkTime(call, claim, judge.clock());
  checkSignedHeaders(call, claim);
  const stated = call.request.headers['x-amz-content-sha256'] ?? call.query.get('X-Amz-Content-Sha256');
  if (stated === undefined && claim.kind === 'header') {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  const payloadHash = String(stated ?? 'UNSIGNED-PAYLOAD');
  const text = [algorithm, claim.amzDate, scope, sha256Hex(canonicalRequest(call, claim, payloadHash))].join('\n');
  if (!sameText(hmacHex(signingKey, text), claim.signature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  }
  return { kind: claim.kind, signature: claim.signature, scope, amzDate: claim.amzDate, signingKey, payloadHash };
};
