import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Front, startFront } from '../src/front.ts';
import { startIssuer } from '../src/issuer.ts';

let front: Front;
let folder: string;
const dist = () => path.join(folder, 'dist');

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-web-'));
  await writeFile(path.join(folder, 'secret.js'), 'secret');
  front = await startFront({
    api: async ({ rawPath }) => ({ statusCode: 200, body: `the API at ${rawPath}` }),
    issuer: await startIssuer(),
    fillProfile: async () => {
      throw new Error('not asked for here');
    },
    web: { folder: dist(), uploadOrigin: 'http://127.0.0.1:9' },
    onError: () => {},
  });
});
afterAll(async () => {
  await front.close();
  await rm(folder, { recursive: true });
});

const html = { accept: 'text/html,*/*;q=0.8' };
/** As it stands: `fetch` would tidy the path before. */
const raw = (target: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(front.url);
    request({ port, path: target, headers: html, host: '127.0.0.1' }, (response) => resolve(text(response)))
      .on('error', reject)
      .end();
  });

describe('the web UI', () => {
  test('says that it is being built while it is', async () => {
    const response = await fetch(front.url, { headers: html });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('http-equiv="refresh"');
  });

  test('is served from what was built, each address of it by the one page', async () => {
    await mkdir(path.join(dist(), 'assets'), { recursive: true });
    await writeFile(path.join(dist(), 'index.html'), '<p>the page');
    await writeFile(path.join(dist(), 'assets/index-1a.js'), 'script');
    for (const address of ['/', '/backups/1', '/restores/new?step=file', '/signed-in?code=1&state=2']) {
      const response = await fetch(front.url + address, { headers: html });
      expect([response.status, await response.text()]).toEqual([200, '<p>the page']);
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    const script = await fetch(`${front.url}/assets/index-1a.js`);
    expect([script.headers.get('content-type'), script.headers.get('cache-control')]).toEqual([
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
  });

  test('has a policy without inline scripts, inline styles or other origins than the storage', async () => {
    const policy = (await fetch(front.url, { headers: html })).headers.get('content-security-policy') ?? '';
    expect(policy).not.toMatch(/unsafe|data:|\*/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:9");
  });

  test('is told where the API and the issuer are by the address that was asked', async () => {
    const { port } = new URL(front.url);
    const response = await fetch(`http://localhost:${port}/config.json`).catch(() => fetch(`${front.url}/config.json`));
    const { apiOrigin, issuer, clientId } = (await response.json()) as Record<string, string>;
    expect(issuer).toBe(`${apiOrigin}/local/oidc`);
    expect(clientId).toBe('fzip-web');
  });

  test.each([
    '/assets/../../secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/../secret.js',
    '/assets/%2e%2e/x.js',
    '/built-from',
  ])('gives nothing of what lies beside it: %s', async (target) => {
    expect(await raw(target)).not.toContain('secret');
  });
});

test('the API answers as before, at both of its mounts', async () => {
  for (const address of ['/fzip/backup', '/backup', '/nowhere'])
    expect((await fetch(front.url + address)).status, address).toBe(401);
  expect((await fetch(`${front.url}/fzip/backup`, { headers: html })).status).toBe(401);
});
