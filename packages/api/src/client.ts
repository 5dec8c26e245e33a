/** A typed client of the API for browsers and Node: of the app it takes types only. */

import { profileCalls } from './client-profile.ts';
import { type Abortable, type Call, type ClientOptions, FzipApiError, refusalOf, sender } from './client-request.ts';
import { restoreCalls } from './client-restores.ts';
import { validationCalls } from './client-validations.ts';
import type {
  AmendBackupRequest,
  BackupList,
  BackupStatus,
  CreateBackupRequest,
  CreateBackupResponse,
  Message,
} from './schemas.ts';

export { type ClientOptions, FzipApiError };

const pathOf = (backupId: string): string => `/backup/${encodeURIComponent(backupId)}`;

/** Every call rejects with FzipApiError if the request is refused, and as `fetch` does if it does not get there. */
export const fzipClient = (options: ClientOptions) => {
  const send = sender(options);
  const ask = async <T>(method: string, path: string, call: Call = {}): Promise<T> => {
    const response = await send(method, path, call);
    if (!response.ok) throw await refusalOf(response);
    return (await response.json()) as T;
  };
  const backupStatus = (backupId: string, call: Abortable = {}) =>
    ask<BackupStatus>('GET', `${pathOf(backupId)}/status`, call);

  /** A fresh link to one volume, good for 15 minutes. From the status, for a browser hides where a redirect leads. */
  const downloadUrl = async (backupId: string, { volume = 1, ...call }: Abortable & { volume?: number } = {}) => {
    const { volumes } = await backupStatus(backupId, call);
    const link = volumes.find(({ number }) => number === volume)?.downloadUrl;
    if (link !== undefined) return link;
    const response = await send('GET', `${pathOf(backupId)}/download`, { query: { volume }, ...call });
    const location = response.headers.get('location');
    if (location !== null) return location;
    throw await refusalOf(response);
  };

  return {
    /** With an `idempotencyKey` it is safe to repeat. */
    createBackup: (request: CreateBackupRequest = {}, call: Abortable & { idempotencyKey?: string } = {}) =>
      ask<CreateBackupResponse>('POST', '/backup', { body: request, ...call }),
    listBackups: ({
      limit,
      offset,
      asOf,
      ...call
    }: Abortable & { limit?: number; offset?: number; asOf?: number } = {}) =>
      ask<BackupList>('GET', '/backup', { query: { limit, offset, asOf }, ...call }),
    backupStatus,
    downloadUrl,
    /** One volume, its body a stream. The token is not sent to the storage. */
    download: async (backupId: string, call: Abortable & { volume?: number } = {}): Promise<Response> => {
      const link = await downloadUrl(backupId, call);
      const response = await (options.fetch ?? fetch)(link, call.signal === undefined ? {} : { signal: call.signal });
      if (response.ok) return response;
      throw new FzipApiError('DOWNLOAD_FAILED', `the storage answered ${response.status}`, response.status);
    },
    cancelBackup: (backupId: string, call: Abortable = {}) =>
      ask<BackupStatus>('POST', `${pathOf(backupId)}/cancel`, call),
    amendBackup: (backupId: string, changes: AmendBackupRequest, call: Abortable = {}) =>
      ask<BackupStatus>('PATCH', pathOf(backupId), { body: changes, ...call }),
    deleteBackup: (backupId: string, call: Abortable = {}) => ask<Message>('DELETE', pathOf(backupId), call),
    ...validationCalls(ask),
    ...restoreCalls({ ask, send }, options),
    ...profileCalls({ ask }),
  };
};
export type FzipClient = ReturnType<typeof fzipClient>;
