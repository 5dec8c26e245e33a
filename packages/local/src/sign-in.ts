/** Signing in at the local issuer, as at Cognito: OIDC code flow with PKCE (RFC 6749, RFC 7636), for pages of this machine. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { UserId } from '@fzip/core';
import { z } from 'zod';
import { type Answer, jsonAnswer, refusal } from './gateway.ts';
import type { Issuer } from './issuer.ts';
import { errorPage, signInPage } from './sign-in-page.ts';

export const oidcPath = '/local/oidc';
/** The one client there is: the web UI, which keeps no secret. */
export const webClient = 'fzip-web';
const cookieName = 'fzip-local-session';
const codeMs = 60_000;
const refreshMs = 30 * 24 * 3600 * 1000;
/** Codes and refresh tokens that are remembered at once; the oldest make room. */
const mostGrants = 1_000;

export type SampleUser = { id: string; about: string };
type Options = { issuer: Issuer; users: readonly SampleUser[] };
export type SignIn = (request: IncomingMessage, body: Buffer) => Promise<Answer>;

/** One sign-in: what its code, and the refresh tokens that follow, are good for. */
type Grant = { user: string; redirectUri: string; challenge: string; nonce: string | undefined; refresh?: string };

const Asked = z.object({
  client_id: z.literal(webClient),
  redirect_uri: z.string(),
  response_type: z.literal('code'),
  scope: z.string().refine((scope) => scope.split(' ').includes('openid'), 'lacks openid'),
  state: z.string().min(1).max(1024),
  // 32 bytes in base64url: what SHA-256 gives.
  code_challenge: z.string().regex(/^[\w-]{43}$/, 'is no SHA-256 in base64url'),
  code_challenge_method: z.literal('S256'),
  nonce: z.string().max(1024).optional(),
  prompt: z.enum(['none', 'login']).optional().catch(undefined),
});
type Asked = z.infer<typeof Asked>;

const originOf = (request: IncomingMessage): string => `http://${request.headers.host}`;
/** Exactly these, by either name of this machine. */
const registered = (request: IncomingMessage, path: string): string[] =>
  ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${request.socket.localPort}${path}`);

const redirectTo = (address: string, parameters: Record<string, string>, headers = {}): Answer => {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return {
    status: 303,
    headers: { location: url.href, 'cache-control': 'no-store', ...headers },
    body: Buffer.alloc(0),
  };
};

const cookie = (value: string, more = ''): string =>
  `${cookieName}=${value}; Path=${oidcPath}; HttpOnly; SameSite=Lax${more}`;

const cookieOf = (request: IncomingMessage): string | undefined =>
  (request.headers.cookie ?? '')
    .split(/;\s*/)
    .find((part) => part.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);

/** What is good once, and for a while. */
const once = <T>(lastsMs: number) => {
  const kept = new Map<string, { value: T; until: number }>();
  return {
    keep: (value: T): string => {
      const name = randomBytes(32).toString('base64url');
      kept.set(name, { value, until: Date.now() + lastsMs });
      for (const [oldest] of kept) if (kept.size > mostGrants) kept.delete(oldest);
      return name;
    },
    take: (name: string): T | undefined => {
      const found = kept.get(name);
      kept.delete(name);
      return found && found.until > Date.now() ? found.value : undefined;
    },
  };
};

/** Answers everything below `oidcPath`. */
export const startSignIn = ({ issuer, users }: Options): SignIn => {
  const codes = once<Grant>(codeMs);
  const refreshes = once<Grant>(refreshMs);
  /** Codes that were used, with what they gave: a second use takes that back. */
  const used = new Map<string, Grant>();

  const tokens = async (request: IncomingMessage, grant: Grant): Promise<Answer> => {
    const { user, nonce } = grant;
    const { token } = await issuer.issue(user);
    grant.refresh = refreshes.keep(grant);
    const about = { user, issuer: originOf(request) + oidcPath, clientId: webClient, ...(nonce && { nonce }) };
    return jsonAnswer(200, {
      access_token: token,
      id_token: await issuer.idToken(about),
      refresh_token: grant.refresh,
      token_type: 'Bearer',
      expires_in: issuer.lifetimeSeconds,
      scope: 'openid',
    });
  };

  const byCode = async (request: IncomingMessage, form: URLSearchParams): Promise<Answer> => {
    const code = form.get('code') ?? '';
    const grant = codes.take(code);
    const before = used.get(code);
    if (before?.refresh) refreshes.take(before.refresh);
    if (!grant) return refused('invalid_grant', 'the code is unknown, used or too old');
    used.set(code, grant);
    for (const [oldest] of used) if (used.size > mostGrants) used.delete(oldest);
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (proof !== grant.challenge) return refused('invalid_grant', 'code_verifier does not fit the code_challenge');
    if (form.get('redirect_uri') !== grant.redirectUri) return refused('invalid_grant', 'redirect_uri is another one');
    return tokens(request, grant);
  };

  const token = async (request: IncomingMessage, body: Buffer): Promise<Answer> => {
    const form = new URLSearchParams(body.toString());
    if (form.get('client_id') !== webClient) return refused('invalid_client', `allowed is ${webClient}`);
    const type = form.get('grant_type');
    if (type === 'authorization_code') return byCode(request, form);
    if (type !== 'refresh_token')
      return refused('unsupported_grant_type', 'allowed are authorization_code and refresh_token');
    const grant = refreshes.take(form.get('refresh_token') ?? '');
    return grant ? tokens(request, grant) : refused('invalid_grant', 'the refresh token is unknown, used or too old');
  };

  const authorize = async (request: IncomingMessage, given: URLSearchParams): Promise<Answer> => {
    const address = given.get('redirect_uri') ?? '';
    // Nobody is sent to an address that is not registered, not even with an error.
    if (given.get('client_id') !== webClient || !registered(request, '/signed-in').includes(address))
      return errorPage(400, 'This page does not know who asks, or where to send you back.');
    const asked = Asked.safeParse(Object.fromEntries(given));
    const state = given.get('state') ?? '';
    if (!asked.success) {
      const about = asked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      return redirectTo(address, { error: 'invalid_request', error_description: about, state });
    }
    const chosen = request.method === 'POST' ? given.get('user') : await issuer.userOf(cookieOf(request) ?? '');
    const isKnown = chosen && (request.method === 'POST' || asked.data.prompt !== 'login');
    if (isKnown) return sendBack(asked.data, chosen.trim());
    if (asked.data.prompt === 'none') return redirectTo(address, { error: 'login_required', state });
    return signInPage(asked.data, users);
  };

  const sendBack = async (asked: Asked, user: string): Promise<Answer> => {
    if (!UserId.safeParse(user).success)
      return signInPage(asked, users, 'A user id has 1 to 128 letters, digits and _ @ . : -');
    const { redirect_uri: redirectUri, code_challenge: challenge, state, nonce } = asked;
    const code = codes.keep({ user, redirectUri, challenge, nonce });
    return redirectTo(redirectUri, { code, state }, { 'set-cookie': cookie(await issuer.session(user)) });
  };

  const signOut = (request: IncomingMessage, given: URLSearchParams): Answer => {
    const address = given.get('logout_uri') ?? '';
    if (given.get('client_id') !== webClient || !registered(request, '/').includes(address))
      return errorPage(400, 'This page does not know who asks, or where to send you back.');
    return redirectTo(address, {}, { 'set-cookie': cookie('', '; Max-Age=0') });
  };

  const routes: Record<string, (request: IncomingMessage, given: URLSearchParams, body: Buffer) => Promise<Answer>> = {
    'GET /.well-known/openid-configuration': async (request) => jsonAnswer(200, discovery(originOf(request))),
    'GET /authorize': authorize,
    'POST /authorize': (request, _query, body) => authorize(request, new URLSearchParams(body.toString())),
    'POST /token': (request, _query, body) => token(request, body),
    'GET /logout': async (request, given) => signOut(request, given),
  };

  return async (request, body) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', originOf(request));
    const route = routes[`${request.method} ${pathname.slice(oidcPath.length)}`];
    if (route) return route(request, searchParams, body);
    return refusal(404, 'ROUTE_NOT_FOUND', `there is no such route; there are ${Object.keys(routes).join(', ')}`);
  };
};

const refused = (error: string, error_description: string): Answer =>
  jsonAnswer(error === 'invalid_client' ? 401 : 400, { error, error_description });

const discovery = (origin: string) => ({
  issuer: origin + oidcPath,
  authorization_endpoint: `${origin}${oidcPath}/authorize`,
  token_endpoint: `${origin}${oidcPath}/token`,
  jwks_uri: `${origin}/local/jwks.json`,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid'],
});
