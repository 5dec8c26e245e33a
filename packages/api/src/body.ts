/** Reads a JSON body within its bound, before anything else looks at it. */
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './context.ts';
import { ApiError } from './errors.ts';

/** bytes */
export const largestBody = 64 * 1024;

/** @throws ApiError BODY_TOO_LARGE as soon as more than `largestBody` has come, whatever Content-Length said */
const bytesOf = async (request: Request): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > largestBody) throw new ApiError('BODY_TOO_LARGE', `the body is larger than ${largestBody} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/** @throws ApiError INVALID_JSON */
const checkedText = (bytes: Buffer): string => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new ApiError('INVALID_JSON', `the body is not JSON: ${(error as Error).message}`);
  }
};

/** Puts a checked body in place of the request's own; an empty one becomes `{}`. */
export const jsonBody: MiddlewareHandler<ApiEnv> = async ({ req }, next) => {
  const bytes = await bytesOf(req.raw);
  const type = req.header('content-type') ?? 'none';
  if (bytes.length > 0 && !/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `Content-Type is ${type}; allowed is application/json`);
  }
  const headers = new Headers(req.raw.headers);
  headers.set('content-type', 'application/json');
  headers.delete('content-length');
  const body = bytes.length === 0 ? '{}' : checkedText(bytes);
  req.raw = new Request(req.raw.url, { method: req.raw.method, headers, body });
  await next();
};
