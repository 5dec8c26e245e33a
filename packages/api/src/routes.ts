/** Every route of the API: method, path, what goes in, what comes out, how it may fail. Mounted under `/fzip` and at the root. */
import { createRoute, z } from '@hono/zod-openapi';
import { profileRoutes } from './profile-routes.ts';
import { restoreRoutes } from './restore-routes.ts';
import { errors, json, signedIn } from './route-parts.ts';
import { IdempotencyHeaders, JobPath } from './schema-parts.ts';
import {
  AmendBackupRequest,
  BackupList,
  BackupStatus,
  CreateBackupRequest,
  CreateBackupResponse,
  DownloadQuery,
  ListBackupsQuery,
  Message,
} from './schemas.ts';
import { validationRoutes } from './validation-routes.ts';

export const createBackupRoute = createRoute({
  ...signedIn,
  method: 'post',
  path: '/backup',
  operationId: 'createBackup',
  tags: ['backup'],
  summary: 'Begin a backup',
  description:
    'Begins a backup of the profile of the signed-in user, or of a part of it. The body may be empty: then of all. The answer estimates size and ' +
    'end from counts of the profile; the job goes on counting to the end.',
  request: {
    headers: IdempotencyHeaders,
    body: {
      description: 'What to back up. May be empty.',
      content: { 'application/json': { schema: CreateBackupRequest } },
    },
  },
  responses: {
    201: {
      ...json('The backup has begun, or had begun with the same Idempotency-Key.', CreateBackupResponse),
      headers: z.object({ Location: z.string().openapi({ description: 'Path of the status of the backup.' }) }),
    },
    ...errors(
      'INVALID_REQUEST',
      'INVALID_JSON',
      'UNAUTHORIZED',
      'PROFILE_BUSY',
      'CONFLICT',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'UNKNOWN_ID',
      'IDEMPOTENCY_KEY_REUSED',
      'TOO_MANY_REQUESTS',
      'TOO_MANY_JOBS',
      'STORAGE_QUOTA',
      'INTERNAL_ERROR',
    ),
  },
});

export const listBackupsRoute = createRoute({
  ...signedIn,
  method: 'get',
  path: '/backup',
  operationId: 'listBackups',
  tags: ['backup'],
  summary: 'List backups',
  description: 'The backups of the signed-in user, newest first, in whatever status.',
  request: { query: ListBackupsQuery },
  responses: {
    200: json('One page of backups.', BackupList),
    ...errors('INVALID_REQUEST', 'UNAUTHORIZED', 'INTERNAL_ERROR'),
  },
});

export const backupStatusRoute = createRoute({
  ...signedIn,
  method: 'get',
  path: '/backup/{id}/status',
  operationId: 'backupStatus',
  tags: ['backup'],
  summary: 'Status of a backup',
  description:
    'Where a backup stands; once completed, what it holds, how good it is and where its volumes are. ' +
    'A backup of another user and an unknown id answer alike.',
  request: { params: JobPath },
  responses: {
    200: json('The backup.', BackupStatus),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'INTERNAL_ERROR'),
  },
});

export const downloadBackupRoute = createRoute({
  ...signedIn,
  method: 'get',
  path: '/backup/{id}/download',
  operationId: 'downloadBackup',
  tags: ['backup'],
  summary: 'Download a volume',
  description: 'Redirects to a link to one volume of a completed backup. The link is signed for 15 minutes.',
  request: { params: JobPath, query: DownloadQuery },
  responses: {
    302: {
      description: 'To the volume.',
      headers: z.object({ Location: z.url().openapi({ description: 'Signed link; follow it without the token.' }) }),
    },
    ...errors(
      'INVALID_REQUEST',
      'UNAUTHORIZED',
      'NOT_FOUND',
      'VOLUME_NOT_FOUND',
      'NOT_READY',
      'BACKUP_FAILED',
      'EXPIRED',
      'INTERNAL_ERROR',
    ),
  },
});

export const cancelBackupRoute = createRoute({
  ...signedIn,
  method: 'post',
  path: '/backup/{id}/cancel',
  operationId: 'cancelBackup',
  tags: ['backup'],
  summary: 'Cancel a backup',
  description: 'Stops a backup in whatever phase. What it has stored so far is removed by the next sweep.',
  request: { params: JobPath },
  responses: {
    200: json('The backup is canceled.', BackupStatus),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'NOT_CANCELABLE', 'CONFLICT', 'INTERNAL_ERROR'),
  },
});

export const amendBackupRoute = createRoute({
  ...signedIn,
  method: 'patch',
  path: '/backup/{id}',
  operationId: 'amendBackup',
  tags: ['backup'],
  summary: 'Keep a backup longer, or describe it anew',
  description: 'Changes until when a backup is kept, or its description. What is not given stays as it is.',
  request: {
    params: JobPath,
    body: { required: true, content: { 'application/json': { schema: AmendBackupRequest } } },
  },
  responses: {
    200: json('The backup as it is now.', BackupStatus),
    ...errors(
      'INVALID_REQUEST',
      'INVALID_JSON',
      'UNAUTHORIZED',
      'NOT_FOUND',
      'CONFLICT',
      'NOT_AMENDABLE',
      'EXPIRED',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'INTERNAL_ERROR',
    ),
  },
});

export const deleteBackupRoute = createRoute({
  ...signedIn,
  method: 'delete',
  path: '/backup/{id}',
  operationId: 'deleteBackup',
  tags: ['backup'],
  summary: 'Delete a backup',
  description:
    'Deletes every stored object of a backup and then the backup itself. One that is being made is canceled first.',
  request: { params: JobPath },
  responses: {
    200: json('The backup is gone.', Message),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'CONFLICT', 'INTERNAL_ERROR'),
  },
});

export const openapiRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'openapi',
  tags: ['api'],
  security: [],
  summary: 'This document',
  description: 'The OpenAPI 3.1 document of this API. Needs no token.',
  responses: {
    200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.string() }).openapi({ example: { openapi: '3.1.0' } })),
    ...errors('INTERNAL_ERROR'),
  },
});

export const routes = [
  createBackupRoute,
  listBackupsRoute,
  backupStatusRoute,
  downloadBackupRoute,
  cancelBackupRoute,
  amendBackupRoute,
  deleteBackupRoute,
  ...validationRoutes,
  ...restoreRoutes,
  ...profileRoutes,
  openapiRoute,
] as const;

export const needsToken = (route: (typeof routes)[number]): boolean => route !== openapiRoute;

const patterns = routes.map((route) => ({
  method: route.method.toUpperCase(),
  operation: route.operationId,
  path: new RegExp(`^(?:/fzip)?${route.path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
}));

/** The routes at a path, whatever their method. */
export const routesAt = (path: string): { method: string; operation: string }[] =>
  patterns.filter((pattern) => pattern.path.test(path));
