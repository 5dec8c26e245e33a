import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { accessible, shot, stage } from './fixture.ts';

const on = stage();
let file: string;
beforeAll(async () => {
  await on.runtime.fillProfile({ user: 'ann', transactions: 400, files: 3 });
  ({ file } = await on.package('ann'));
});

/** Loads the page again, which leads by the issuer and back, and finds the same. */
const again = async (page: Page, found: string): Promise<void> => {
  const before = page.url();
  await page.reload();
  await page.getByText(found).first().waitFor();
  expect(page.url()).toBe(before);
};

const choose = (page: Page, files: string | string[]) => page.locator('input[type=file]').setInputFiles(files);
const upload = 'Upload and check; nothing is written yet';

test('a package is restored for another user by the wizard, with a reload at every step', async () => {
  const { page } = await on.visit('bob');
  await page.getByRole('link', { name: 'Restore a backup' }).click();
  await page.getByRole('heading', { name: 'Your profile is empty' }).waitFor();
  await shot(page, 'restore-1-profile');
  await again(page, 'Your profile is empty');

  await page.getByRole('link', { name: 'Next: choose the file' }).click();
  await again(page, 'Which backup shall be restored?');
  await shot(page, 'restore-2-file');
  await choose(page, file);
  await page.getByRole('heading', { name: 'What the file says of itself' }).waitFor();
  await page.getByText('400 transactions').waitFor();
  await shot(page, 'restore-2-preview');

  // The upload hangs, and a reload in its middle makes the browser forget the file.
  const storage = new URL(on.runtime.env.AWS_ENDPOINT_URL_S3 ?? '');
  await page.route(`${storage.origin}/**`, () => {});
  await page.getByRole('button', { name: upload }).click();
  await page.getByRole('heading', { name: 'Uploading' }).waitFor();
  await shot(page, 'restore-3-upload');
  await page.getByRole('button', { name: 'Stop the upload' }).click();
  await page.getByRole('heading', { name: 'The upload was stopped' }).waitFor();
  await page.unroute(`${storage.origin}/**`);
  await again(page, 'Choose the file again');
  await shot(page, 'restore-3-again');
  await choose(page, file);
  await on.runtime.pause('restore-check');
  await page.getByRole('button', { name: 'Upload and check' }).click();
  await page.getByText('Being checked').first().waitFor();
  await again(page, 'Being checked');
  await shot(page, 'restore-4-check');
  on.runtime.resume('restore-check');

  await page.getByRole('heading', { name: 'The package is good. Restore it?' }).waitFor();
  await again(page, 'Nothing has been written yet');
  await page.getByText('Levels of categories').waitFor();
  await page.getByText('Sum of transactions').waitFor();
  await shot(page, 'restore-5-confirm');
  expect((await on.client('bob').profile()).empty).toBe(true);

  await on.runtime.pause('restore-transactions');
  await page.getByRole('button', { name: 'Restore it now' }).click();
  await page.getByText('Being restored').first().waitFor();
  await again(page, 'Being restored');
  await page.getByText('Restoring transactions').first().waitFor();
  await shot(page, 'restore-6-progress');
  on.runtime.resume('restore-transactions');
  await page.getByRole('heading', { name: 'Your profile is restored' }).waitFor();
  await again(page, 'Your profile is restored');
  await shot(page, 'restore-7-result');
  await page.getByRole('link', { name: 'To the overview' }).click();
  await page.getByText('400 transactions').waitFor();
  const [from, to] = await Promise.all([on.client('ann').profile(), on.client('bob').profile()]);
  expect(to.counts).toEqual(from.counts);
});

test('a full profile is refused, backed up, cleared with a typed word, and restored', async () => {
  await on.runtime.fillProfile({ user: 'cleo', transactions: 100, files: 1 });
  const { page } = await on.visit('cleo', { to: '/restores/new' });
  await page.getByRole('heading', { name: 'Your profile is not empty' }).waitFor();
  await shot(page, 'restore-full');
  await page.getByRole('link', { name: 'Clear the profile…' }).click();
  await page.getByLabel('Type your user id to confirm').fill('cloe');
  await page.getByRole('button', { name: 'Clear the profile' }).click();
  await page.getByText('That is not your user id.').waitFor();
  await page.getByLabel('Type your user id to confirm').fill('cleo');
  await page.getByRole('button', { name: 'Clear the profile' }).click();
  await page.getByRole('heading', { name: 'There is no backup that holds all of this profile' }).waitFor();
  await shot(page, 'clear-no-backup');
  const own = await on.package('cleo');
  await on.runtime.pause('profile-clear');
  await page.getByRole('button', { name: 'Clear the profile' }).click();
  await page.getByRole('heading', { name: 'Clearing' }).waitFor();
  await again(page, 'Clearing');
  await shot(page, 'clear-progress');
  on.runtime.resume('profile-clear');
  await page.getByRole('heading', { name: 'The profile is empty' }).waitFor();
  await shot(page, 'clear-done');
  await page.getByRole('link', { name: 'Restore a backup' }).click();
  await page.getByRole('link', { name: 'Next: choose the file' }).click();
  await choose(page, own.file);
  await page.getByRole('button', { name: upload }).click();
  await page.getByRole('button', { name: 'Restore it now' }).click();
  await page.getByRole('heading', { name: 'Your profile is restored' }).waitFor();
  await page.getByRole('link', { name: 'Restores' }).click();
  await page.getByRole('cell', { name: 'Restored' }).waitFor();
  await shot(page, 'restores');
});

test('what is no package is refused before it is sent; what only looks like one, before anything is written', async () => {
  const { page } = await on.visit('dora', { to: '/restores/new?step=file' });
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(request.url());
  });
  const bytes = await readFile(file);
  const damaged = Buffer.from(bytes);
  damaged[300] = (damaged[300] ?? 0) ^ 0xff;
  const files = {
    'letter.txt': Buffer.from('Dear Sir'),
    'text.fzip': Buffer.from('no ZIP at all'),
    'cut.fzip': bytes.subarray(0, bytes.length - 100),
    'empty.fzip': Buffer.alloc(0),
    'damaged.fzip': damaged,
  };
  const at = (name: string) => join(on.folder, name);
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
  for (const [name, said] of [
    ['letter.txt', 'the name does not end in .fzip'],
    ['text.fzip', 'do not begin as a ZIP does'],
    ['cut.fzip', 'the file was cut on its way'],
    ['empty.fzip', 'the file is empty'],
  ] as const) {
    await choose(page, at(name));
    await page.getByText(said).waitFor();
    expect(await page.getByRole('button', { name: upload }).isDisabled()).toBe(true);
  }
  await shot(page, 'restore-2-refused');
  expect(sent).toEqual([]);

  await choose(page, at('damaged.fzip'));
  await page.getByRole('button', { name: upload }).click();
  await page.getByRole('heading', { name: 'What was found' }).waitFor();
  await page.getByText('Nothing was written to your profile.').first().waitFor();
  await page.getByRole('button', { name: 'Run it again' }).waitFor();
  await shot(page, 'restore-4-failed');
  expect((await on.client('dora').profile()).empty).toBe(true);
});

test('a hostile package is refused by the server, and run again with the same result', async () => {
  const refused = fileURLToPath(new URL('../../packages/format/test/refuses/', import.meta.url));
  const hostile = readdirSync(refused).find((name) => name.includes('etc∕passwd')) ?? '';
  const { page } = await on.visit('dora', { to: '/restores/new?step=file' });
  await choose(page, join(refused, hostile));
  await page.getByRole('button', { name: upload }).click();
  await page.getByText('An entry has a name that packages do not have').waitFor();
  await page.getByText('If you did not make the file yourself, do not trust it.').waitFor();
  await page.getByRole('button', { name: 'Run it again' }).click();
  await page.getByText('Being checked').first().waitFor();
  await page.getByText('An entry has a name that packages do not have').waitFor();
  expect((await on.client('dora').profile()).empty).toBe(true);
});

test('a profile that fills before the confirmation keeps the restore waiting, and is told of', async () => {
  const { page } = await on.visit('finn', { to: '/restores/new?step=file' });
  await choose(page, file);
  await page.getByRole('button', { name: upload }).click();
  await page.getByRole('button', { name: 'Restore it now' }).waitFor();
  await on.runtime.fillProfile({ user: 'finn', transactions: 5, files: 1 });
  await page.getByRole('button', { name: 'Restore it now' }).click();
  await page.getByRole('heading', { name: 'Your profile is not empty' }).waitFor();
  await page.getByText('This restore waits on.').waitFor();
  await shot(page, 'restore-filled');
  await page.getByRole('button', { name: 'Restore it now' }).waitFor();
  expect((await on.client('finn').profile()).counts.transactions).toBe(5);
});

test('canceled in the middle of writing, it leaves the profile empty; in another tab it shows the same', async () => {
  const { page, context } = await on.visit('eve', { to: '/restores/new?step=file' });
  await choose(page, file);
  await page.getByRole('button', { name: upload }).click();
  await page.getByRole('button', { name: 'Restore it now' }).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('button', { name: 'Restore it now' }).waitFor();
  await on.runtime.pause('restore-transactions');
  await page.getByRole('button', { name: 'Restore it now' }).click();
  await page.getByText('Being restored').first().waitFor();
  await page.getByRole('button', { name: 'Cancel the restore' }).click();
  await page.getByText('What was written so far is removed again.').waitFor();
  await accessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the restore' }).click();
  await on.runtime.resume('restore-transactions');
  // Rolling back waits until whoever may still write has ended.
  await page.getByRole('heading', { name: 'It was canceled, as you asked' }).waitFor({ timeout: 90_000 });
  await other.getByRole('heading', { name: 'It was canceled, as you asked' }).waitFor();
  await shot(page, 'restore-canceled');
  expect((await on.client('eve').profile()).empty).toBe(true);
});

test('a package is only checked, whatever the profile holds', async () => {
  const { page } = await on.visit('ann', { to: '/restores' });
  await page.getByRole('heading', { name: 'No restores yet' }).waitFor();
  await shot(page, 'restores-empty');
  await page.getByRole('link', { name: 'Only check a package' }).first().click();
  await choose(page, file);
  await page.getByRole('button', { name: 'Upload and check' }).click();
  await page.getByRole('heading', { name: 'The package is good' }).waitFor();
  await page.getByText('Nothing was written, as you asked.').waitFor();
  await shot(page, 'restore-checked');
});
