import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessible, shot, signIn, stage } from './fixture.ts';

const tokenSeconds = 20;
const on = stage({ tokenSeconds: 600 });
beforeAll(async () => {
  await on.runtime.fillProfile({ user: 'ann', transactions: 50, files: 1 });
});

describe('an API', () => {
  test('that is slow is waited for, and that it takes long is said', async () => {
    const { page } = await on.visit('ann', { to: '/backups/new' });
    const held: (() => void)[] = [];
    await page.route('**/fzip/backup?**', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    await page.getByRole('link', { name: 'Back to the list' }).click();
    await page.getByText('Loading your backups').waitFor({ state: 'attached' });
    await accessible(page);
    await page.getByText('This takes longer than usual.').waitFor();
    await shot(page, 'state-slow');
    for (const go of held) go();
    await page.getByRole('heading', { name: 'No backups yet' }).waitFor();
  });

  test('that fails is asked again, and its failure told in words', async () => {
    const { page } = await on.visit('ann', { to: '/backups/new' });
    let fails = 0;
    await page.route('**/fzip/backup?**', (route) => {
      fails += 1;
      return route.fulfill({
        status: 500,
        contentType: 'application/json',
        body: JSON.stringify({ error: 'INTERNAL_ERROR', message: 'its id is \u202e42' }),
      });
    });
    await page.getByRole('link', { name: 'Back to the list' }).click();
    await page.getByRole('heading', { name: 'The server failed at this' }).waitFor();
    expect(fails).toBe(3);
    await page.getByText('Details', { exact: true }).click();
    await page.getByText('U+202E').waitFor();
    await shot(page, 'state-error');
    await page.unroute('**/fzip/backup?**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'No backups yet' }).waitFor();
  });

  test('that is gone leaves what was shown, and says that it may be old', async () => {
    const { page } = await on.visit('ann');
    await page.getByText('50 transactions').waitFor();
    await page.route('**/fzip/**', (route) => route.abort('connectionrefused'));
    await page.getByRole('link', { name: 'Backups' }).click();
    // The list was looked at by the overview before, so it is there; the page that was not is not.
    await page.getByRole('link', { name: 'New backup' }).first().click();
    await page.getByRole('button', { name: 'Start the backup' }).click();
    await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor();
    await page.getByText('it is not certain whether it arrived').waitFor();
    await shot(page, 'state-gone');
    await page.unroute('**/fzip/**');
    await page.getByRole('button', { name: 'Start the backup' }).click();
    await page.getByRole('heading', { name: 'Backup: Everything' }).waitFor();
    // Both clicks were one request: there is one backup.
    expect((await on.client('ann').listBackups()).total).toBe(1);
  });

  test('a browser that is offline says so, and goes on when it is back', async () => {
    const { page, context } = await on.visit('ann');
    await page.getByText('50 transactions').waitFor();
    await context.setOffline(true);
    await page.getByText('You are offline.').first().waitFor();
    await shot(page, 'state-offline');
    await context.setOffline(false);
    await page.getByText('You are offline.').first().waitFor({ state: 'detached' });
  });
});

test('a backup or restore of another user is not there, by whatever address', async () => {
  const { backupId } = await on.client('ann').createBackup();
  const { restoreId } = await on.client('ann').createRestore({ validateOnly: true });
  const { page } = await on.visit('mallory', { to: `/backups/${backupId}` });
  await page.getByRole('heading', { name: 'This is not there' }).waitFor();
  await shot(page, 'state-forbidden');
  await page.goto(`${on.runtime.url}/restores/${restoreId}`);
  await page.getByRole('heading', { name: 'This is not there' }).waitFor();
});

test('an address that leads nowhere leads to the overview', async () => {
  const { page } = await on.visit('ann', { to: '/nowhere' });
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await shot(page, 'state-not-found');
  await page.getByRole('link', { name: 'To the overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

test('a token that the API no longer takes is renewed once, and the request repeated', async () => {
  const { page } = await on.visit('ann', { to: '/backups/new' });
  const tokens: string[] = [];
  await page.route('**/fzip/profile', (route) => {
    tokens.push(route.request().headers().authorization ?? '');
    if (tokens.length > 1) return route.continue();
    return route.fulfill({ status: 401, json: { error: 'UNAUTHORIZED', message: 'the token was revoked' } });
  });
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect.poll(() => tokens.length, { timeout: 30_000 }).toBe(2);
  await page.getByText('50 transactions').waitFor();
  expect(new Set(tokens).size).toBe(2);
});

describe('a sign-in that expires', () => {
  const short = stage({ tokenSeconds });
  afterEach(() => {
    expect(short.runtime.failures).toEqual([]);
  });

  test('is renewed without a word, and otherwise asked for in a window of its own, with all that was entered kept', async () => {
    const { page, context } = await short.visit(undefined, { to: '/backups/new' });
    // The issuer's word on refresh tokens is what a test can take away.
    let refreshes = 0;
    let refused = false;
    await context.route('**/local/oidc/token', async (route) => {
      if (!(route.request().postData() ?? '').includes('refresh_token')) return route.continue();
      refreshes += 1;
      if (!refused) return route.continue();
      return route.fulfill({ status: 400, contentType: 'application/json', body: '{"error":"invalid_grant"}' });
    });
    await signIn(page, 'zoe');
    await page.getByText(/About .+, and about/).waitFor();
    // Its token is good for less than the page likes, so it was renewed at once.
    expect(refreshes).toBeGreaterThan(0);
    await page.getByLabel('Description').fill('typed before it expired');
    refused = true;
    await page.getByRole('button', { name: 'Start the backup' }).click();
    await page.getByRole('alertdialog', { name: 'Your sign-in has expired' }).waitFor();
    await shot(page, 'state-expired');
    refused = false;
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Sign in again' }).click(),
    ]);
    if (!popup.isClosed()) await popup.waitForEvent('close');
    // What was asked for goes on by itself.
    await page.getByRole('heading', { name: 'Backup: Everything' }).waitFor();
    await page.getByText('typed before it expired').waitFor();
    expect((await short.client('zoe').listBackups()).total).toBe(1);
  });
});
