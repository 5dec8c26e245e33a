/** A typed client of the API for browsers and Node: of the app it takes types only. */
import type { ErrorBody, ErrorCode, ErrorDetail } from './errors.ts';
import type {
  BackupList,
  BackupStatus,
  CreateBackupRequest,
  CreateBackupResponse,
  Message,
  Profile,
} from './schemas.ts';

/** What a refusal that did not come from the API itself is called: a gateway's, a proxy's, the storage's. */
type ForeignCode = 'UNEXPECTED_ANSWER' | 'DOWNLOAD_FAILED';

/** A request that was refused. `status` is the HTTP status. */
export class FzipApiError extends Error {
  readonly code: ErrorCode | ForeignCode;
  readonly status: number;
  readonly details: ErrorDetail[];
  constructor(code: ErrorCode | ForeignCode, message: string, status: number, details: ErrorDetail[] = []) {
    super(message);
    this.name = 'FzipApiError';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

export type ClientOptions = {
  /** Where `/fzip` is: `https://api.example.com`. A trailing slash does no harm. */
  baseUrl: string;
  /** The token of the signed-in user, asked for before each request. */
  token: () => string | Promise<string>;
  fetch?: typeof fetch;
};

type Abortable = { signal?: AbortSignal };
type Call = Abortable & {
  query?: Record<string, number | undefined>;
  body?: unknown;
  idempotencyKey?: string | undefined;
};

const isErrorBody = (value: unknown): value is ErrorBody =>
  typeof value === 'object' && value !== null && 'error' in value && 'message' in value;

const refusalOf = async (response: Response): Promise<FzipApiError> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (isErrorBody(body)) return new FzipApiError(body.error, body.message, response.status, body.details);
  const code = response.status === 401 ? 'UNAUTHORIZED' : 'UNEXPECTED_ANSWER';
  return new FzipApiError(
    code,
    `the server answered ${response.status} ${response.statusText}`.trim(),
    response.status,
  );
};

const urlOf = (base: string, path: string, query: Call['query'] = {}): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return `${base.replace(/\/+$/, '')}/fzip${path}${text === '' ? '' : `?${text}`}`;
};

/** Sends one request; a redirect is left to the caller. */
const sender =
  ({ baseUrl, token, fetch: send = fetch }: ClientOptions) =>
  async (method: string, path: string, { query, body, idempotencyKey, signal }: Call = {}): Promise<Response> =>
    send(urlOf(baseUrl, path, query), {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });

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
    deleteBackup: (backupId: string, call: Abortable = {}) => ask<Message>('DELETE', pathOf(backupId), call),
    profile: (call: Abortable = {}) => ask<Profile>('GET', '/profile', call),
  };
};
export type FzipClient = ReturnType<typeof fzipClient>;
