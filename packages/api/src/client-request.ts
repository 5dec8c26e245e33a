/** How the client asks, and what it makes of a refusal. Of the app it takes types only. */
import type { ErrorBody, ErrorCode, ErrorDetail, FullProfile } from './errors.ts';

/** What a refusal that did not come from the API itself is called: a gateway's, a proxy's, the storage's. */
type ForeignCode = 'UNEXPECTED_ANSWER' | 'DOWNLOAD_FAILED' | 'UPLOAD_FAILED';

/** A request that was refused. `status` is the HTTP status. */
export class FzipApiError extends Error {
  readonly code: ErrorCode | ForeignCode;
  readonly status: number;
  readonly details: ErrorDetail[];
  /** Of PROFILE_NOT_EMPTY: what the profile holds. */
  readonly profile: FullProfile | undefined;
  constructor(
    code: ErrorCode | ForeignCode,
    message: string,
    status: number,
    { details, profile }: { details?: ErrorDetail[] | undefined; profile?: FullProfile | undefined } = {},
  ) {
    super(message);
    this.name = 'FzipApiError';
    this.code = code;
    this.status = status;
    this.details = details ?? [];
    this.profile = profile;
  }
}

export type ClientOptions = {
  /** Where `/fzip` is: `https://api.example.com`. A trailing slash does no harm. */
  baseUrl: string;
  /** The token of the signed-in user, asked for before each request. */
  token: () => string | Promise<string>;
  fetch?: typeof fetch;
};

export type Abortable = { signal?: AbortSignal };
export type Call = Abortable & {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  idempotencyKey?: string | undefined;
};

const isErrorBody = (value: unknown): value is ErrorBody =>
  typeof value === 'object' && value !== null && 'error' in value && 'message' in value;

export const refusalOf = async (response: Response): Promise<FzipApiError> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (isErrorBody(body)) {
    const { error, message, details, profileSummary, exact = false, suggestion = '' } = body;
    const profile = profileSummary && { profileSummary, exact, suggestion };
    return new FzipApiError(error, message, response.status, { details, profile });
  }
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
export const sender =
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
