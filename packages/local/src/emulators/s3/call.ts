import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from './errors.ts';
import type { Auth } from './signature.ts';

/** One request, parsed. Names of `query` are as sent; a path without a key has `key` ''. */
export type Call = {
  id: string;
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  path: string;
  pairs: readonly (readonly [name: string, value: string])[];
  query: ReadonlyMap<string, string>;
  bucket: string;
  key: string;
  auth?: Auth;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(
      'InvalidURI',
      `Couldn't parse the specified URI: "${text.slice(0, 100)}" is no percent-encoded UTF-8.`,
    );
  }
};

/** Parses path and query. Throws InvalidURI. */
export const parseCall = (id: string, request: IncomingMessage, response: ServerResponse): Call => {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = decode(mark < 0 ? url : url.slice(0, mark));
  const pairs = (mark < 0 ? '' : url.slice(mark + 1))
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? ([decode(pair), ''] as const)
        : ([decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))] as const);
    });
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  return { id, request, response, method: request.method ?? 'GET', path, pairs, query: new Map(pairs), bucket, key };
};

/** A header's value. Presigned URLs carry x-amz- headers in their query, where they count as headers. */
export const headerOf = (call: Call, name: string): string | undefined => {
  const value = call.request.headers[name];
  if (value !== undefined) return Array.isArray(value) ? value.join(',') : value;
  if (call.auth?.kind !== 'query' || !name.startsWith('x-amz-')) return undefined;
  return call.pairs.find(([pair]) => pair.toLowerCase() === name)?.[1];
};

/** All headers that begin so, without that beginning. */
export const headersUnder = (call: Call, prefix: string): [name: string, value: string][] => {
  const found = new Map<string, string>();
  if (call.auth?.kind === 'query') {
    for (const [name, value] of call.pairs) {
      if (name.toLowerCase().startsWith(prefix)) found.set(name.toLowerCase().slice(prefix.length), value);
    }
  }
  for (const [name, value] of Object.entries(call.request.headers)) {
    if (name.startsWith(prefix) && value !== undefined) found.set(name.slice(prefix.length), String(value));
  }
  return [...found];
};

/** Answers with XML. */
export const answerXml = (call: Call, body: string, status = 200): void => {
  const bytes = Buffer.from(body);
  call.response.writeHead(status, { 'content-type': 'application/xml', 'content-length': bytes.length });
  call.response.end(bytes);
};

/** Answers without a body. */
export const answerEmpty = (call: Call, status: number, headers: Record<string, string> = {}): void => {
  call.response.writeHead(status, status === 204 || status === 304 ? headers : { ...headers, 'content-length': '0' });
  call.response.end();
};

/** The integer of that query name within bounds. Throws InvalidArgument. */
export const integerOf = (call: Call, name: string, standard: number, highest: number): number => {
  const text = call.query.get(name);
  if (text === undefined || text === '') return standard;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > 0x7fffffff) {
    throw new S3Error(
      'InvalidArgument',
      `${name} is "${text.slice(0, 50)}"; allowed are integers from 0 to 2147483647.`,
    );
  }
  return Math.min(value, highest);
};
