/** The web UI's built files, as a static site serves them: fixed names, a strict policy, nothing of the request trusted. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { type Answer, jsonAnswer } from './gateway.ts';
import { oidcPath, webClient } from './sign-in.ts';

export type WebFilesOptions = {
  /** Where the build lies; it may come later. */
  folder: string;
  /** Where packages are uploaded to, for the policy. */
  uploadOrigin: string;
};
/** An answer, or undefined if the request is not for the UI. */
export type WebFiles = (request: IncomingMessage, pathname: string) => Promise<Answer | undefined>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** No inline script or style, no other origin than the API's and the storage's. */
export const policy = (uploadOrigin: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${uploadOrigin}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const file = /^\/(?:assets\/)?[\w-][\w.-]*\.(?:html|js|css|svg|png)$/;

const wantsPage = (request: IncomingMessage, pathname: string): boolean =>
  (request.headers.accept ?? '').includes('text/html') && !/^\/(fzip|local|assets)\//.test(pathname);

/** What a page must know, read by it once. In the cloud a file beside the page. */
const settings = (request: IncomingMessage) => {
  const origin = `http://${request.headers.host}`;
  return {
    apiOrigin: origin,
    issuer: origin + oidcPath,
    clientId: webClient,
    signOutUrl: `${origin}${oidcPath}/logout?client_id=${webClient}&logout_uri=${encodeURIComponent(`${origin}/`)}`,
  };
};

const notBuilt =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1"><title>FZIP</title><p>The pages are being built; this one comes again by itself. If it does not, run npm run web.</p></html>';

export const webFiles = ({ folder, uploadOrigin }: WebFilesOptions): WebFiles => {
  const headers = {
    'content-security-policy': policy(uploadOrigin),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // No cross-origin-opener-policy: signing in again happens in a window that comes back from the issuer and has to find this one.
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
  const stored = async (pathname: string): Promise<Answer | undefined> => {
    const body = await readFile(path.join(folder, pathname)).catch(() => undefined);
    if (!body) return undefined;
    // What stands below /assets is named by its content.
    const cache = pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    const type = types[path.extname(pathname)] ?? 'application/octet-stream';
    return { status: 200, headers: { ...headers, 'content-type': type, 'cache-control': cache }, body };
  };
  return async (request, pathname) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    if (pathname === '/config.json') return jsonAnswer(200, settings(request));
    if (file.test(pathname)) return stored(pathname);
    if (!wantsPage(request, pathname)) return undefined;
    const page = await stored('/index.html');
    if (page) return page;
    const type = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
    return { status: 503, headers: { ...headers, ...type }, body: Buffer.from(notBuilt) };
  };
};
