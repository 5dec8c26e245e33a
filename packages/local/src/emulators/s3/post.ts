import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { answerEmpty, answerXml, type Call } from './call.ts';
import { type Committed, commitDraft } from './commit.ts';
import { checksumAlgorithms, checksumHeader } from './digests.ts';
import { S3Error } from './errors.ts';
import { keepHeaders } from './object-headers.ts';
import { wholeChecksum } from './objects.ts';
import { type Expected, store, verified } from './payload.ts';
import { checkPolicy, type Fields } from './post-policy.ts';
import { bucketOf, checkKey, type Operation, type World } from './world.ts';
import { xmlDocument } from './xml.ts';

/** S3 takes this much of a form before its file. */
const maximalFields = 20_000;

/** In a key, S3 puts the uploaded file's name in its place. */
const placeholder = ['$', '{filename}'].join('');

type Form = { fields: Map<string, string>; filename: string; file: Readable };

const malformed = (reason: string): S3Error =>
  new S3Error(
    'MalformedPOSTRequest',
    `The body of your POST request is not well-formed multipart/form-data: ${reason}`,
  );

const parserOf = (call: Call): busboy.Busboy => {
  const limits = { fieldSize: maximalFields + 1, fields: 100, files: 1 };
  try {
    return busboy({ headers: call.request.headers, limits, defParamCharset: 'utf8', preservePath: false });
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
};

/** Keeps a form's fields as they come. Throws once they are too much, or one is given twice. */
const fieldKeeper = (): { fields: Map<string, string>; keep(name: string, value: string): void } => {
  const fields = new Map<string, string>();
  let bytes = 0;
  return {
    fields,
    keep: (name, value) => {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
      const reason = `Your POST request's fields have more than ${maximalFields} bytes before the file.`;
      if (bytes > maximalFields) throw new S3Error('MaxPostPreDataLengthExceeded', reason);
      if (fields.has(name.toLowerCase())) throw malformed(`the field ${name.slice(0, 50)} is given twice.`);
      fields.set(name.toLowerCase(), value);
    },
  };
};

const oneFile = (): S3Error => new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.');

/** Reads a form up to its file, hands that over while it flows, and passes over what follows it, as S3 does. */
const readForm = <T>(call: Call, take: (form: Form) => Promise<T>): Promise<T> => {
  const parser = parserOf(call);
  const { fields, keep } = fieldKeeper();
  return new Promise((resolve, reject) => {
    let taken: Promise<T> | undefined;
    let refused = false;
    const fail = (error: unknown): void => {
      refused = true;
      call.request.unpipe(parser);
      reject(error);
    };
    parser.on('field', (name, value) => {
      if (taken || refused) return;
      try {
        keep(name, value);
      } catch (error) {
        fail(error);
      }
    });
    parser.on('fieldsLimit', () => fail(malformed('it has more than 100 fields.')));
    parser.on('file', (name, file, { filename }) => {
      // Its end is reported to whoever reads it; unread it must not bring the process down.
      file.on('error', () => {});
      // What was parsed along with a refused field must not be stored after the refusal.
      if (refused) return void file.resume();
      if (name !== 'file') return fail(oneFile());
      taken = take({ fields, filename: filename ?? '', file });
      taken.catch(fail);
    });
    parser.on('error', (error: Error) => fail(malformed(error.message)));
    parser.on('close', () => (taken ? taken.then(resolve, reject) : reject(oneFile())));
    call.request.once('aborted', () => parser.destroy(new Error('the line was cut')));
    call.request.pipe(parser);
  });
};

const checksumOf = (fields: Fields): Expected['checksum'] => {
  for (const algorithm of checksumAlgorithms) {
    const value = fields.get(checksumHeader(algorithm));
    if (value !== undefined) return { algorithm, value: () => value };
  }
  return undefined;
};

const storeFile = async (
  world: World,
  call: Call,
  { fields, filename, file }: Form,
): Promise<{ committed: Committed; fields: Fields }> => {
  const bucket = bucketOf(world, call);
  if (fields.has('bucket') && fields.get('bucket') !== bucket.name) {
    throw new S3Error(
      'AccessDenied',
      `The form's bucket is "${fields.get('bucket')?.slice(0, 63)}", the path's is "${bucket.name}".`,
    );
  }
  fields.set('bucket', bucket.name);
  const key = (fields.get('key') ?? '').replaceAll(placeholder, () => filename);
  if (key === '') throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.");
  fields.set('key', checkKey(key));
  const { least, most } = checkPolicy(world.judge, fields);
  const user = [...fields]
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice(11), value] as const);
  const headers = keepHeaders((name) => fields.get(name), user);
  const checksum = checksumOf(fields);
  const md5 = fields.get('content-md5');
  const expected: Expected = { ...(md5 === undefined ? {} : { md5 }), ...(checksum ? { checksum } : {}) };
  if (least !== undefined && most !== undefined) Object.assign(expected, { least, most });
  const sums = await store(world.bodies, verified(file, expected));
  const draft = {
    key,
    size: sums.size,
    etag: sums.md5,
    headers,
    pieces: [{ file: sums.file, size: sums.size }],
    ...wholeChecksum(sums.checksum),
  };
  const committed = commitDraft(world, bucket.name, draft, { event: 'ObjectCreated:Post', requestId: call.id });
  return { committed, fields };
};

const answer = (call: Call, { version, versioned }: Committed, fields: Fields): void => {
  const { bucket, key, etag } = version;
  const location = `http://${call.request.headers.host ?? '127.0.0.1'}/${bucket}/${encodeURIComponent(key)}`;
  const headers: Record<string, string> = { etag: `"${etag}"`, location };
  if (versioned) headers['x-amz-version-id'] = version.versionId;
  const redirect = fields.get('success_action_redirect');
  if (redirect !== undefined && /^https?:\/\//.test(redirect) && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag: `"${etag}"` })) url.searchParams.set(name, value);
    answerEmpty(call, 303, { ...headers, location: url.href });
    return;
  }
  const status = fields.get('success_action_status');
  if (status !== '201') {
    answerEmpty(call, status === '200' ? 200 : 204, headers);
    return;
  }
  for (const [name, value] of Object.entries(headers)) call.response.setHeader(name, value);
  answerXml(
    call,
    xmlDocument('PostResponse', [
      ['Location', location],
      ['Bucket', bucket],
      ['Key', key],
      ['ETag', `"${etag}"`],
    ]),
    201,
  );
};

/** POST of a form: whatever is allowed is said by the policy that the form carries, signed. */
export const postObject: Operation = async (world, call) => {
  bucketOf(world, call);
  const { committed, fields } = await readForm(call, (form) => storeFile(world, call, form));
  answer(call, committed, fields);
};
