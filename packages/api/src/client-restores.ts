/** The client's calls about restores. */
import { type Abortable, type Call, type ClientOptions, refusalOf } from './client-request.ts';
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

/** Part of `fzipClient`. */
export const restoreCalls = ({ ask, send }: Asking, options: Pick<ClientOptions, 'fetch'>) => ({
  /** With an `idempotencyKey` it is safe to repeat. Refused with PROFILE_NOT_EMPTY, the error's `profile` tells what is there. */
  createRestore: (request: CreateRestoreRequest = {}, call: Abortable & { idempotencyKey?: string } = {}) =>
    ask<CreateRestoreResponse>('POST', '/restore', { body: request, ...call }),
  /** Sends a package by the form of `createRestore` or `uploadUrl`. The token is not sent to the storage. */
  uploadPackage: (form: UploadForm, file: Package, call: Abortable = {}): Promise<void> =>
    upload(form, file, { fetch: options.fetch ?? fetch, ...call }),
  /** Not needed where the storage tells by itself; helps when it is late. */
  notifyUploaded: (restoreId: string, call: Abortable = {}) =>
    ask<RestoreMoved>('POST', `${pathOf(restoreId)}/upload`, call),
  /** A fresh form, good for 15 minutes. */
  uploadUrl: async (restoreId: string, call: Abortable = {}): Promise<UploadForm> =>
    (await ask<FreshUploadUrl>('POST', `${pathOf(restoreId)}/upload-url`, call)).uploadUrl,
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
