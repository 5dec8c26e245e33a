import { type Call, headerOf, headersUnder } from './call.ts';
import type { ObjectHeaders, Version } from './catalog-versions.ts';
import { checksumHeader } from './digests.ts';
import { S3Error } from './errors.ts';
import { httpTime } from './world.ts';

/** Headers of a put that are kept and given back. */
const kept = [
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
] as const;
const encryption = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
];

/** What a signed URL may put in the place of a kept header. */
const overrides = new Map(kept.map((name) => [`response-${name}`, name]));

/** Features whose silent loss would change what an object means. */
const refused = [
  'x-amz-tagging',
  'x-amz-object-lock-mode',
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption-customer-algorithm',
];

const maximalMetadata = 2048;

/** Throws InvalidArgument for a value that no header can carry. */
const checkValue = (name: string, value: string): string => {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new S3Error('InvalidArgument', `The value of ${name} cannot be represented using ISO-8859-1.`);
};

/** Keeps what S3 keeps of these headers. Throws MetadataTooLarge and NotImplemented. */
export const keepHeaders = (
  read: (name: string) => string | undefined,
  user: readonly (readonly [string, string])[],
): ObjectHeaders => {
  const unsupported = refused.find((name) => read(name) !== undefined);
  if (unsupported)
    throw new S3Error(
      'NotImplemented',
      `A header you provided implies functionality that is not implemented: ${unsupported}`,
    );
  const system: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of [...kept, ...encryption]) {
    const value = read(name);
    if (value !== undefined && value !== '') system[name] = checkValue(name, value);
  }
  // aws-chunked describes the transfer, not the object.
  const encodings = (system['content-encoding'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'aws-chunked');
  if (encodings.length > 0) system['content-encoding'] = encodings.join(',');
  else delete system['content-encoding'];
  const bytes = user.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (bytes > maximalMetadata)
    throw new S3Error('MetadataTooLarge', `Your metadata has ${bytes} bytes; allowed are ${maximalMetadata}.`);
  for (const [name, value] of user) checkValue(`x-amz-meta-${name}`, value);
  return { system, user: Object.fromEntries(user) };
};

/** What a request's headers say of the object that it makes. */
export const headersOfRequest = (call: Call): ObjectHeaders =>
  keepHeaders((name) => headerOf(call, name), headersUnder(call, 'x-amz-meta-'));

/** The headers that say what encryption was asked for. Bytes on disk are not encrypted: the folder is the user's own. */
export const encryptionHeaders = ({ system }: ObjectHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(system).filter(([name]) => encryption.includes(name)));

/** The headers of an answer that carries this version or a part of it. */
export const answerHeaders = (
  call: Call,
  version: Version,
  versioned: boolean,
  whole: boolean,
): Record<string, string> => {
  const headers: Record<string, string> = {
    ...version.headers.system,
    'accept-ranges': 'bytes',
    etag: `"${version.etag}"`,
    'last-modified': httpTime(version.modified),
  };
  for (const [name, value] of Object.entries(version.headers.user)) headers[`x-amz-meta-${name}`] = value;
  for (const [name, header] of overrides) {
    const value = call.query.get(name);
    if (value !== undefined) headers[header] = checkValue(name, value);
  }
  if (versioned) headers['x-amz-version-id'] = version.versionId;
  const { checksum } = version;
  if (checksum && whole && headerOf(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    headers[checksumHeader(checksum.algorithm)] = checksum.value;
    headers['x-amz-checksum-type'] = checksum.type;
  }
  return headers;
};
