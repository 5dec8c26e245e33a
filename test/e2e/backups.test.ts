import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { bufferSource, checkVolume, openVolume } from '@fzip/format';
import { beforeAll, expect, test } from 'vitest';
import { accessible, shot, stage } from './fixture.ts';

const on = stage();
const user = 'ann';
beforeAll(async () => {
  await on.runtime.fillProfile({ user, transactions: 400, files: 3 });
});

test('a backup is made, watched, downloaded and opened, proven to restore, compared, and deleted', async () => {
  const { page } = await on.visit(user, { to: '/backups' });
  await page.getByRole('heading', { name: 'No backups yet' }).waitFor();
  await shot(page, 'backups-empty');

  await page.getByRole('main').getByRole('link', { name: 'New backup' }).first().click();
  await page.getByText(/About .+, and about/).waitFor();
  await page.getByLabel('Description').fill('before the move');
  await page.getByText('A month').click();
  await shot(page, 'backup-new');
  // Paused, so that it can be watched.
  await on.runtime.pause('backup-validate');
  await page.getByRole('button', { name: 'Start the backup' }).click();
  await page.getByRole('heading', { name: 'Backup: Everything' }).waitFor();
  await page.getByRole('progressbar').waitFor();
  await page.getByText('Reading every byte back and checking it', { exact: true }).first().waitFor();
  await shot(page, 'backup-live');
  on.runtime.resume('backup-validate');
  await page.getByRole('heading', { name: 'Quality' }).waitFor();
  await shot(page, 'backup');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Download/ }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^backup_.+_ann\.fzip$/);
  const file = join(on.folder, 'downloaded.fzip');
  await download.saveAs(file);
  const check = await checkVolume(await openVolume(bufferSource(await readFile(file))));
  expect(check).toMatchObject({ intact: true, errors: [] });

  await page.getByRole('button', { name: 'Start: Prove that it restores' }).click();
  await page.getByText('came back exactly as it is').waitFor();
  await shot(page, 'check-round-trip');
  await page.getByRole('link', { name: 'The backup' }).click();
  await page.getByText('Proven', { exact: true }).waitFor();

  // Something changes in the profile, and the comparison says what.
  const [account] = (await on.runtime.ports.profiles.page({ userId: user, kind: 'accounts' })).rows;
  await on.runtime.ports.profiles.putOwn(user, 'accounts', [{ ...account, accountName: 'renamed' }]);
  await page.getByRole('button', { name: 'Start: Compare with the profile' }).click();
  await page.getByText('Your profile has changed since this backup: 1 difference.').waitFor();
  await page.getByText('account changed:').waitFor();
  await shot(page, 'check-compare');

  await page.getByRole('link', { name: 'The backup' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('alertdialog', { name: 'Delete this backup?' }).waitFor();
  await shot(page, 'backup-delete');
  await page.getByRole('button', { name: 'Leave it as it is' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete the backup' }).click();
  await page.getByRole('heading', { name: 'No backups yet' }).waitFor();
});

test('parts are chosen by pickers, and what is missing is said', async () => {
  const { page } = await on.visit(user, { to: '/backups/new' });
  await page.getByText('Chosen parts').click();
  await page.getByRole('button', { name: 'Start the backup' }).click();
  await page.getByText('Choose an account, a category or a time span.').waitFor();
  await page.getByRole('group', { name: 'Accounts' }).getByRole('checkbox').first().press('Space');
  await page.getByRole('button', { name: 'Open the calendar' }).click();
  await page.getByRole('dialog').waitFor();
  await accessible(page);
  await page.keyboard.press('Escape');
  await page.getByText('At most').waitFor();
  await page.getByLabel('Description').fill('\u202eof a part <b>');
  await shot(page, 'backup-new-parts');
  await page.getByRole('button', { name: 'Start the backup' }).click();
  await page.getByRole('heading', { name: 'Backup: Chosen parts' }).waitFor();
  await page.getByText('⟨U+202E⟩of a part <b>').waitFor();
  await page.getByRole('heading', { name: 'Quality' }).waitFor();
});

test('a backup is canceled in one tab, and the other one sees it', async () => {
  const { page, context } = await on.visit(user, { to: '/backups/new' });
  await on.runtime.pause('backup-collect');
  await page.getByRole('button', { name: 'Start the backup' }).click();
  await page.getByRole('button', { name: 'Cancel the backup' }).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('button', { name: 'Cancel the backup' }).click();
  await other.getByRole('alertdialog').getByRole('button', { name: 'Cancel the backup' }).click();
  await other.getByText('It was canceled, as you asked').waitFor();
  await page.getByText('It was canceled, as you asked').waitFor();
  await shot(page, 'backup-canceled');
  on.runtime.resume('backup-collect');
});

test('a stored package that was damaged is said to be, wherever it stands', async () => {
  const { id } = await on.package(user);
  const job = await on.runtime.ports.jobs.find(id);
  const { key = '' } = job?.packages?.[0] ?? {};
  const { clients, env } = on.runtime;
  const Bucket = env.FZIP_PACKAGES_BUCKET;
  const stored = await clients.s3.send(new GetObjectCommand({ Bucket, Key: key }));
  const bytes = Buffer.from((await stored.Body?.transformToByteArray()) ?? []);
  bytes[200] = (bytes[200] ?? 0) ^ 0xff;
  await clients.s3.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes }));
  const { page } = await on.visit(user, { to: `/backups/${id}` });
  await page.getByRole('button', { name: 'Start: Read every byte again' }).click();
  await page.getByText('The package is not what it was when it was made.').waitFor();
  await shot(page, 'check-damaged');
  await page.getByRole('link', { name: 'The backup' }).click();
  await page.getByText('Poor', { exact: true }).waitFor();
  await shot(page, 'backup-damaged');
  await page.getByRole('link', { name: 'Backups' }).first().click();
  await page.getByRole('cell', { name: 'Damaged' }).waitFor();
  await shot(page, 'backups');
});
