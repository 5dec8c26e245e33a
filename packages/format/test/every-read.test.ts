/** Every read fails in turn: what the source says comes through as it is, never as a verdict, and nothing is half done. */
import { Readable } from 'node:stream';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  bufferSource,
  checkVolume,
  entityKinds,
  openVolume,
  type PackageSource,
  previewPackage,
} from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { pack } from './packing.ts';

const chunkBytes = 200;

/** Fails at the n-th call or chunk, counted from 0; `calls` tells how many there were. */
const failingAt = (zip: Buffer, n: number): { source: PackageSource; calls(): number } => {
  let calls = 0;
  const count = (): void => {
    calls += 1;
    if (calls - 1 === n) throw new Error(`read ${n} failed`);
  };
  const whole = bufferSource(zip);
  const source: PackageSource = {
    size: whole.size,
    read: async (start, length) => {
      count();
      return whole.read(start, length);
    },
    stream: (start, end) =>
      Readable.from(
        (async function* () {
          count();
          for (let at = start; at < end; at += chunkBytes) {
            count();
            yield zip.subarray(at, Math.min(end, at + chunkBytes));
          }
        })(),
        { objectMode: false },
      ),
  };
  return { source, calls: () => calls };
};

const uses: Readonly<Record<string, (source: PackageSource) => Promise<unknown>>> = {
  check: async (source) => checkVolume(await openVolume(source)),
  preview: async (source) => previewPackage([await openVolume(source)], { all: true }),
  rows: async (source) => {
    const volume = await openVolume(source);
    const rows: unknown[] = [];
    for (const kind of entityKinds) for await (const { line } of volume.rows(kind)) rows.push(line);
    return rows;
  },
};

describe.each(Object.keys(uses))('%s', (name) => {
  test('ends with the failure of the very read that failed, whichever it is', async () => {
    const use = uses[name] as (source: PackageSource) => Promise<unknown>;
    const [found] = fc.sample(
      profile.filter(({ rows, files }) => rows.transactions.length > 2 && files.length > 0),
      { seed: 3, numRuns: 1 },
    );
    if (!found) throw new Error('no profile came');
    const { zip } = await pack(found);
    const undisturbed = failingAt(zip, -1);
    await use(undisturbed.source);
    expect(undisturbed.calls()).toBeGreaterThan(5);
    for (let n = 0; n < undisturbed.calls(); n += 1) {
      await expect(use(failingAt(zip, n).source), `read ${n}`).rejects.toThrow(`read ${n} failed`);
    }
  });
});
