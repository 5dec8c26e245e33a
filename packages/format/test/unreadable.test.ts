/** A package on a failing disk: what stands around the bytes that cannot be read is saved. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bufferSource, type PackageSource, surveyPackage, writeRepaired } from '../src/index.ts';
import { readableSource } from '../src/repair/readable.ts';
import { profile } from './arbitraries.ts';
import { memorySink, pack, unpack } from './packing.ts';
import { expectPartOf, linesOf } from './repairing.ts';

const sector = 4096;

/** Every read that touches one of these sectors fails as the operating system says it. */
const failing = (bytes: Buffer, bad: readonly number[], code = 'EIO'): PackageSource & { asked: number } => {
  const whole = bufferSource(bytes);
  const fails = (start: number, end: number): boolean =>
    bad.some((number) => start < (number + 1) * sector && end > number * sector);
  const source = {
    ...whole,
    asked: 0,
    read: async (start: number, length: number) => {
      source.asked += 1;
      if (fails(start, start + length)) throw Object.assign(new Error(`${code}: i/o error, read`), { code });
      return whole.read(start, length);
    },
  };
  return source;
};

describe('a source that fails in places', () => {
  test('gives everything else, and says what it could not give', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 * sector }),
        fc.uniqueArray(fc.nat(20), { maxLength: 5 }),
        fc.nat(),
        fc.nat(),
        async (size, bad, from, span) => {
          const bytes = Buffer.alloc(size, 7);
          const source = readableSource(failing(bytes, bad));
          const start = from % size;
          const length = (span % (size - start)) + 1;
          const found = await source.read(start, length);
          expect(found.length).toBe(length);
          const gaps = source.gaps();
          for (let at = 0; at < length; at += 1) {
            const isBad = bad.includes(Math.floor((start + at) / sector));
            if ((found[at] === 0) !== isBad) throw new Error(`byte ${start + at} is ${found[at]}`);
            if (isBad) expect(gaps.some((gap) => start + at >= gap.start && start + at < gap.end)).toBe(true);
          }
          const told = gaps.flatMap(({ start: a, end: b }) => (b > a ? [Math.floor(a / sector)] : []));
          for (const number of told) expect(bad).toContain(number);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is not asked again and again for what it cannot give', async () => {
    const source = failing(Buffer.alloc(64 * sector, 7), [5]);
    const readable = readableSource(source);
    await readable.read(0, 64 * sector);
    expect(source.asked).toBeLessThan(20);
  });

  test('of another failure is an accident', async () => {
    const source = failing(Buffer.alloc(4 * sector, 7), [1], 'EBADF');
    await expect(readableSource(source).read(0, 2 * sector)).rejects.toThrow('EBADF');
    await expect(surveyPackage(source)).rejects.toThrow('EBADF');
  });
});

test('what a failing disk still gives of a package is saved, and no row is invented', async () => {
  const [found] = fc.sample(profile, { seed: 5, numRuns: 1 });
  if (!found) throw new Error('no profile');
  const { zip } = await pack({
    ...found,
    files: found.files.map((file, n) => ({ ...file, bytes: Buffer.alloc(30_000, n + 1) })),
  });

  const whole = { lines: await linesOf(zip), entries: await unpack(zip) };
  const sectors = Math.ceil(zip.length / sector);
  for (let bad = 0; bad < sectors; bad += 1) {
    const { sink, bytes } = memorySink();
    const survey = await surveyPackage(failing(zip, [bad])).catch((error: { code?: string }) => {
      expect(error.code).toBe('NOTHING_SAVED');
      return undefined;
    });
    if (!survey) continue;
    try {
      const { lost } = await writeRepaired(survey, { sink, now: new Date(0) });
      expect(lost).toContainEqual({
        what: 'entry',
        entry: `bytes ${bad * sector} to ${Math.min((bad + 1) * sector, zip.length)}`,
        reason: 'they could not be read',
      });
      await expectPartOf(bytes(), whole);
    } catch (error) {
      expect((error as { code?: string }).code).toBe('NOTHING_SAVED');
    }
  }
});
