/** The client's calls about restores. */
import { type Abortable, type Call, type ClientOptions, FzipApiError, refusalOf } from './client-request.ts';
import { type Package, upload } from './client-upload.ts';
import type {
  CreateRestoreRequest,
  CreateRestoreResponse,
  FreshUploadUrl,
  RestoreList,
  RestoreMoved,
  RestoreStatus,
  UploadForm,
} from './restore-schemas.ts';

type Asking = {
  ask<T>(method: string, path: string, call?: Call): Promise<T>;
  send(method: string, path: string, call?: Call): Promise<Response>;
};

const pathOf = (restoreId: string): string => `/restore/${encodeURIComponent(restoreId)}`;

export type Forms = [UploadForm, ...UploadForm[]];

/** @throws FzipApiError UNEXPECTED_ANSWER */
const formsIn = ({ uploadUrl, uploadUrls = uploadUrl && [uploadUrl] }: FreshUploadUrl): Forms => {
  const [first, ...others] = uploadUrls ?? [];
  if (!first) throw new FzipApiError('UNEXPECTED_ANSWER', 'the answer has no form to upload by', 200);
  return [first, ...others];
};

/** Part of `fzipClient`. */
export const restoreCalls = ({ ask, send }: Asking, options: Pick<ClientOptions, 'fetch'>) => ({
  /** `forms`, one for each volume, in their order. With an `idempotencyKey` it is safe to repeat. Refused with PROFILE_NOT_EMPTY, the error's `profile` tells what is there. */
  createRestore: async (
    request: CreateRestoreRequest = {},
    call: Abortable & { idempotencyKey?: string } = {},
  ): Promise<CreateRestoreResponse & { forms: Forms }> => {
    const created = await ask<CreateRestoreResponse>('POST', '/restore', { body: request, ...call });
    return { ...created, forms: formsIn(created) };
  },
  /** Sends a package by a form of `createRestore` or `uploadForms`. The token is not sent to the storage. */
  uploadPackage: (form: UploadForm, file: Package, call: Abortable = {}): Promise<void> =>
    upload(form, file, { fetch: options.fetch ?? fetch, ...call }),
  /** Not needed where the storage tells by itself; helps when it is late. */
  notifyUploaded: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreMoved>('POST', `${pathOf(restoreId)}/upload`, call),
  /** Fresh forms, good for 15 minutes: one for each volume, in their order. */
  uploadForms: async (restoreId: string, call: Abortable = {}): Promise<Forms> =>
    formsIn(await ask<FreshUploadUrl>('POST', `${pathOf(restoreId)}/upload-url`, call)),
  /** Runs a restore again that failed, with what was uploaded for it. */
  retryRestore: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreMoved>('POST', `${pathOf(restoreId)}/retry`, call),
  restoreStatus: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreStatus>('GET', `${pathOf(restoreId)}/status`, call),
  listRestores: ({
    limit,
    lastEvaluatedKey,
    ...call
  }: Abortable & { limit?: number; lastEvaluatedKey?: string } = {}) =>
    ask<RestoreList>('GET', '/restore', { query: { limit, lastEvaluatedKey }, ...call }),
  confirmRestore: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreMoved>('POST', `${pathOf(restoreId)}/start`, call),
  cancelRestore: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreMoved>('POST', `${pathOf(restoreId)}/cancel`, call),
  deleteRestore: async (restoreId: string, call: Abortable = {}): Promise<void> => {
    const response = await send('DELETE', pathOf(restoreId), call);
    if (!response.ok) throw await refusalOf(response);
  },
});
