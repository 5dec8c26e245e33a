/** Every way a request can be refused, and the one shape in which that is told. */
import { Counts } from '@fzip/core';
import { z } from '@hono/zod-openapi';

/** Every error code with its HTTP status and what it means. The OpenAPI document and the client's types read this table. */
export const errorCodes = {
  INVALID_REQUEST: { status: 400, meaning: 'A field, header or parameter is not as specified; `details` names each.' },
  INVALID_JSON: { status: 400, meaning: 'The body is not JSON in UTF-8.' },
  UNAUTHORIZED: { status: 401, meaning: 'The request carries no valid token.' },
  NOT_FOUND: { status: 404, meaning: 'You have no such backup, restore or validation.' },
  VOLUME_NOT_FOUND: { status: 404, meaning: 'Your backup has no such volume.' },
  ROUTE_NOT_FOUND: { status: 404, meaning: 'There is no such route.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    meaning: 'The route exists, the method does not; the Allow header names those that do.',
  },
  NOT_READY: { status: 409, meaning: 'The backup is still being made.' },
  BACKUP_FAILED: { status: 409, meaning: 'The backup failed or was canceled, so there is no package.' },
  CONFLICT: {
    status: 409,
    meaning: 'The backup or restore changed meanwhile. Look at it again and repeat the request.',
  },
  PROFILE_NOT_EMPTY: {
    status: 409,
    meaning: 'Only an empty profile can be restored into. `profileSummary` tells what is there.',
  },
  JOBS_RUNNING: {
    status: 409,
    meaning:
      'A profile is cleared only while no backup, restore or validation of it works. The message names the one that does.',
  },
  NO_BACKUP: {
    status: 409,
    meaning:
      'There is no backup to be downloaded that holds all of the profile. Make one, or say `withoutBackup` if none is wanted.',
  },
  PROFILE_BUSY: {
    status: 409,
    meaning: 'The profile is being cleared or restored; a backup of it would be of a part.',
  },
  NOT_CONFIRMED: { status: 422, meaning: 'To clear a profile, `confirm` has to be your own user id.' },
  UNSUPPORTED_FORMAT: {
    status: 422,
    meaning: 'The backup is in HouseF3’s own format, which holds less than a profile; `deep` validates every format.',
  },
  TOO_LARGE: {
    status: 409,
    meaning: 'The backup has more rows, or more volumes, than `round_trip` restores. `deep` has no such limit.',
  },
  NOT_WAITING: { status: 409, meaning: 'The restore does not wait for an upload.' },
  NOT_AWAITING_CONFIRMATION: { status: 409, meaning: 'The restore does not wait to be started.' },
  NOT_RETRYABLE: {
    status: 409,
    meaning: 'Only a restore that failed after its package was taken in can be run again.',
  },
  PACKAGE_GONE: {
    status: 410,
    meaning: 'What was uploaded for the restore is kept for a day, and is gone. Begin a new restore.',
  },
  NOT_CANCELABLE: { status: 409, meaning: 'The backup or restore has ended, or was told to end before.' },
  STILL_WORKING: { status: 409, meaning: 'The restore still works; cancel it, or wait until it has ended.' },
  NOT_AMENDABLE: {
    status: 409,
    meaning: 'The backup failed, was canceled or was told to end: there is nothing to keep.',
  },
  EXPIRED: { status: 410, meaning: 'The backup has expired and its package is gone.' },
  BODY_TOO_LARGE: { status: 413, meaning: 'The body is larger than 64 KiB.' },
  PACKAGE_TOO_LARGE: { status: 413, meaning: 'The package is larger than one upload can be.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, meaning: 'The body is not `application/json`.' },
  UNKNOWN_ID: { status: 422, meaning: 'You have no such account or category; `details` names each.' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, meaning: 'The Idempotency-Key was used before, with other parameters.' },
  TOO_MANY_REQUESTS: {
    status: 429,
    meaning:
      'You have asked for as many jobs as one user may in a minute. The Retry-After header says in how many seconds to ask again.',
  },
  TOO_MANY_JOBS: {
    status: 429,
    meaning: 'You have as many backups and validations running as one user may. Try again when one has ended.',
  },
  STORAGE_QUOTA: {
    status: 429,
    meaning: 'Your backups take as much room as one user may have. Delete one, or wait until one expires.',
  },
  INTERNAL_ERROR: { status: 500, meaning: 'The request failed on our side. The message carries the request id.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

export const ErrorDetail = z
  .object({
    field: z.string().openapi({ description: 'Path of the field, or the name of the header or parameter.' }),
    message: z.string().openapi({ description: 'What was found and what is allowed.' }),
    allowed: z.array(z.string()).optional().openapi({ description: 'The values or names that are allowed, if few.' }),
  })
  .openapi('ErrorDetail');
export type ErrorDetail = z.infer<typeof ErrorDetail>;

/** What PROFILE_NOT_EMPTY tells besides. */
const FullProfile = z.object({
  profileSummary: Counts.meta({
    description: 'Of PROFILE_NOT_EMPTY: rows of each kind, beyond what every profile has.',
  }),
  exact: z.boolean().openapi({ description: 'Of PROFILE_NOT_EMPTY. False: counts are "at least".' }),
  suggestion: z.string().openapi({ description: 'Of PROFILE_NOT_EMPTY: what to do about it.' }),
});
export type FullProfile = z.infer<typeof FullProfile>;

export const ErrorBody = z
  .object({
    error: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    details: z.array(ErrorDetail).optional(),
    ...FullProfile.partial().shape,
  })
  .openapi('Error');
export type ErrorBody = z.infer<typeof ErrorBody>;

/** Why a request is refused; thrown by handlers, answered as `ErrorBody` with the status of its code. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetail[] | undefined;
  readonly profile: FullProfile | undefined;
  /** Of the answer, besides those that every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ErrorCode,
    message?: string,
    details?: ErrorDetail[],
    profile?: FullProfile,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message ?? errorCodes[code].meaning);
    this.name = 'ApiError';
    this.code = code;
    this.details = details;
    this.profile = profile;
    this.headers = headers;
  }
}

export const statusOf = (code: ErrorCode) => errorCodes[code].status;

export const bodyOf = (error: ApiError): ErrorBody => ({
  error: error.code,
  message: error.message,
  ...(error.details ? { details: error.details } : {}),
  ...error.profile,
});
