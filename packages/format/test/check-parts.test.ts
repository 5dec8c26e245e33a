/** A check in two parts, of the rows and of the files' bytes, finds what the whole one finds. */
import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bufferSource, checkFiles, checkVolume, openVolume, PackageRefused, type Volume } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { pack } from './packing.ts';

const opened = async (zip: Buffer): Promise<Volume | undefined> => {
  try {
    return await openVolume(bufferSource(zip));
  } catch (error) {
    if (error instanceof PackageRefused) return undefined;
    throw error;
  }
};

type ByCode = Record<string, number>;
const sum = (...all: ByCode[]): ByCode => {
  const counts: ByCode = {};
  for (const [code, count] of all.flatMap(Object.entries<number>)) counts[code] = (counts[code] ?? 0) + count;
  return counts;
};

const expectSame = async (volume: Volume): Promise<void> => {
  const [whole, rows, files] = [
    await checkVolume(volume),
    await checkVolume(volume, { rowsOnly: true }),
    await checkFiles(volume),
  ];
  expect(sum(rows.errorsByCode, files.errorsByCode)).toEqual(whole.errorsByCode);
  expect(rows.intact && files.intact).toBe(whole.intact);
  expect(rows.counts).toEqual(whole.counts);
  expect([rows.files.bytes, files.bytes]).toEqual([0, whole.files.bytes]);
};

test.each(['refuses', 'accepts'])('of every package of the corpus (%s)', async (folder) => {
  const place = new URL(`${folder}/`, import.meta.url);
  const names = (await readdir(place)).filter((name) => name.endsWith('.fzip'));
  let looked = 0;
  for (const name of names) {
    const volume = await opened(await readFile(new URL(encodeURIComponent(name), place)));
    if (!volume) continue;
    await expectSame(volume);
    looked += 1;
  }
  expect(looked).toBeGreaterThan(30);
});

test('of packages with a byte changed anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(profile, fc.nat(), fc.integer({ min: 1, max: 255 }), async (found, at, change) => {
      const { zip } = await pack(found);
      const place = at % zip.length;
      zip[place] = (zip[place] ?? 0) ^ change;
      const volume = await opened(zip);
      if (volume) await expectSame(volume);
    }),
    { numRuns: 150 },
  );
});
