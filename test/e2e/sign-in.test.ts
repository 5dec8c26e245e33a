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

test('signing out forgets who was signed in, and asks again', async () => {
  const { page } = await on.visit('ann');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in to FZIP' }).waitFor();
});

test('an issuer that says no is told of, and one may try again', async () => {
  const { page } = await on.visit(undefined, { to: '/signed-in?error=access_denied&state=forged' });
  await page.getByText('Signing in did not work.').waitFor();
  expect(page.url()).toBe(`${on.runtime.url}/`);
  await shot(page, 'welcome-refused');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in to FZIP' }).waitFor();
});

test('pages whose settings cannot be read say so', async () => {
  const { page, context } = await on.visit(undefined);
  await context.route('**/config.json', (route) => route.fulfill({ json: { apiOrigin: 'http://evil.example' } }));
  await page.reload();
  await page.getByRole('heading', { name: 'FZIP cannot be reached' }).waitFor();
  await shot(page, 'state-no-start');
});

test('the guide is a page beside the others, with its pictures', async () => {
  const { page, context } = await on.visit(undefined);
  const [guide] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'How it works' }).click(),
  ]);
  await guide.getByRole('heading', { name: 'User guide' }).waitFor();
  await guide.getByRole('link', { name: 'When the profile is not empty' }).click();
  expect(new URL(guide.url()).hash).toBe('#when-the-profile-is-not-empty');
  const pictures = await guide.evaluate(() =>
    [...document.images].map(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  );
  expect(pictures.length).toBeGreaterThan(3);
  expect(pictures).not.toContain(false);
  await shot(guide, 'guide');
});
