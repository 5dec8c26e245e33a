/** The routes of restores. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  CreateRestoreRequest,
  CreateRestoreResponse,
  FreshUploadUrl,
  ListRestoresQuery,
  RestoreList,
  RestoreMoved,
  RestoreStatus,
} from './restore-schemas.ts';
import { errors, json, signedIn } from './route-parts.ts';
import { IdempotencyHeaders, JobPath } from './schema-parts.ts';

const restore = { ...signedIn, tags: ['restore'] };

export const createRestoreRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore',
  operationId: 'createRestore',
  summary: 'Begin a restore',
  description:
    'Creates a restore that waits for its package, and says where to upload it. Only an empty profile is restored ' +
    'into; with `validateOnly` nothing is written and any profile will do. The body may be empty. A restore whose ' +
    'package has not come after 24 hours is canceled.',
  request: {
    headers: IdempotencyHeaders,
    body: {
      description: 'How to restore. May be empty.',
      content: { 'application/json': { schema: CreateRestoreRequest } },
    },
  },
  responses: {
    201: {
      ...json(
        'The restore waits for its package. Repeated with its Idempotency-Key: `status` and `message` tell what has ' +
          'become of it; a package that is uploaded when another one has come is never read.',
        CreateRestoreResponse,
      ),
      headers: z.object({ Location: z.string().openapi({ description: 'Path of the status of the restore.' }) }),
    },
    ...errors(
      'INVALID_REQUEST',
      'INVALID_JSON',
      'UNAUTHORIZED',
      'PROFILE_NOT_EMPTY',
      'TOO_MANY_REQUESTS',
      'CONFLICT',
      'BODY_TOO_LARGE',
      'PACKAGE_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'IDEMPOTENCY_KEY_REUSED',
      'INTERNAL_ERROR',
    ),
  },
});

export const listRestoresRoute = createRoute({
  ...restore,
  method: 'get',
  path: '/restore',
  operationId: 'listRestores',
  summary: 'List restores',
  description: 'The restores of the signed-in user, newest first, in whatever status.',
  request: { query: ListRestoresQuery },
  responses: {
    200: json('One page of restores.', RestoreList),
    ...errors('INVALID_REQUEST', 'UNAUTHORIZED', 'INTERNAL_ERROR'),
  },
});

export const restoreStatusRoute = createRoute({
  ...restore,
  method: 'get',
  path: '/restore/{id}/status',
  operationId: 'restoreStatus',
  summary: 'Status of a restore',
  description:
    'Where a restore stands: what checking its package found, what it holds, and in the end what was restored. ' +
    'A restore of another user and an unknown id answer alike.',
  request: { params: JobPath },
  responses: {
    200: json('The restore.', RestoreStatus),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'INTERNAL_ERROR'),
  },
});

export const notifyUploadedRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore/{id}/upload',
  operationId: 'notifyUploaded',
  summary: 'Say that the package is uploaded',
  description:
    'Helps when the notification of the storage is late. Starts nothing twice, and nothing before the package is there.',
  request: { params: JobPath },
  responses: {
    200: json('Where the restore stands.', RestoreMoved),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'INTERNAL_ERROR'),
  },
});

export const uploadUrlRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore/{id}/upload-url',
  operationId: 'uploadUrl',
  summary: 'Get fresh upload forms',
  description: 'Forms like those of the beginning, good for 15 minutes from now, while the restore waits.',
  request: { params: JobPath },
  responses: {
    200: json('Where to upload the package, or each of its volumes.', FreshUploadUrl),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'NOT_WAITING', 'INTERNAL_ERROR'),
  },
});

export const confirmRestoreRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore/{id}/start',
  operationId: 'confirmRestore',
  summary: 'Confirm a restore',
  description: 'Starts writing, after a restore with `requireConfirmation` has found its package valid.',
  request: { params: JobPath },
  responses: {
    200: json('The restore goes on.', RestoreMoved),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'NOT_AWAITING_CONFIRMATION', 'CONFLICT', 'INTERNAL_ERROR'),
  },
});

export const retryRestoreRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore/{id}/retry',
  operationId: 'retryRestore',
  summary: 'Run a restore again',
  description:
    'Runs a restore again that failed, from its beginning, with what was uploaded for it: no new upload is needed for a day.',
  request: { params: JobPath },
  responses: {
    200: json('The restore runs again.', RestoreMoved),
    ...errors(
      'UNAUTHORIZED',
      'NOT_FOUND',
      'NOT_RETRYABLE',
      'PACKAGE_GONE',
      'PROFILE_NOT_EMPTY',
      'TOO_MANY_REQUESTS',
      'CONFLICT',
      'INTERNAL_ERROR',
    ),
  },
});

export const cancelRestoreRoute = createRoute({
  ...restore,
  method: 'post',
  path: '/restore/{id}/cancel',
  operationId: 'cancelRestore',
  summary: 'Cancel a restore',
  description: 'Stops a restore. What it has written is removed again, so that the profile is left empty.',
  request: { params: JobPath },
  responses: {
    200: json('The restore is canceled, or will be once what it wrote is removed.', RestoreMoved),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'NOT_CANCELABLE', 'CONFLICT', 'INTERNAL_ERROR'),
  },
});

export const deleteRestoreRoute = createRoute({
  ...restore,
  method: 'delete',
  path: '/restore/{id}',
  operationId: 'deleteRestore',
  summary: 'Delete a restore',
  description:
    'Deletes a restore that has ended, or that waits for its package or its user, with what was uploaded for it. ' +
    'What it has restored stays.',
  request: { params: JobPath },
  responses: {
    204: { description: 'The restore is gone.' },
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'STILL_WORKING', 'CONFLICT', 'INTERNAL_ERROR'),
  },
});

export const restoreRoutes = [
  createRestoreRoute,
  listRestoresRoute,
  restoreStatusRoute,
  notifyUploadedRoute,
  uploadUrlRoute,
  confirmRestoreRoute,
  retryRestoreRoute,
  cancelRestoreRoute,
  deleteRestoreRoute,
] as const;
