/** Ranges of one file behind a URL: redirects, pins, retries. What it fails with is an accident and never shows the URL's query. */
import { setTimeout as sleep } from 'node:timers/promises';

export type HttpOptions = {
  /** Waits before a further try, in ms. */
  pause?: (ms: number) => Promise<unknown>;
  /** How long a server may be silent, in ms. */
  silenceMs?: number;
};

/** A file whose size is known and which is pinned: if it changes meanwhile, reading it fails. */
export type RemoteFile = {
  /** bytes */
  size: number;
  /** The last bytes of the file, as many as were asked for or all there are. */
  tail: Buffer;
  /** The bytes from `start` up to, not including, `end`. A broken connection is resumed where it broke. */
  bytes(start: number, end: number): AsyncGenerator<Buffer>;
};

/** A file behind a URL could not be read. The message names the URL without its query, which may hold a signature. */
export class FetchFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FetchFailed';
  }
}

/** Worth another try. */
class Broken extends FetchFailed {}

const tries = 5;
const redirects = { statuses: [301, 302, 303, 307, 308], most: 5 };
const passing = [408, 425, 429, 500, 502, 503, 504];
const statusTexts: Readonly<Record<number, string>> = {
  200: 'the server sends the whole file instead of the range asked for; allowed are servers that answer ranges (206)',
  401: 'the server wants to know who asks; allowed are links that need no further credentials',
  403: 'it may not be read, or the link has expired; ask for a new one',
  404: 'there is nothing at this address',
  410: 'it is no longer there',
  412: 'it changed while it was read',
  416: 'the server has no such range; the file may have changed while it was read',
};

/** A URL as it may be shown: without credentials, query and fragment. */
export const shownUrl = (url: string): string => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws FetchFailed unless it is https, or http on this machine */
const requireSafe = (url: URL, isLocal: boolean, what: string): void => {
  if (url.username !== '' || url.password !== '')
    throw new FetchFailed(`${what} holds a user name or password; allowed are links without`);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal && loopback.test(url.hostname))) return;
  throw new FetchFailed(`${what} is ${url.protocol}//; allowed are https://, and http:// on this machine`);
};

type Pin = { size: number; etag: string | null; modified: string | null };
type Answer = { body: AsyncIterable<Uint8Array>; start: number; end: number; size: number };

/**
 * Asks for the last `tailBytes` of a file, which says how large it is.
 * @throws FetchFailed
 */
export const openRemote = async (address: string, tailBytes: number, options: HttpOptions): Promise<RemoteFile> => {
  const request = requests(address, options);
  const first = await retrying(options, () => request(`bytes=-${tailBytes}`));
  const bytes = (start: number, end: number, begun?: Answer): AsyncGenerator<Buffer> =>
    resuming(request, start, end, options, shownUrl(address), begun);
  const tail: Buffer[] = [];
  for await (const chunk of bytes(first.start, first.end, first)) tail.push(chunk);
  return { size: first.size, tail: Buffer.concat(tail), bytes };
};

type Request = (range: string) => Promise<Answer>;

/** Requests that follow redirects, remember where they led, and pin what the first one found. */
const requests = (address: string, { silenceMs = 60_000 }: HttpOptions): Request => {
  const name = shownUrl(address);
  const origin = new URL(address);
  const isLocal = loopback.test(origin.hostname);
  requireSafe(origin, isLocal, 'the address');
  let place = origin;
  let pin: Pin | undefined;

  const follow = async (range: string): Promise<{ response: Response; watch: Watch }> => {
    for (let hop = 0; hop <= redirects.most; hop += 1) {
      const watch = watchSilence(silenceMs);
      const response = await send(place, { range, ...conditions(pin) }, watch, name);
      if (!redirects.statuses.includes(response.status)) return { response, watch };
      await discard(response, watch);
      const target = response.headers.get('location');
      if (target === null || !URL.canParse(target, place.href))
        throw new FetchFailed(`${name}: a redirect (${response.status}) without an address`);
      place = new URL(target, place.href);
      requireSafe(place, isLocal, `${name}: the address it redirects to`);
    }
    throw new FetchFailed(`${name}: more than ${redirects.most} redirects`);
  };

  return async (range) => {
    let { response, watch } = await follow(range);
    // A presigned address expires; the one that led there may give a new one.
    if ([401, 403].includes(response.status) && place !== origin) {
      await discard(response, watch);
      place = origin;
      ({ response, watch } = await follow(range));
    }
    const { status, headers } = response;
    const total = /^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
    if (status === 416 && total === '0' && pin === undefined) {
      await discard(response, watch);
      return { body: nothing(), start: 0, end: 0, size: 0 };
    }
    if (status !== 206) {
      await discard(response, watch);
      throw failure(status, name);
    }
    try {
      const place206 = placeOf(headers, name);
      pin = pinned(
        pin,
        { size: place206.size, etag: headers.get('etag'), modified: headers.get('last-modified') },
        name,
      );
      return { ...place206, body: watched(response, watch, name) };
    } catch (error) {
      await discard(response, watch);
      throw error;
    }
  };
};

const nothing = async function* (): AsyncGenerator<Uint8Array> {};

const failure = (status: number, name: string): FetchFailed => {
  const message = `${name}: ${statusTexts[status] ?? 'the server does not give it'} (${status})`;
  return passing.includes(status) ? new Broken(message) : new FetchFailed(message);
};

/** RFC 9110, section 13.1: a strong ETag is compared by the server, else the date is. */
const conditions = (pin: Pin | undefined): Record<string, string> => {
  if (pin?.etag?.startsWith('"')) return { 'if-match': pin.etag };
  return pin?.modified ? { 'if-unmodified-since': pin.modified } : {};
};

/** Servers that ignore conditions are compared by what they say. */
const pinned = (pin: Pin | undefined, found: Pin, name: string): Pin => {
  if (!pin) return found;
  for (const key of ['size', 'etag', 'modified'] as const) {
    if (pin[key] !== null && found[key] !== null && pin[key] !== found[key])
      throw new FetchFailed(`${name}: ${statusTexts[412]}: ${key} was ${pin[key]}, is ${found[key]}`);
  }
  return pin;
};

const placeOf = (headers: Headers, name: string): { start: number; end: number; size: number } => {
  const range = headers.get('content-range') ?? 'none';
  const [, start, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range)?.map(Number) ?? [];
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (/gzip|deflate|br|zstd/.test(encoding))
    throw new FetchFailed(`${name}: sent as ${encoding}; allowed are the bytes as they are`);
  if (start === undefined || last === undefined || size === undefined || last < start || last >= size)
    throw new FetchFailed(`${name}: Content-Range is "${range}"; allowed is bytes first-last/size`);
  return { start, end: last + 1, size };
};

type Watch = { signal: AbortSignal; heard(): void; stop(): void };

const watchSilence = (ms: number): Watch => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
};

const send = async (url: URL, headers: Record<string, string>, watch: Watch, name: string): Promise<Response> => {
  try {
    return await fetch(url, {
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      signal: watch.signal,
    });
  } catch (error) {
    watch.stop();
    throw broken(name, error);
  }
};

const broken = (name: string, error: unknown): Broken => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message, name: kind } = cause as NodeJS.ErrnoException;
  // `fetch failed` says nothing, its cause does; none of them is shown whole, since some repeat the URL.
  const why =
    kind === 'AbortError' ? 'the server fell silent' : (code ?? (message === 'terminated' ? 'it broke off' : kind));
  return new Broken(`${name}: the connection failed: ${why}`);
};

const watched = async function* (response: Response, watch: Watch, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? nothing()) {
      watch.heard();
      yield chunk;
    }
  } catch (error) {
    throw broken(name, error);
  } finally {
    watch.stop();
  }
};

const discard = async (response: Response, watch: Watch): Promise<void> => {
  watch.stop();
  await response.body?.cancel().catch(() => undefined);
};

const retrying = async <T>({ pause = sleep }: HttpOptions, run: () => Promise<T>): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Broken) || failures >= tries) throw error;
      await pause(waitMs(failures));
    }
  }
};

const waitMs = (failures: number): number => 100 * 4 ** failures;

const resuming = async function* (
  request: Request,
  start: number,
  end: number,
  { pause = sleep }: HttpOptions,
  name: string,
  begun?: Answer,
): AsyncGenerator<Buffer> {
  let [at, failures, answer] = [start, 0, begun];
  while (at < end) {
    try {
      answer ??= await request(`bytes=${at}-${end - 1}`);
      if (answer.start !== at || answer.end > end)
        throw new FetchFailed(`${name}: asked for bytes ${at}-${end - 1}, got ${answer.start}-${answer.end - 1}`);
      for await (const chunk of answer.body) {
        if (at + chunk.length > answer.end) throw new FetchFailed(`${name}: more bytes than the range has`);
        at += chunk.length;
        failures = 0;
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      }
      if (at < end && at < answer.end) throw new Broken(`${name}: the connection ended at byte ${at} of ${end}`);
    } catch (error) {
      failures += 1;
      if (!(error instanceof Broken) || failures >= tries) throw error;
      await pause(waitMs(failures));
    }
    answer = undefined;
  }
};
