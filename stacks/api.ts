/** The HTTP API: one function behind it, a JWT in front of it. */
import { publicPaths } from '../packages/core/src/topology.ts';
import type { Functions } from './functions.ts';
import type { Identity } from './identity.ts';
import { isProduction, nameOf } from './names.ts';
import type { Settings } from './settings.ts';

/** Requests a second of everybody together, and how many at once beyond that. Bounds of one user are the API's own. */
export const throttling = { throttlingRateLimit: 50, throttlingBurstLimit: 100 };

/** What the app mounts: DESIGN.md section 5. The second is for older clients. */
const paths = ['/fzip/{proxy+}', '/{proxy+}'];

export const api = ({ api: handler }: Functions, { issuer, clientIds }: Identity, settings: Settings) => {
  const gateway = new sst.aws.ApiGatewayV2('Api', {
    cors: {
      allowOrigins: settings.webOrigins,
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
      allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
      exposeHeaders: ['location', 'x-request-id'],
      maxAge: '1 hour',
    },
    accessLog: { retention: isProduction() ? '1 year' : '1 week' },
    transform: {
      api: { name: nameOf('api') },
      // Detailed metrics are by route; without them there is no error rate to alarm of.
      stage: { defaultRouteSettings: { ...throttling, detailedMetricsEnabled: true } },
    },
  });
  const authorizer = gateway.addAuthorizer({ name: 'Jwt', jwt: { issuer, audiences: clientIds } });
  const signedIn = { auth: { jwt: { authorizer: authorizer.id } } };
  for (const path of paths) gateway.route(`ANY ${path}`, handler.arn, signedIn);
  for (const path of publicPaths) gateway.route(`GET ${path}`, handler.arn);
  return { url: gateway.url, id: gateway.nodes.api.id };
};

export type Api = ReturnType<typeof api>;
