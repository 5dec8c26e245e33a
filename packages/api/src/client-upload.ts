/** Sends a package to the storage by a presigned form. */
import { FzipApiError } from './client-request.ts';
import type { UploadForm } from './restore-schemas.ts';

/** A package whose bytes come as they are read; `size` in bytes, for the storage wants to know it first. Browsers take a Blob alone. */
export type StreamedPackage = { stream: ReadableStream<Uint8Array<ArrayBuffer>>; size: number };
export type Package = Blob | StreamedPackage;

const fileName = 'package.fzip';

type Body = { body: NonNullable<RequestInit['body']>; headers: Record<string, string>; duplex?: 'half' };

/** The storage reads no field after `file`, so that comes last. */
export const formDataOf = ({ fields }: UploadForm, file: Blob): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', file, fileName);
  return form;
};

const formOf = (form: UploadForm, file: Blob): Body => ({ body: formDataOf(form, file), headers: {} });

/** As HTML's multipart/form-data algorithm escapes a name. */
const escaped = (name: string): string => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

async function* parts(before: Uint8Array, stream: StreamedPackage['stream'], after: Uint8Array) {
  yield before;
  yield* stream;
  yield after;
}

/** `ReadableStream.from` is not in every browser. */
const streamOf = (from: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await from.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await from.return(undefined)),
  });

/** The same form, byte by byte, around a stream. */
const streamedFormOf = ({ fields }: UploadForm, { stream, size }: StreamedPackage): Body => {
  const boundary = `fzip-${crypto.randomUUID()}`;
  const field = ([name, value]: [string, string]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n\r\n${value}\r\n`;
  const file =
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\n` +
    'Content-Type: application/zip\r\n\r\n';
  const before = new TextEncoder().encode(`${Object.entries(fields).map(field).join('')}${file}`);
  const after = new TextEncoder().encode(`\r\n--${boundary}--\r\n`);
  return {
    body: streamOf(parts(before, stream, after)),
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      // S3 takes no body of unknown length.
      'content-length': String(before.length + size + after.length),
    },
    duplex: 'half',
  };
};

/** S3 says why in XML. */
const reasonOf = async (response: Response): Promise<string> =>
  /<Code>([A-Za-z]+)<\/Code>/.exec(await response.text().catch(() => ''))?.[1] ?? '';

/** @throws FzipApiError UPLOAD_FAILED with what the storage answered */
export const upload = async (
  form: UploadForm,
  file: Package,
  { fetch: send, signal }: { fetch: typeof fetch; signal?: AbortSignal },
): Promise<void> => {
  const init = file instanceof Blob ? formOf(form, file) : streamedFormOf(form, file);
  const response = await send(form.url, { method: 'POST', ...init, ...(signal === undefined ? {} : { signal }) });
  if (response.ok) return;
  const answer = `the storage answered ${response.status} ${await reasonOf(response)}`.trim();
  throw new FzipApiError('UPLOAD_FAILED', answer, response.status);
};
