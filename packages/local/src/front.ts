/** The HTTP front: what the API Gateway does in the cloud, and the local routes that stand in for signing in and importing. */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { otherFunctions, publicPaths } from '@fzip/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyResultV2, Context } from 'aws-lambda';
import { type Answer, gatewayEvent, httpAnswer, jsonAnswer, refusal } from './gateway.ts';
import type { Issuer } from './issuer.ts';
import { lambdaContext } from './lambda.ts';
import { type FillProfile, localAnswer } from './local-routes.ts';
import { oidcPath, type SampleUser, type SignIn, startSignIn } from './sign-in.ts';
import { type WebFiles, type WebFilesOptions, webFiles } from './web-files.ts';

/** The API Gateway's own bound. */
const largestBody = 10 * 1024 * 1024;
const apiFunction = { name: 'api', ...otherFunctions.api };

/** What needs no token, as in the stacks. */
const openPaths: ReadonlySet<string> = new Set(publicPaths);
const healthPaths: ReadonlySet<string> = new Set(['/health', '/fzip/health']);

const allowedHosts = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;
const allowedOrigins = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

export type ApiHandler = (
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  context: Context,
) => Promise<APIGatewayProxyResultV2>;

export type FrontOptions = {
  api: ApiHandler;
  issuer: Issuer;
  fillProfile: FillProfile;
  /** Whom the page to sign in offers. */
  users?: readonly SampleUser[];
  /** The web UI, if it is to be served. */
  web?: WebFilesOptions | undefined;
  /** 0 for any that is free. */
  port?: number;
  /** ms that a client may take for the head of a request, and for all of it. */
  patience?: { head: number; request: number };
  onError: (error: unknown, where: string) => void;
};

/** What Node's parser gives up, by its code: the status line, and the refusal as all others are. */
const misunderstood: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'the request took too long to arrive'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE', 'the headers are too large'],
};
const unparsable = ['400 Bad Request', 'MALFORMED_REQUEST', 'this is no HTTP request'] as const;
type Serving = FrontOptions & { signIn: SignIn; pages: WebFiles };

export type Front = { url: string; close(): Promise<void> };

/** Serves on 127.0.0.1. @throws the listener's error, EADDRINUSE for a port that is taken */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const { issuer, users = [], web } = options;
  const pages: WebFiles = web ? webFiles(web) : async () => undefined;
  const serving: Serving = { ...options, signIn: startSignIn({ issuer, users }), pages };
  const { head, request } = options.patience ?? { head: 10_000, request: 30_000 };
  const server = createServer({
    headersTimeout: head,
    requestTimeout: request,
    // How often the two are looked at.
    connectionsCheckingInterval: Math.min(head, request) / 2,
    keepAliveTimeout: 5_000,
  });
  server.on('request', (request, response) => void serve(serving, request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const [status, code, message] = misunderstood[error.code ?? ''] ?? unparsable;
    const body = JSON.stringify({ error: code, message });
    const lines = [
      `HTTP/1.1 ${status}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    // Whoever sends on is not waited for.
    if (socket.writable) socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
    else socket.destroy();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
};

const closeServer = async (server: Server): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const impatient = setTimeout(() => server.closeAllConnections(), 2_000).unref();
  await promise;
  clearTimeout(impatient);
};

const serve = async (options: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const where = `${request.method} ${pathOf(request)}`;
  response.on('error', (error) => options.onError(error, where));
  const answer = await answerTo(options, request).catch((error: unknown) => {
    // A client that goes away in the middle of its request is no failure of ours.
    if (!request.destroyed || request.complete) options.onError(error, where);
    return refusal(500, 'INTERNAL_ERROR', 'the request failed on our side');
  });
  send(request, response, answer);
};

const send = (request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void => {
  if (response.destroyed) return;
  const bodyless = status === 204 || status === 304;
  response.writeHead(status, {
    ...headers,
    ...corsHeaders(request),
    ...(bodyless ? {} : { 'content-length': body.length }),
    // What was not read of a body would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(bodyless || request.method === 'HEAD' ? undefined : body);
};

const answerTo = async (options: Serving, request: IncomingMessage): Promise<Answer> => {
  const path = pathOf(request);
  // A page elsewhere whose name is made to lead here would count as of the same origin.
  if (!allowedHosts.test(request.headers.host ?? ''))
    return refusal(403, 'FORBIDDEN', 'the Host header names another host than this one');
  if (request.method === 'OPTIONS') return preflight(request);
  if (healthPaths.has(path)) return jsonAnswer(200, { status: 'ok' });
  if (path.startsWith('/local/')) return localRoute(options, request, path);
  const page = await options.pages(request, path);
  if (page) return page;
  const isPublic = openPaths.has(path) && (request.method === 'GET' || request.method === 'HEAD');
  const claims = isPublic ? undefined : await claimsOf(options.issuer, request);
  if (!isPublic && claims === undefined) {
    return jsonAnswer(
      401,
      { error: 'UNAUTHORIZED', message: 'the request carries no valid token' },
      { 'www-authenticate': 'Bearer' },
    );
  }
  const body = await readBody(request);
  if (body === undefined) return tooLarge();
  const context = lambdaContext(apiFunction);
  return httpAnswer(await options.api(gatewayEvent(request, body, claims), context));
};

const localRoute = async (options: Serving, request: IncomingMessage, path: string): Promise<Answer> => {
  const { origin } = request.headers;
  if (origin !== undefined && !allowedOrigins.test(origin)) {
    return refusal(403, 'FORBIDDEN', 'local routes are for pages of this machine');
  }
  const body = await readBody(request);
  if (body !== undefined && path.startsWith(`${oidcPath}/`)) return options.signIn(request, body);
  return body === undefined ? tooLarge() : localAnswer(options, { method: request.method ?? 'GET', path, body });
};

const tooLarge = (): Answer => refusal(413, 'BODY_TOO_LARGE', `the body is larger than ${largestBody} bytes`);

const claimsOf = async (issuer: Issuer, request: IncomingMessage) => {
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : issuer.verify(token);
};

/** The body, or undefined as soon as it is too large. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  if (Number(request.headers['content-length'] ?? 0) > largestBody) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size > largestBody) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
};

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/';

const preflight = (request: IncomingMessage): Answer => ({
  status: 204,
  headers: {
    'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
    'access-control-allow-headers':
      request.headers['access-control-request-headers'] ?? 'authorization, content-type, idempotency-key',
    'access-control-max-age': '600',
  },
  body: Buffer.alloc(0),
});

const corsHeaders = ({ headers: { origin } }: IncomingMessage): OutgoingHttpHeaders =>
  origin !== undefined && allowedOrigins.test(origin)
    ? {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'location, retry-after, x-request-id',
        vary: 'origin',
      }
    : { vary: 'origin' };
