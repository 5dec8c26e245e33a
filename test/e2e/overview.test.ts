import { beforeAll, expect, test } from 'vitest';
import { shot, stage } from './fixture.ts';

const on = stage();
beforeAll(async () => {
  await on.runtime.fillProfile({ user: 'ann', transactions: 300, files: 4 });
});

test('somebody new is told that the profile is empty, and what that is good for', async () => {
  const { page } = await on.visit('new');
  await page.getByText('It is empty. A backup can be restored into it.').waitFor();
  await page.getByRole('link', { name: 'Restore a backup' }).waitFor();
  await shot(page, 'overview-empty');
});

test('the overview counts the profile, names the last backup, and has one thing to do next', async () => {
  const { page } = await on.visit('ann');
  await page.getByText('300 transactions').waitFor();
  await page.getByText('There is no backup that can be downloaded').waitFor();
  expect(await page.getByRole('region', { name: 'What to do next' }).getByRole('link').allTextContents()).toEqual([
    'Make a backup',
  ]);
  await on.package('ann');
  await page.reload();
  await page.getByText('Excellent', { exact: true }).waitFor();
  await page.getByText('Not yet. Its page can prove it.').waitFor();
  await page.getByRole('link', { name: 'Prove that it restores' }).waitFor();
  await page.getByRole('heading', { name: 'What expires when' }).waitFor();
  await shot(page, 'overview');
});
