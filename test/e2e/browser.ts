/** A Chromium of the system, and pages of it in a FZIP of their own; every page is watched for what must never happen. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = [
  process.env.FZIP_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** @throws Error that says how to get one */
const executable = (): string => {
  const found = places.find((place) => place !== undefined && existsSync(place));
  if (found) return found;
  throw new Error('no Chromium; install it (apt-get install chromium), or name one in FZIP_CHROMIUM');
};

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executable(),
    // As root, in a container, Chromium has no sandbox and little shared memory.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });

export type Watched = { context: BrowserContext; page: Page; faults: string[]; requested: Set<string> };

/** What a browser says when a request that a test made fail does so. */
const networkNoise = /^Failed to load resource|net::ERR_/;

/** A page with a memory of its own. `faults` gathers errors of scripts, of the policy and of the console. */
export const open = async (browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> => {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...options,
  });
  context.setDefaultTimeout(45_000);
  const faults: string[] = [];
  const requested = new Set<string>();
  const watch = (page: Page): void => {
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !networkNoise.test(message.text())) faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => requested.add(new URL(request.url()).origin));
  };
  context.on('page', watch);
  const page = await context.newPage();
  return { context, page, faults, requested };
};
