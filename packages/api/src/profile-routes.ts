/** The routes of a profile as a whole. */
import { createRoute, z } from '@hono/zod-openapi';
import { Choices, ClearProfileRequest, ClearProfileResponse, ClearStatus, Profile } from './profile-schemas.ts';
import { errors, json, signedIn } from './route-parts.ts';
import { JobPath } from './schema-parts.ts';

const profile = { ...signedIn, tags: ['profile'] };

export const profileRoute = createRoute({
  ...profile,
  method: 'get',
  path: '/profile',
  operationId: 'profile',
  summary: 'Counts of the profile',
  description: 'How many rows of each kind the profile of the signed-in user holds. Counting stops after 2 s.',
  responses: { 200: json('Rows of each kind.', Profile), ...errors('UNAUTHORIZED', 'INTERNAL_ERROR') },
});

export const choicesRoute = createRoute({
  ...profile,
  method: 'get',
  path: '/profile/choices',
  operationId: 'choices',
  summary: 'Accounts and categories by name',
  description: 'What a `selective` backup can be made of: ids with names, the first 500 of each kind.',
  responses: { 200: json('Ids with names.', Choices), ...errors('UNAUTHORIZED', 'INTERNAL_ERROR') },
});

export const clearProfileRoute = createRoute({
  ...profile,
  method: 'delete',
  path: '/profile',
  operationId: 'clearProfile',
  summary: 'Clear the profile',
  description:
    'Deletes every account, transaction, category, file map, transaction file and analytics row of the signed-in user, and the files ' +
    'with all their versions, so that a package can be restored. Refused while another job of the user works, and without a complete ' +
    'backup that can be downloaded. Asked for again while it works, it is the same job.',
  request: {
    body: {
      description: 'That it is meant.',
      required: true,
      content: { 'application/json': { schema: ClearProfileRequest } },
    },
  },
  responses: {
    202: {
      ...json('The profile is being cleared.', ClearProfileResponse),
      headers: z.object({ Location: z.string().openapi({ description: 'Path of the status of the clearing.' }) }),
    },
    ...errors(
      'INVALID_REQUEST',
      'INVALID_JSON',
      'UNAUTHORIZED',
      'JOBS_RUNNING',
      'NO_BACKUP',
      'TOO_MANY_REQUESTS',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'NOT_CONFIRMED',
      'INTERNAL_ERROR',
    ),
  },
});

export const clearStatusRoute = createRoute({
  ...profile,
  method: 'get',
  path: '/profile/clear/{id}',
  operationId: 'clearStatus',
  summary: 'Status of a clearing',
  description: 'How far the clearing of a profile is. One of another user and an unknown id answer alike.',
  request: { params: JobPath },
  responses: { 200: json('The clearing.', ClearStatus), ...errors('UNAUTHORIZED', 'NOT_FOUND', 'INTERNAL_ERROR') },
});

export const profileRoutes = [profileRoute, choicesRoute, clearProfileRoute, clearStatusRoute] as const;
