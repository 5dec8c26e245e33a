/** A whole FZIP with its pages for the stories of one file, and a browser to walk through them. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FzipClient, fzipClient } from '@fzip/api/client';
import { type Runtime, type RuntimeOptions, startRuntime } from '@fzip/local/runtime';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { launch, open, type Watched } from './browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const axeSource = axe.source;

export type Stage = {
  runtime: Runtime;
  browser: Browser;
  folder: string;
  client(user: string): FzipClient;
  /** A page, signed in as `user` by the page that the issuer shows; undefined for one that is not. */
  visit(user: string | undefined, options?: BrowserContextOptions & { to?: string }): Promise<Watched>;
  /** A completed backup of a user, and its package as a file. */
  package(user: string): Promise<{ id: string; file: string }>;
};

/** One stage for a file of tests. Every page that was visited must have been without fault in the end. */
export const stage = (options: RuntimeOptions = {}): Stage => {
  const visited: Watched[] = [];
  const made = {} as Stage;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fzip-e2e-'));
    const [runtime, browser] = await Promise.all([
      startRuntime({
        silent: true,
        // Messages come back soon, so that a machine under load does not make a story wait for minutes.
        visibilitySeconds: 20,
        retryDelaySeconds: 0,
        web: join(root, 'packages/web/dist'),
        users: [{ id: 'ann', about: 'a sample user' }],
        ...options,
      }),
      launch(),
    ]);
    const client = (user: string) => fzipClient({ baseUrl: runtime.url, token: () => runtime.token(user) });
    const ended = await runtime.subscribe({ eventType: ['backup.completed', 'backup.failed'] });
    Object.assign(made, {
      runtime,
      browser,
      folder,
      client,
      visit: async (user, { to = '/', ...context } = {}) => {
        const watched = await open(browser, context);
        visited.push(watched);
        await watched.page.goto(runtime.url + to);
        if (user !== undefined) await signIn(watched.page, user);
        return watched;
      },
      package: async (user) => {
        const { backupId } = await client(user).createBackup({ expiresInHours: 24 * 7 });
        const event = await ended.next(({ subject }) => subject === backupId, 90_000);
        expect(event.type).toBe('backup.completed');
        const file = join(folder, `${user}-${backupId}.fzip`);
        const response = await client(user).download(backupId);
        await writeFile(file, Buffer.from(await response.arrayBuffer()));
        return { id: backupId, file };
      },
    } satisfies Stage);
  }, 60_000);
  afterAll(async () => {
    await made.browser?.close();
    await made.runtime?.close();
    if (made.folder) await rm(made.folder, { recursive: true, force: true });
    expect(visited.flatMap(({ faults }) => faults)).toEqual([]);
    const allowed = new Set([made.runtime.url, new URL(made.runtime.env.AWS_ENDPOINT_URL_S3 ?? '').origin, 'null']);
    for (const { requested } of visited) expect([...requested].filter((origin) => !allowed.has(origin))).toEqual([]);
  }, 30_000);
  return made;
};

export const signIn = async (page: Page, user: string): Promise<void> => {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Another user id').fill(user);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
};

/** axe finds nothing on the page as it is. */
export const accessible = async (page: Page): Promise<void> => {
  // By the debugger, which no policy of the page concerns.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axe };
    const { violations: found } = await runner.run(document, { resultTypes: ['violations'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
  expect(violations, page.url()).toEqual([]);
};

const shotFolder = process.env.FZIP_SHOTS ?? join(root, 'test/e2e/shots');

/** Pictures of the user guide. With FZIP_GUIDE they are made anew; a program that makes PNGs small goes over them before they are kept. */
const guide = join(root, 'docs/images');
const inGuide: ReadonlySet<string> = new Set([
  'overview',
  'backup-new',
  'backup',
  'restore-2-preview',
  'restore-5-confirm',
  'restore-7-result',
]);

const desktop = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const looks = [
  { name: '', viewport: desktop, colorScheme: 'light' },
  { name: '-phone-dark', viewport: phone, colorScheme: 'dark' },
  { name: '-dark', viewport: desktop, colorScheme: 'dark' },
  { name: '-phone', viewport: phone, colorScheme: 'light' },
] as const;
/** Two looks have every size and colour between them; all four are for whoever wants to see them. */
const wanted = process.env.FZIP_LOOKS === 'all' ? looks : looks.slice(0, 2);

/** Pictures of the whole page, into a folder that git ignores; and axe looks at it too. */
export const shot = async (page: Page, name: string): Promise<void> => {
  for (const look of wanted) {
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await accessible(page);
    const path = join(shotFolder, `${name}${look.name}.png`);
    await page.screenshot({ path, fullPage: true });
    const tooWide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(tooWide, `${name}${look.name} is wider than the screen`).toBeLessThanOrEqual(0);
    if (process.env.FZIP_GUIDE && look.name === '' && inGuide.has(name))
      await copyFile(path, join(guide, `${name}.png`));
  }
  await page.setViewportSize(desktop);
  await page.emulateMedia({ colorScheme: 'light' });
};
