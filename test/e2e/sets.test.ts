import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { shot, stage } from './fixture.ts';

// Small enough for some volumes.
const on = stage({ limits: { volumeBytes: 30_000 } });
const user = 'ann';
const files: string[] = [];
let backupId: string;

beforeAll(async () => {
  await on.runtime.fillProfile({ user, transactions: 1_000, files: 3 });
  // Names are data of whoever made the package.
  const [account] = (await on.runtime.ports.profiles.page({ userId: 'ann', kind: 'accounts' })).rows;
  const accountName = '<img src=x onerror=alert(1)> \u202egnp.exe';
  await on.runtime.ports.profiles.putOwn('ann', 'accounts', [{ ...account, accountName }]);
  ({ id: backupId } = await on.package(user));
  const { volumes } = await on.client(user).backupStatus(backupId);
  for (const { number } of volumes) {
    const response = await on.client(user).download(backupId, { volume: number });
    const file = join(on.folder, `volume-${number}.fzip`);
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    files.push(file);
  }
});

test('all volumes of a set are downloaded at one click', async () => {
  const { page } = await on.visit(user, { to: `/backups/${backupId}` });
  expect(files.length).toBeGreaterThan(1);
  const names: string[] = [];
  page.on('download', (download) => names.push(download.suggestedFilename()));
  await page.getByRole('button', { name: `Download all ${files.length} volumes` }).click();
  await expect.poll(() => names.length, { timeout: 30_000 }).toBe(files.length);
  expect(new Set(names).size).toBe(files.length);
  await page.getByText('Checksums (SHA-256)').click();
  await shot(page, 'backup-set');
});

test('a set is restored from all its volumes, and what is missing or foreign is named before it is sent', async () => {
  const { page } = await on.visit('bob', { to: '/restores/new?step=file' });
  const choose = (some: string[]) => page.locator('input[type=file]').setInputFiles(some);
  await choose(files.slice(1));
  await page.getByText(`of ${files.length} volumes these are missing: 1`).waitFor();
  await choose([...files, files[0] as string]);
  await page.getByText('is volume 1 a second time').waitFor();
  await shot(page, 'restore-2-set-refused');

  // In any order. The storage takes the first volume, and then no more.
  await choose(files.toReversed());
  const storage = new URL(on.runtime.env.AWS_ENDPOINT_URL_S3 ?? '').origin;
  let sent = 0;
  await page.route(`${storage}/**`, (route) => {
    if (route.request().method() === 'POST') sent += 1;
    return sent > 1 ? route.abort('connectionreset') : route.continue();
  });
  await page.getByRole('button', { name: 'Upload and check; nothing is written yet' }).click();
  await page.getByRole('button', { name: 'Send it again' }).waitFor();
  await shot(page, 'restore-3-failed');
  await page.unroute(`${storage}/**`);
  await page.reload();
  await page.getByText('1 volume has arrived and will not be sent again.').waitFor();
  await choose(files);
  const again: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().startsWith(storage)) again.push(request.url());
  });
  await page.getByRole('button', { name: 'Upload and check' }).click();
  await page.getByText('<img src=x onerror=alert(1)> ⟨U+202E⟩gnp.exe').waitFor();
  await shot(page, 'restore-5-hostile');
  await page.getByRole('button', { name: 'Restore it now' }).click();
  await page.getByRole('heading', { name: 'Your profile is restored' }).waitFor();
  expect(again).toHaveLength(files.length - 1);
  expect((await on.client('bob').profile()).counts).toEqual((await on.client(user).profile()).counts);
});
