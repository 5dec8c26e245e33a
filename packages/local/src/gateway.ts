/** HTTP as the API Gateway passes it to a Lambda (payload 2.0), and a Lambda's answer as HTTP. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type {
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyResultV2,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type { Claims } from './issuer.ts';
import { accountId } from './names.ts';

/** Bodies of these types are passed on as text, all others as base64. */
const textTypes = /^(text\/|application\/(json|javascript|xml|[\w.+-]+\+(json|xml))\s*(;|$))/i;

/** One request as an event. Without claims there is no authorizer in it, as on a public route. */
export const gatewayEvent = (
  request: IncomingMessage,
  body: Buffer,
  claims: Claims | undefined,
): APIGatewayProxyEventV2WithJWTAuthorizer => {
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.url ?? '/', '?');
  const { cookie, ...others } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(others).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  const query = queryParameters(rawQueryString);
  const isText = textTypes.test(headers['content-type'] ?? '');
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: requestContext(request, rawPath, claims),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
  // The types know routes with an authorizer and routes without, and no handler of both.
  return event as APIGatewayProxyEventV2WithJWTAuthorizer;
};

const requestContext = (request: IncomingMessage, path: string, claims: Claims | undefined) => {
  const now = new Date();
  return {
    accountId,
    apiId: 'local',
    ...(claims === undefined ? {} : { authorizer: { jwt: { claims, scopes: null } } }),
    domainName: request.headers.host ?? '127.0.0.1',
    domainPrefix: 'local',
    http: {
      method: request.method ?? 'GET',
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey: '$default',
    stage: '$default',
    time: logTime(now),
    timeEpoch: now.getTime(),
  };
};

/** `12/Mar/2026:19:03:58 +0000` */
const logTime = (at: Date): string => {
  const [, day, month, year, time] = at.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
};

/** Repeated names are joined with commas. */
const queryParameters = (text: string): Record<string, string> | undefined => {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before},${value}`);
  }
  return found.size === 0 ? undefined : Object.fromEntries(found);
};

const splitOnce = (text: string, mark: string): string[] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};

export type Answer = { status: number; headers: OutgoingHttpHeaders; body: Buffer };

/** A Lambda's answer as the gateway sends it: whatever has no status code is the body of a 200. */
export const httpAnswer = (result: APIGatewayProxyResultV2): Answer => {
  if (typeof result === 'string') return json(200, result);
  if (!isStructured(result)) return json(200, JSON.stringify(result ?? null));
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(result.headers ?? {})) headers[name.toLowerCase()] = String(value);
  if (result.cookies?.length) headers['set-cookie'] = result.cookies;
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  return { status: result.statusCode ?? 200, headers, body };
};

const isStructured = (result: unknown): result is APIGatewayProxyStructuredResultV2 =>
  typeof result === 'object' && result !== null && 'statusCode' in result;

const json = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(body),
});

/** An answer of our own. */
export const jsonAnswer = (status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer => ({
  ...json(status, JSON.stringify(value)),
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
});

/** A refusal in the shape that all errors of the API have. */
export const refusal = (status: number, error: string, message: string, more: object = {}): Answer =>
  jsonAnswer(status, { error, message, ...more });
