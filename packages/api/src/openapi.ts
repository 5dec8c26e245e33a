/** The OpenAPI 3.1 document, made from the routes and the table of errors. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { errorCodes } from './errors.ts';
import { routes } from './routes.ts';

const errorTable = [
  '| code | status | meaning |',
  '|---|---|---|',
  ...Object.entries(errorCodes).map(([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`),
].join('\n');

const description = `Backs up a complete HouseF3 profile into one portable package, and restores such a package into an empty profile.

Every date is an integer, ms since epoch; every size is in bytes. Each path works without \`/fzip\` as well, for older clients.
The user is the subject of the token; nothing in a request can name another one. Every answer has the header \`X-Request-Id\`.

Every error is \`{error, message, details?}\` with one of these codes:

${errorTable}
`;

const make = () => {
  const { openAPIRegistry: registry, ...app } = new OpenAPIHono();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The token of the signed-in user. Its `sub` is the user.',
  });
  for (const route of routes) registry.registerPath({ ...route, path: `/fzip${route.path}` });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'FZIP', version: '1.0.0', description },
    tags: [
      { name: 'backup', description: 'Make, look at, download and delete backups.' },
      { name: 'restore', description: 'Restore a package into an empty profile, or have it checked.' },
      { name: 'profile', description: 'The data that is backed up.' },
      { name: 'api', description: 'About this API.' },
    ],
    security: [{ bearer: [] }],
  });
};

let made: ReturnType<typeof make> | undefined;

/** The document as it is served and checked in. */
export const openapiDocument = () => {
  made ??= make();
  return made;
};
