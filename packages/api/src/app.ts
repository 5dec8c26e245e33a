/** The API as one Hono app: whoever serves it gives the ports and says who is asking. */
import { randomUUID } from 'node:crypto';
import { type Ports, StaleJob } from '@fzip/core';
import { OpenAPIHono } from '@hono/zod-openapi';
import { Hono, type MiddlewareHandler } from 'hono';
import { type ApiContext, type ApiEnv, gatewayRequestId, gatewayUser, type Identify } from './context.ts';
import { ApiError, bodyOf, statusOf } from './errors.ts';
import { apiRouter } from './router.ts';
import { routesAt } from './routes.ts';

export type Log = (message: string, fields: { requestId: string; operation: string; error: unknown }) => void;

export type AppOptions = {
  /** The world of one request, whose id goes into its invocation. */
  ports: (request: { id: string }) => Ports;
  /** Default: the `sub` that the API Gateway's JWT authorizer has verified. */
  identify?: Identify;
  /** Told of every failure of our own, with its stack. */
  log?: Log;
};

/** For every answer; what is public says otherwise about caching itself. */
const securityHeaders = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } as const;

const operationOf = (c: ApiContext): string => {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
  return routesAt(c.req.path).find((route) => route.method === method)?.operation ?? 'unknown';
};

const logToStderr: Log = (message, { error, ...fields }) =>
  console.error(
    JSON.stringify({ level: 'ERROR', message, ...fields, error: error instanceof Error ? error.stack : error }),
  );

/** Gives a request its id and its ports, and writes its audit line and headers when it is answered. */
const frame =
  (ports: AppOptions['ports']): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const requestId = gatewayRequestId(c) ?? randomUUID();
    c.set('requestId', requestId);
    c.set('ports', ports({ id: requestId }));
    await next();
    const jobId = c.get('jobId');
    c.get('ports').audit({
      who: (c.get('user') as string | undefined) ?? 'nobody',
      what: `api.${operationOf(c)}`,
      ...(jobId === undefined ? {} : { jobId }),
      outcome: c.get('refusal') ?? String(c.res.status),
    });
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
    c.header('x-request-id', requestId);
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  };

const refuse = (c: ApiContext, refusal: ApiError, headers: Record<string, string> = {}) => {
  c.set('refusal', `${statusOf(refusal.code)} ${refusal.code}`);
  return c.json(bodyOf(refusal), statusOf(refusal.code), { ...refusal.headers, ...headers });
};

/** A path that is known but not by this method says which methods it has. */
const refuseUnknown = (c: ApiContext) => {
  const methods = routesAt(c.req.path).flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  if (methods.length === 0) return refuse(c, new ApiError('ROUTE_NOT_FOUND'));
  const allow = methods.join(', ');
  return refuse(c, new ApiError('METHOD_NOT_ALLOWED', `${c.req.method} is not allowed here; allowed are ${allow}`), {
    allow,
  });
};

const refuseError = (log: Log) => (error: unknown, c: ApiContext) => {
  if (error instanceof ApiError) return refuse(c, error);
  if (error instanceof StaleJob) return refuse(c, new ApiError('CONFLICT'));
  const requestId = c.get('requestId');
  log('request failed', { requestId, operation: operationOf(c), error });
  return refuse(c, new ApiError('INTERNAL_ERROR', `the request failed on our side; its id is ${requestId}`));
};

/** The whole API, under `/fzip` and, for older clients, at the root. */
export const createApp = ({ ports, identify = gatewayUser, log = logToStderr }: AppOptions): OpenAPIHono<ApiEnv> => {
  const app = new OpenAPIHono<ApiEnv>();
  const router = apiRouter(identify);
  app.use(frame(ports));
  app.route('/fzip', router);
  // Through a plain Hono, so that the older paths do not stand in the document a second time.
  app.route('/', new Hono<ApiEnv>().route('/', router));
  app.notFound(refuseUnknown);
  app.onError(refuseError(log));
  return app;
};
