/** A server of one file on this machine that answers ranges, counts what it gives, and fails where it is told to. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';

export type ServedFile = { size: number; stream(start: number, end: number): Readable };

/** What it does instead of answering, or does to its answer. */
export type Fault =
  | { status: number; headers?: Record<string, string> }
  /** Headers of the answer that are said otherwise. */
  | { headers: Record<string, string> }
  /** Breaks the connection after so many bytes of the body. */
  | { breakAfter: number }
  /** Says nothing. */
  | 'silent';

export type Asked = { path: string; range: string | undefined; ifMatch: string | undefined };

export type RangeServer = {
  origin: string;
  /** Every request, in order. */
  asked: Asked[];
  /** Bytes of bodies. */
  sent: number;
  etag: string;
};

const served = (bytes: Buffer): ServedFile => ({
  size: bytes.length,
  stream: (start, end) => Readable.from([bytes.subarray(start, end)], { objectMode: false }),
});

/** @param fault is asked about each request, the first being number 0 */
export const openRangeServer = async (
  file: ServedFile | Buffer,
  fault: (number: number, asked: Asked) => Fault | undefined = () => undefined,
): Promise<{ server: RangeServer; close(): void }> => {
  const source = Buffer.isBuffer(file) ? served(file) : file;
  const state: RangeServer = { origin: '', asked: [], sent: 0, etag: '"one"' };
  const server = createServer((request, response) => {
    const asked = askedBy(request);
    const number = state.asked.push(asked) - 1;
    answer(state, source, asked, response, fault(number, asked));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { server: state, close };
};

const askedBy = ({ url = '', headers }: IncomingMessage): Asked => ({
  path: url,
  range: headers.range,
  ifMatch: headers['if-match'],
});

const answer = (
  state: RangeServer,
  file: ServedFile,
  { range = '', ifMatch }: Asked,
  response: ServerResponse,
  fault: Fault | undefined,
): void => {
  if (fault === 'silent') return;
  if (fault && 'status' in fault) {
    response.writeHead(fault.status, fault.headers).end('secret');
    return;
  }
  if (ifMatch !== undefined && ifMatch !== state.etag) {
    response.writeHead(412).end();
    return;
  }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const start = first === '' ? Math.max(0, file.size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? file.size : Math.min(Number(last) + 1, file.size);
  if (start >= end) {
    response.writeHead(416, { 'content-range': `bytes */${file.size}` }).end();
    return;
  }
  response.writeHead(206, {
    etag: state.etag,
    'content-range': `bytes ${start}-${end - 1}/${file.size}`,
    'content-length': end - start,
    ...(fault && 'headers' in fault ? fault.headers : {}),
  });
  const most = fault && 'breakAfter' in fault ? fault.breakAfter : end - start;
  const body = file.stream(start, start + Math.min(most, end - start));
  body.on('data', (chunk: Buffer) => {
    state.sent += chunk.length;
  });
  if (most >= end - start) pipeline(body, response, () => undefined);
  else body.on('end', () => setImmediate(() => response.destroy())).pipe(response, { end: false });
};
