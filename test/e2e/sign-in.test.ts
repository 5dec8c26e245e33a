import { expect, test } from 'vitest';
import { accessible, shot, stage } from './fixture.ts';

const on = stage();

test('one signs in by the page of the issuer, and the code leaves the address at once', async () => {
  const { page } = await on.visit(undefined, { to: '/backups?page=1' });
  await shot(page, 'welcome');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in to FZIP' }).waitFor();
  await shot(page, 'sign-in');
  await page.getByRole('button', { name: 'ann' }).click();
  await page.getByRole('heading', { name: 'Backups', exact: true }).waitFor();
  expect(page.url()).toBe(`${on.runtime.url}/backups?page=1`);
  await accessible(page);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(kept).not.toMatch(/eyJ/);
});
