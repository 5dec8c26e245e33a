/** One router with every route; the app mounts it twice. */
import { OpenAPIHono } from '@hono/zod-openapi';
import * as backups from './backups.ts';
import { jsonBody } from './body.ts';
import { type ApiEnv, type Identify, signedInUser } from './context.ts';
import { openapiDocument } from './openapi.ts';
import { addProfileRoutes } from './profile-router.ts';
import { refuseUnless } from './refusals.ts';
import { addRestoreRoutes } from './restore-router.ts';
import * as to from './routes.ts';
import { defaultPage } from './schema-parts.ts';
import { AmendBackupRequest, CreateBackupRequest, DownloadQuery, ListBackupsQuery } from './schemas.ts';
import { addValidationRoutes } from './validation-router.ts';

export const apiRouter = (identify: Identify) => {
  const router = new OpenAPIHono<ApiEnv>();
  for (const route of to.routes.filter(to.needsToken)) {
    router.on(route.method, route.getRoutingPath(), async (c, next) => {
      c.set('user', await signedInUser(identify, c));
      await next();
    });
  }
  router.on('post', to.createBackupRoute.getRoutingPath(), jsonBody);
  router.on('patch', to.amendBackupRoute.getRoutingPath(), jsonBody);

  router.openapi(
    to.createBackupRoute,
    async (c) => {
      const idempotencyKey = c.req.valid('header')['Idempotency-Key'];
      const answer = await backups.create(c, { body: c.req.valid('json'), idempotencyKey });
      return c.json(answer, 201, { location: `${c.req.path}/${answer.backupId}/status` });
    },
    refuseUnless('body', CreateBackupRequest),
  );
  router.openapi(
    to.listBackupsRoute,
    async (c) => {
      const { limit = defaultPage, offset = 0, asOf } = c.req.valid('query');
      return c.json(await backups.list(c, { limit, offset, ...(asOf === undefined ? {} : { asOf }) }), 200);
    },
    refuseUnless('query', ListBackupsQuery),
  );
  router.openapi(to.backupStatusRoute, async (c) => c.json(await backups.status(c, c.req.valid('param').id), 200));
  router.openapi(
    to.downloadBackupRoute,
    async (c) => c.redirect(await backups.download(c, c.req.valid('param').id, c.req.valid('query').volume ?? 1), 302),
    refuseUnless('query', DownloadQuery),
  );
  router.openapi(to.cancelBackupRoute, async (c) => c.json(await backups.cancel(c, c.req.valid('param').id), 200));
  router.openapi(
    to.amendBackupRoute,
    async (c) => c.json(await backups.amend(c, c.req.valid('param').id, c.req.valid('json')), 200),
    refuseUnless('body', AmendBackupRequest),
  );
  router.openapi(to.deleteBackupRoute, async (c) => {
    await backups.remove(c, c.req.valid('param').id);
    return c.json({ message: 'backup deleted' }, 200);
  });
  addValidationRoutes(router);
  addRestoreRoutes(router);
  addProfileRoutes(router);
  router.openapi(to.openapiRoute, (c) =>
    c.json(openapiDocument() as { openapi: string }, 200, { 'cache-control': 'public, max-age=300' }),
  );
  return router;
};
