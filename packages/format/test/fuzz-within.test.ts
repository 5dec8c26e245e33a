/**
 * Packages that are sound outside and changed within: in gzip and LZMA under a right CRC, in one volume of a set, in two levels at once.
 * Goes with fuzz.test.ts.
 */

import { gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { beforeAll, describe } from 'vitest';
import { expectSetVerdict, expectVerdict, fuzzing, longestMs, makeSeeds, type Seed } from './fuzzing.ts';
import { editManifest, type RawEntry, rawZip, repack, unpack } from './packing.ts';
import { packSet } from './sets.ts';
import { squeezedEntry } from './squeezed.ts';

let seeds: Seed[];
/** The same packages with every entry in LZMA, with all data in gzip (as objects, as bare arrays), as two volumes. */
let squeezed: RawEntry[][];
let gzipped: Map<string, Buffer>[][];
let sets: Buffer[][];

beforeAll(async () => {
  seeds = await makeSeeds();
  squeezed = [];
  gzipped = [];
  sets = [];
  for (const { entries, profile } of seeds) {
    squeezed.push(await Promise.all([...entries].map(([name, bytes]) => squeezedEntry(name, bytes, 0))));
    gzipped.push([inGzip(entries, false), inGzip(entries, true)]);
    sets.push(await packSet(profile, 2));
  }
});

/** HouseF3 packs an array of rows by gzip, and deflates that once more. Without checksums: what is within is to be judged. */
const inGzip = (entries: ReadonlyMap<string, Buffer>, isBare: boolean): Map<string, Buffer> => {
  const all = new Map<string, Buffer>();
  for (const [name, bytes] of entries) {
    const rows = isBare ? () => JSON.stringify(Object.values(JSON.parse(bytes.toString()) as object)[0]) : () => bytes;
    if (name.startsWith('data/')) all.set(`${name}.gz`, gzipSync(rows()));
    else all.set(name, bytes);
  }
  editManifest(all, (manifest) => {
    manifest.checksums = {};
  });
  return all;
};

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

type Edit = [at: number, value: number, how: 'set' | 'cut' | 'insert' | 'end'];
const edits = fc.array(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'insert', 'end')),
  { minLength: 1, maxLength: 3 },
) as fc.Arbitrary<Edit[]>;

const edited = (bytes: Buffer, changes: readonly Edit[]): Buffer =>
  changes.reduce<Buffer>((found, [at, value, how]) => {
    const where = found.length === 0 ? 0 : at % found.length;
    if (how === 'cut') return Buffer.concat([found.subarray(0, where), found.subarray(where + value)]);
    if (how === 'insert')
      return Buffer.concat([found.subarray(0, where), Buffer.alloc(value % 32, value), found.subarray(where)]);
    if (how === 'end') return found.subarray(0, where);
    const copy = Buffer.from(found);
    if (copy.length > 0) copy[where] = value;
    return copy;
  }, bytes);

describe('a package', () => {
  test.prop([fc.nat(), fc.nat(), edits, fc.boolean()], fuzzing)(
    'with other bytes in what was packed twice gets a verdict',
    async (n, which, changes, isBare) => {
      const all = new Map(pick(gzipped, n)[isBare ? 1 : 0]);
      const name = pick(
        [...all.keys()].filter((one) => one.endsWith('.gz')),
        which,
      );
      all.set(name, edited(all.get(name) as Buffer, changes));
      await expectVerdict(repack(all));
    },
    longestMs,
  );

  test.prop([fc.nat(), fc.nat(), edits, fc.constantFrom('keep', 'one', 'none', 'huge')], fuzzing)(
    'with other bytes in LZMA gets a verdict',
    async (n, which, changes, size) => {
      const entries = pick(squeezed, n).map((entry) => ({ ...entry }));
      const entry = pick(entries, which);
      entry.bytes = edited(entry.bytes, changes);
      const sizes = { keep: entry.size ?? 0, one: 1, none: 0, huge: 0xfffffffe };
      entry.size = sizes[size];
      await expectVerdict(rawZip(entries));
    },
    longestMs,
  );

  test.prop([fc.nat(), fc.nat(), edits, fc.constantFrom('volume', 'manifest', 'twice', 'mixed', 'alone')], fuzzing)(
    'of two volumes with something changed in one gets a verdict',
    async (n, which, changes, how) => {
      const volumes = [...pick(sets, n)];
      const at = which % 2;
      const volume = volumes[at] as Buffer;
      if (how === 'volume') volumes[at] = edited(volume, changes);
      if (how === 'twice') volumes[1 - at] = volume;
      if (how === 'mixed') volumes[at] = pick(sets, n + 1)[at] as Buffer;
      if (how === 'alone') volumes.splice(at, 1);
      if (how === 'manifest') {
        const entries = await unpack(volume);
        const text = (entries.get('manifest.json') as Buffer).toString();
        const digits = [...text.matchAll(/\d+/g)];
        const [found] = changes.map(([place]) => digits[place % digits.length]);
        const [, value] = changes[0] as Edit;
        if (found)
          entries.set(
            'manifest.json',
            Buffer.from(text.slice(0, found.index) + String(value) + text.slice(found.index + found[0].length)),
          );
        volumes[at] = repack(entries);
      }
      await expectSetVerdict(volumes);
    },
    longestMs,
  );
});
