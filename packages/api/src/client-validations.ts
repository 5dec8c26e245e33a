/** The client's calls about validations. */
import type { Abortable, Call } from './client-request.ts';
import type { ValidateBackupRequest, ValidateBackupResponse, ValidationStatus } from './validation-schemas.ts';

type Ask = <T>(method: string, path: string, call?: Call) => Promise<T>;

const pathOf = (backupId: string): string => `/backup/${encodeURIComponent(backupId)}/validate`;

/** Part of `fzipClient`. */
export const validationCalls = (ask: Ask) => ({
  /** With an `idempotencyKey` it is safe to repeat. */
  validateBackup: (
    backupId: string,
    request: ValidateBackupRequest,
    call: Abortable & { idempotencyKey?: string } = {},
  ) => ask<ValidateBackupResponse>('POST', pathOf(backupId), { body: request, ...call }),
  validationStatus: (backupId: string, validationId: string, call: Abortable = {}) =>
    ask<ValidationStatus>('GET', `${pathOf(backupId)}/${encodeURIComponent(validationId)}`, call),
});
