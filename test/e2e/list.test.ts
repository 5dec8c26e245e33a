import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Job } from '@fzip/core';
import { beforeAll, expect, test } from 'vitest';
import { shot, stage } from './fixture.ts';

const on = stage();
const many = 1_000;
const dist = fileURLToPath(new URL('../../packages/web/dist/', import.meta.url));

beforeAll(async () => {
  const { id } = await on.package('many');
  const job = await on.runtime.ports.jobs.find(id);
  if (!job) throw new Error('no job');
  const copies = Array.from({ length: many - 1 }, (_, n) => ({
    ...job,
    jobId: Job.shape.jobId.parse(randomUUID()),
    createdAt: job.createdAt - (n + 1) * 3_600_000,
  }));
  while (copies.length > 0) await Promise.all(copies.splice(0, 50).map((copy) => on.runtime.ports.jobs.create(copy)));
}, 120_000);

test('a list of 1 000 backups has a page that is small, and steps through them', async () => {
  const { page } = await on.visit('many', { to: '/backups' });
  await page.getByText('Page 1 of 50').waitFor();
  expect(await page.getByRole('row').count()).toBe(21);
  await shot(page, 'backups-many');
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByText('Page 2 of 50').waitFor();
  expect(new URL(page.url()).searchParams.get('asOf')).toMatch(/^\d+$/);
  // No frame of the browser was held up for longer than a person notices.
  const longest = await page.evaluate(async () => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map(({ duration }) => duration)),
    );
    observer.observe({ type: 'longtask', buffered: false });
    for (let step = 0; step < 20; step += 1) {
      window.scrollBy(0, 50);
      await new Promise(requestAnimationFrame);
    }
    observer.disconnect();
    return Math.max(0, ...tasks);
  });
  console.log(`list of ${many} backups: longest task while scrolling ${longest.toFixed(0)} ms`);
  expect(longest).toBeLessThan(200);
});

test('what the first screen needs is at most 250 kB, gzipped', async () => {
  type Chunk = { file: string; css?: string[]; imports?: string[] };
  const manifest = JSON.parse(await readFile(`${dist}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
  const needed = new Set<string>();
  const add = (name: string): void => {
    const chunk = manifest[name];
    if (!chunk || needed.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) needed.add(file);
    for (const each of chunk.imports ?? []) add(each);
  };
  add('index.html');
  let bytes = gzipSync(await readFile(`${dist}index.html`)).length;
  for (const file of needed) bytes += gzipSync(await readFile(dist + file)).length;
  console.log(`first screen: ${(bytes / 1000).toFixed(1)} kB gzipped in ${needed.size} files`);
  expect(needed.size).toBeGreaterThan(1);
  expect(bytes).toBeLessThanOrEqual(250_000);
});
