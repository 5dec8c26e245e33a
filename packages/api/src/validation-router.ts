/** Binds the routes of validations to what they do. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { jsonBody } from './body.ts';
import type { ApiEnv } from './context.ts';
import { refuseUnless } from './refusals.ts';
import * as to from './validation-routes.ts';
import { ValidateBackupRequest } from './validation-schemas.ts';
import * as validations from './validations.ts';

export const addValidationRoutes = (router: OpenAPIHono<ApiEnv>): void => {
  router.on('post', to.validateBackupRoute.getRoutingPath(), jsonBody);
  router.openapi(
    to.validateBackupRoute,
    async (c) => {
      const { id } = c.req.valid('param');
      const idempotencyKey = c.req.valid('header')['Idempotency-Key'];
      const answer = await validations.create(c, id, { body: c.req.valid('json'), idempotencyKey });
      return c.json(answer, 202, { location: `${c.req.path}/${answer.validationId}` });
    },
    refuseUnless('body', ValidateBackupRequest),
  );
  router.openapi(to.validationStatusRoute, async (c) => {
    const { id, validationId } = c.req.valid('param');
    return c.json(await validations.status(c, id, validationId), 200);
  });
};
