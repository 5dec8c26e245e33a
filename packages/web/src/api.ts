/** The API as the pages ask it: by the typed client, as whoever is signed in. */
import { type FzipClient, fzipClient } from '@fzip/api/client';
import type { Session } from './auth/session.ts';
import type { Settings } from './config.ts';

const bearer = (headers: HeadersInit | undefined): string =>
  (new Headers(headers).get('authorization') ?? '').replace(/^Bearer /, '');

/** A request that the API did not take for its token is repeated once with the next one, after signing in again if need be. */
const sendingAs =
  (session: Session): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.status !== 401) return response;
    session.refused(bearer(init?.headers));
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await session.token()}`);
    return fetch(input, { ...init, headers });
  };

export const clientFor = ({ apiOrigin }: Settings, session: Session): FzipClient =>
  fzipClient({ baseUrl: apiOrigin, token: session.token, fetch: sendingAs(session) });
