import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { stage } from './fixture.ts';

const on = stage();
let file: string;
beforeAll(async () => {
  await on.runtime.fillProfile({ user: 'ann', transactions: 30, files: 1 });
  ({ file } = await on.package('ann'));
});

/** Where the focus is, as a screen reader names it. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLElement | null;
    const label = at?.getAttribute('aria-label') ?? (at as HTMLInputElement | null)?.labels?.[0]?.textContent;
    return (label ?? at?.textContent ?? '').trim();
  });

/** Goes on by Tab until the focus is on what is wanted. */
const tabTo = async (page: Page, name: string | RegExp): Promise<void> => {
  const passed: string[] = [];
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    passed.push(at);
    if (typeof name === 'string' ? at === name : name.test(at)) return;
  }
  throw new Error(`no ${name} among what Tab leads to: ${passed.join(' | ')}`);
};

test('with the keyboard alone: sign in, back up, restore', async () => {
  const { page } = await on.visit(undefined);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await tabTo(page, 'Sign in');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign in to FZIP' }).waitFor();
  await tabTo(page, 'Another user id');
  await page.keyboard.type('kay');
  await page.keyboard.press('Enter');
  await page.getByText('It is empty. A backup can be restored into it.').waitFor();

  // The first stop leads past the navigation.
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('To the content');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Restore a backup');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your profile is empty' }).waitFor();
  // Another page is another heading, which has the focus.
  expect(await focused(page)).toBe('Restore a backup');
  await tabTo(page, 'Next: choose the file');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Which backup shall be restored?' }).waitFor();
  await tabTo(page, 'Choose the file');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles(file);
  await page.getByText('30 transactions').waitFor();
  await tabTo(page, 'Upload and check; nothing is written yet');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Restore it now' }).waitFor();
  // Thinks again: a dialog holds the focus, and Escape leads back to where it was opened.
  await tabTo(page, 'Cancel the restore');
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  expect(await focused(page)).toBe('Cancel the restore');
  await page.keyboard.press('Shift+Tab');
  expect(await focused(page)).toBe('Restore it now');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your profile is restored' }).waitFor();
  expect((await on.client('kay').profile()).counts).toEqual((await on.client('ann').profile()).counts);
});

test('what goes on is said where a screen reader hears it', async () => {
  const { page } = await on.visit('ann', { to: '/backups/new' });
  await on.runtime.pause('backup-validate');
  await page.getByRole('button', { name: 'Start the backup' }).click();
  const said = page.getByRole('status').filter({ hasText: /^.+, \d+%$/ });
  await said.waitFor({ state: 'attached' });
  on.runtime.resume('backup-validate');
  await page.getByRole('status').filter({ hasText: 'Completed' }).waitFor();
});
