import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { closeServer, listen } from '../listen.ts';
import { openBodies } from './bodies.ts';
import { answerEmpty, type Call, parseCall } from './call.ts';
import { openCatalog } from './catalog.ts';
import { S3Error } from './errors.ts';
import { startNotifier } from './notifications.ts';
import { postObject } from './post.ts';
import { routeOf } from './routes.ts';
import { authenticate, type Credentials, isSigned } from './signature.ts';
import type { World } from './world.ts';
import { xmlError } from './xml.ts';

/**
 * `folder` holds everything and is made if it is missing. `port` 0, the default, takes any free one. `region` stands in
 * events and is demanded of signatures; without it that is us-east-1, and any region's signature is accepted.
 * `clock` is ms since epoch. Without `sqsEndpoint`, notifications wait in the folder.
 */
export type S3Options = {
  folder: string;
  port?: number;
  credentials: Credentials;
  sqsEndpoint?: string;
  region?: string;
  clock?: () => number;
};

export type RunningS3 = { url: string; port: number; close(): Promise<void> };

const allow = (call: Call): void => {
  const { origin } = call.request.headers;
  if (origin === undefined) return;
  call.response.setHeader('access-control-allow-origin', origin);
  call.response.setHeader(
    'access-control-expose-headers',
    'ETag, Location, Content-Range, x-amz-version-id, x-amz-request-id',
  );
  call.response.setHeader('vary', 'Origin');
};

const answerPreflight = (call: Call): void => {
  const wanted = call.request.headers['access-control-request-headers'];
  answerEmpty(call, 200, {
    'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
    'access-control-max-age': '3000',
    ...(wanted === undefined ? {} : { 'access-control-allow-headers': String(wanted) }),
  });
};

const answerHealth = (call: Call): void => {
  call.response.writeHead(200, { 'content-type': 'application/json' });
  call.response.end('{"status":"ok"}');
};

const isForm = (call: Call): boolean =>
  call.method === 'POST' &&
  call.key === '' &&
  /^multipart\/form-data/i.test(call.request.headers['content-type'] ?? '');

const serve = async (world: World, call: Call): Promise<void> => {
  allow(call);
  if (call.method === 'OPTIONS') return answerPreflight(call);
  if (call.path === '/' && !isSigned(call) && call.method !== 'POST') return answerHealth(call);
  if (isForm(call)) return postObject(world, call);
  call.auth = authenticate(world.judge, call);
  await routeOf(call)(world, call);
};

const answerError = (id: string, request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  const cut = request.destroyed && !request.complete;
  if (response.headersSent || response.destroyed || cut) return void response.destroy();
  const known =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error. Please try again.');
  if (known !== error) process.emitWarning(error instanceof Error ? error : new Error(String(error)), 'S3Emulator');
  for (const name of response.getHeaderNames()) if (name.startsWith('content-')) response.removeHeader(name);
  const bare = request.method === 'HEAD' || known.status === 304;
  const body = bare
    ? ''
    : xmlError([
        ['Code', known.code],
        ['Message', known.message],
        ['RequestId', id],
        ['HostId', id],
      ]);
  response.writeHead(known.status, {
    ...known.headers,
    ...(bare ? {} : { 'content-type': 'application/xml', 'content-length': String(Buffer.byteLength(body)) }),
  });
  response.end(body);
  // A client that is still sending would see a cut line instead of the refusal.
  request.resume();
};

const handlerOf = (world: World) => {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', id);
    response.setHeader('date', new Date(world.clock()).toUTCString());
    try {
      await serve(world, parseCall(id, request, response));
      if (!request.readableEnded) request.resume();
    } catch (error) {
      answerError(id, request, response, error);
    }
  };
};

/** S3 on loopback, path-style, for one pair of credentials. What it answered 200 to survives SIGKILL. */
export const startS3 = async (options: S3Options): Promise<RunningS3> => {
  const { folder, port = 0, credentials, sqsEndpoint, region = 'us-east-1', clock = Date.now } = options;
  mkdirSync(folder, { recursive: true });
  const catalog = openCatalog(folder);
  const bodies = openBodies(path.join(folder, 'bodies'));
  const swept = bodies.sweep(new Set(catalog.files()));
  const notifier = startNotifier({
    catalog,
    region,
    credentials,
    clock,
    ...(sqsEndpoint === undefined ? {} : { sqsEndpoint }),
  });
  const judge = { credentials, clock, ...(options.region === undefined ? {} : { region }) };
  const world: World = { catalog, bodies, notifier, judge, region, clock };
  const handle = handlerOf(world);
  // A body of gigabytes may take longer than node's five minutes; a kept line must outlive the client's idea of it.
  const server: Server = createServer(
    { requestTimeout: 0, keepAliveTimeout: 75_000 },
    (request, response) => void handle(request, response),
  );
  const bound = await listen(server, port);
  notifier.wake();
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: async () => {
      await closeServer(server);
      notifier.close();
      await swept;
      catalog.close();
    },
  };
};
