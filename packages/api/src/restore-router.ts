/** Binds the restore routes to what they do. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { jsonBody } from './body.ts';
import type { ApiEnv } from './context.ts';
import { refuseUnless } from './refusals.ts';
import * as to from './restore-routes.ts';
import { CreateRestoreRequest, ListRestoresQuery } from './restore-schemas.ts';
import * as restores from './restores.ts';
import { defaultPage } from './schema-parts.ts';

export const addRestoreRoutes = (router: OpenAPIHono<ApiEnv>): void => {
  router.on('post', to.createRestoreRoute.getRoutingPath(), jsonBody);
  router.openapi(
    to.createRestoreRoute,
    async (c) => {
      const idempotencyKey = c.req.valid('header')['Idempotency-Key'];
      const answer = await restores.create(c, { body: c.req.valid('json'), idempotencyKey });
      return c.json(answer, 201, { location: `${c.req.path}/${answer.restoreId}/status` });
    },
    refuseUnless('body', CreateRestoreRequest),
  );
  router.openapi(
    to.listRestoresRoute,
    async (c) => {
      const { limit = defaultPage, lastEvaluatedKey } = c.req.valid('query');
      return c.json(await restores.list(c, { limit, lastEvaluatedKey }), 200);
    },
    refuseUnless('query', ListRestoresQuery),
  );
  router.openapi(to.restoreStatusRoute, async (c) => c.json(await restores.status(c, c.req.valid('param').id), 200));
  router.openapi(to.notifyUploadedRoute, async (c) => c.json(await restores.notify(c, c.req.valid('param').id), 200));
  router.openapi(to.uploadUrlRoute, async (c) =>
    c.json(await restores.freshUploadUrl(c, c.req.valid('param').id), 200),
  );
  router.openapi(to.confirmRestoreRoute, async (c) => c.json(await restores.confirm(c, c.req.valid('param').id), 200));
  router.openapi(to.retryRestoreRoute, async (c) => c.json(await restores.retry(c, c.req.valid('param').id), 200));
  router.openapi(to.cancelRestoreRoute, async (c) => c.json(await restores.cancel(c, c.req.valid('param').id), 200));
  router.openapi(to.deleteRestoreRoute, async (c) => {
    await restores.remove(c, c.req.valid('param').id);
    return c.body(null, 204);
  });
};
