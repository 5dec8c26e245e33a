/** The routes of validations on demand. Mounted like all others. */
import { createRoute, z } from '@hono/zod-openapi';
import { errors, json, signedIn } from './route-parts.ts';
import { IdempotencyHeaders, JobPath } from './schema-parts.ts';
import {
  ValidateBackupRequest,
  ValidateBackupResponse,
  ValidationPath,
  ValidationStatus,
} from './validation-schemas.ts';

export const validateBackupRoute = createRoute({
  ...signedIn,
  method: 'post',
  path: '/backup/{id}/validate',
  operationId: 'validateBackup',
  tags: ['backup'],
  summary: 'Validate a completed backup once more',
  description:
    'Begins a validation of a completed backup, which is a job of its own and changes nothing of the package. Its result ' +
    "also stands in the backup's status.",
  request: {
    params: JobPath,
    headers: IdempotencyHeaders,
    body: { required: true, content: { 'application/json': { schema: ValidateBackupRequest } } },
  },
  responses: {
    202: {
      ...json('The validation has begun, or had begun with the same Idempotency-Key.', ValidateBackupResponse),
      headers: z.object({ Location: z.string().openapi({ description: 'Path of the validation.' }) }),
    },
    ...errors(
      'INVALID_REQUEST',
      'INVALID_JSON',
      'UNAUTHORIZED',
      'NOT_FOUND',
      'NOT_READY',
      'BACKUP_FAILED',
      'TOO_LARGE',
      'UNSUPPORTED_FORMAT',
      'EXPIRED',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'IDEMPOTENCY_KEY_REUSED',
      'TOO_MANY_REQUESTS',
      'TOO_MANY_JOBS',
      'INTERNAL_ERROR',
    ),
  },
});

export const validationStatusRoute = createRoute({
  ...signedIn,
  method: 'get',
  path: '/backup/{id}/validate/{validationId}',
  operationId: 'validationStatus',
  tags: ['backup'],
  summary: 'Status of a validation',
  description:
    'Where a validation stands; once completed, what it found. It is kept for 30 days, even if the backup is not.',
  request: { params: ValidationPath },
  responses: {
    200: json('The validation.', ValidationStatus),
    ...errors('UNAUTHORIZED', 'NOT_FOUND', 'INTERNAL_ERROR'),
  },
});

export const validationRoutes = [validateBackupRoute, validationStatusRoute] as const;
