/** Each file of `refuses/` is refused with its name, read from a file, from a buffer, a few bytes at a time and by ranges of a URL. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bufferSource, fileSource, httpSource, refusals } from '../src/index.ts';
import { corpusName, refused, verdictOn } from './corpus.ts';
import { dribbling } from './dribbling.ts';
import { openRangeServer } from './range-server.ts';

const folder = fileURLToPath(new URL('./refuses/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.fzip'));

describe('the corpus', () => {
  test('has at least sixty files, with more than half of all codes among them', () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
    const codes = new Set(names.map((name) => name.split(' ')[0]));
    expect(codes.size).toBeGreaterThan(Object.keys(refusals).length / 2);
    for (const code of codes) expect(refusals).toHaveProperty(code ?? '');
  });

  test('is what its script makes', async () => {
    const made = await refused();
    expect([...made.keys()].sort()).toEqual(names.toSorted());
    for (const [name, zip] of made) expect(zip.equals(await readFile(`${folder}${name}`)), name).toBe(true);
  });
});

test.each(names)('%s', async (name) => {
  const bytes = await readFile(`${folder}${name}`);
  const file = await fileSource(`${folder}${name}`);
  const { server, close } = await openRangeServer(bytes);
  const said: (string | undefined)[] = [];
  try {
    // A URL of no bytes has no ranges.
    const sources = [file, bufferSource(bytes), dribbling(bytes)];
    if (bytes.length > 0) sources.push(await httpSource(`${server.origin}/x.fzip`));
    for (const source of sources) said.push(await verdictOn(source));
  } finally {
    close();
    await file.close();
  }
  expect(new Set(said.map((verdict) => corpusName(verdict ?? '')))).toEqual(new Set([name]));
});
