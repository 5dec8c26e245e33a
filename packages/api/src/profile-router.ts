/** Binds the profile routes to what they do. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { jsonBody } from './body.ts';
import { choices } from './choices.ts';
import type { ApiEnv } from './context.ts';
import * as to from './profile-routes.ts';
import { ClearProfileRequest } from './profile-schemas.ts';
import * as profiles from './profiles.ts';
import { refuseUnless } from './refusals.ts';

export const addProfileRoutes = (router: OpenAPIHono<ApiEnv>): void => {
  router.on('delete', to.clearProfileRoute.getRoutingPath(), jsonBody);
  router.openapi(to.profileRoute, async (c) => c.json(await profiles.profile(c), 200));
  router.openapi(to.choicesRoute, async (c) => c.json(await choices(c), 200));
  router.openapi(
    to.clearProfileRoute,
    async (c) => {
      const answer = await profiles.clear(c, c.req.valid('json'));
      return c.json(answer, 202, { location: `${c.req.path}/clear/${answer.clearId}` });
    },
    refuseUnless('body', ClearProfileRequest),
  );
  router.openapi(to.clearStatusRoute, async (c) => c.json(await profiles.clearStatus(c, c.req.valid('param').id), 200));
};
