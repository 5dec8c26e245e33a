/**
 * Packages with something changed, at every level: bytes, ZIP records, entries, JSON that is checksummed anew. Whatever comes,
 * the reader gives a verdict: it never crashes, never hangs, and what it calls intact an independent reading finds as well.
 * 2 000 cases by `npm test`; a million, or as many as are given, by `npm run fuzz`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { beforeAll, describe, expect } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { bufferSource, checkVolume, openVolume, PackageRefused, refusals } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { pack, type RawEntry, rawZip, sha256, unpack } from './packing.ts';

const cases = Number(process.env.FZIP_FUZZ_CASES ?? 2_000);
/** The same cases in every run of `npm test`; others each time when more are asked for. */
const seed = process.env.FZIP_FUZZ_CASES === undefined ? { seed: 20_261_127 } : {};
const fuzzing = { ...seed, numRuns: Math.ceil(cases / 4) };
const longestMs = 30_000 + cases * 20;

type Seed = { zip: Buffer; entries: Map<string, Buffer> };
let seeds: Seed[];
/** Packages of every edge that is accepted, beside ours: of other makers, with gzip, LZMA, zip64. */
let zips: Buffer[];

beforeAll(async () => {
  const profiles = fc.sample(profile, { seed: 11, numRuns: 6 });
  seeds = [];
  for (const [n, found] of profiles.entries()) {
    const { zip } = await pack(found, { asStreams: n % 2 === 0 });
    seeds.push({ zip, entries: await unpack(zip) });
  }
  const folder = new URL('accepts/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => /\.(fzip|zip)$/.test(name)).sort();
  const accepted = await Promise.all(names.map((name) => readFile(new URL(encodeURIComponent(name), folder))));
  expect(accepted.length).toBeGreaterThan(100);
  zips = [...seeds.map(({ zip }) => zip), ...accepted.filter(({ length }) => length < largestSeed)];
});

const seedOf = (n: number): Seed => seeds[n % seeds.length] as Seed;
const largestSeed = 64 * 1024;
/** As often one of ours as one of the others. */
const zipOf = (n: number): Buffer => (n % 2 === 0 ? seedOf(n >> 1).zip : (zips[(n >> 1) % zips.length] as Buffer));

/** Rows of an entry, by Node's own inflate and parser. */
const rowsIn = (name: string, bytes: Buffer): number => {
  const plain = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  const value = JSON.parse(plain.toString().replace(/^\ufeff/, '')) as unknown[] | Record<string, unknown[]>;
  return Array.isArray(value) ? value.length : Object.values(value).flat().length;
};

/** Every entry by yauzl alone: a reader that knows nothing of packages. Of LZMA it reads the name, for it has no decoder. */
const readPlainly = async (zip: Buffer): Promise<Map<string, Buffer | undefined>> => {
  const archive = await fromBufferPromise(zip);
  const found = new Map<string, Buffer | undefined>();
  for await (const entry of archive.eachEntry()) {
    const isLzma = entry.compressionMethod === 14;
    found.set(entry.fileName, isLzma ? undefined : await buffer(await archive.openReadStreamPromise(entry)));
  }
  return found;
};

/** Reads all there is. The verdict: a refusal's code, the errors' codes, or `intact` after a second opinion. */
const judge = async (zip: Buffer): Promise<string> => {
  try {
    const volume = await openVolume(bufferSource(zip), { uncompressedBytes: 64 * 2 ** 20, entries: 1_000 });
    const { intact, errors, counts } = await checkVolume(volume);
    if (!intact) return errors.map(({ code }) => code).join();
    const plainly = await readPlainly(zip);
    expect([...volume.entries].map(({ name }) => name)).toEqual([...plainly.keys()]);
    for (const entry of volume.entries) {
      const bytes = plainly.get(entry.name);
      if (bytes) expect(sha256(await buffer(volume.body(entry))), entry.name).toBe(sha256(bytes));
    }
    for (const [kind, { name }] of volume.data) {
      const bytes = plainly.get(name);
      if (bytes) expect(counts[kind] === rowsIn(name, bytes), `${counts[kind]} rows of ${kind}`).toBe(true);
    }
    return 'intact';
  } catch (error) {
    if (error instanceof PackageRefused) return error.code;
    throw error;
  }
};

const place = fc.nat();
const byte = fc.integer({ min: 0, max: 255 });
const extreme = fc.constantFrom(0, 1, 7, 8, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff);

/** Where records of the archive begin: most bytes of a package are data, most rules are about the rest. */
const recordsOf = (zip: Buffer): number[] => {
  const found: number[] = [];
  for (let at = zip.indexOf('PK'); at >= 0; at = zip.indexOf('PK', at + 1)) found.push(at);
  return found;
};

const verdicts = ['intact', ...Object.keys(refusals)];

const expectVerdict = async (zip: Buffer): Promise<void> => {
  for (const verdict of (await judge(zip)).split(',')) expect(verdicts).toContain(verdict);
};

describe('a package', () => {
  test.prop(
    [
      place,
      fc.array(fc.tuple(place, byte, fc.constantFrom('set', 'cut', 'insert', 'end')), { minLength: 1, maxLength: 4 }),
    ],
    fuzzing,
  )(
    'with other bytes gets a verdict',
    async (n, changes) => {
      let zip = zipOf(n);
      for (const [at, value, how] of changes) {
        const where = zip.length === 0 ? 0 : at % zip.length;
        if (how === 'set') {
          zip = Buffer.from(zip);
          zip[where] = value;
        } else if (how === 'cut') zip = Buffer.concat([zip.subarray(0, where), zip.subarray(where + value)]);
        else if (how === 'insert')
          zip = Buffer.concat([zip.subarray(0, where), Buffer.alloc(value % 32, value), zip.subarray(where)]);
        else zip = zip.subarray(0, where);
      }
      await expectVerdict(zip);
    },
    longestMs,
  );

  test.prop(
    [place, fc.array(fc.tuple(place, fc.nat(55), fc.constantFrom(1, 2, 4), extreme), { minLength: 1, maxLength: 3 })],
    fuzzing,
  )(
    'with other fields in its records gets a verdict',
    async (n, changes) => {
      const zip = Buffer.from(zipOf(n));
      const records = recordsOf(zip);
      for (const [which, offset, width, value] of changes) {
        const at = (records[which % records.length] ?? 0) + 4 + offset;
        if (at + width <= zip.length) zip.writeUIntLE(value % 2 ** (8 * width), at, width);
      }
      await expectVerdict(zip);
    },
    longestMs,
  );

  const hostile = [
    '../x',
    'files/a/../b',
    '__proto__',
    'data/accounts.JSON',
    'files/\u202e/x',
    'data\\x',
    '',
    'manifest.json',
    'files/1/a',
  ];
  const change = fc.oneof(
    fc.record({ flags: extreme.map((value) => value % 0x10000) }),
    fc.record({ method: fc.constantFrom(0, 8, 9, 12, 14, 93) }),
    fc.record({ crc: extreme }),
    fc.record({ size: extreme }),
    fc.record({ deflate: fc.boolean() }),
    fc.record({ tail: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) }),
    fc.record({ behind: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) }),
    fc.record({ extra: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) }),
    fc.record({ attributes: extreme }),
    fc.record({ localName: fc.constantFrom(...hostile) }),
    fc.record({ name: fc.constantFrom(...hostile) }),
    fc.constant('twice' as const),
    fc.constant('gone' as const),
  );
  test.prop(
    [place, fc.array(fc.tuple(place, change), { minLength: 1, maxLength: 3 }), fc.string({ maxLength: 12 })],
    fuzzing,
  )(
    'with other entries gets a verdict',
    async (n, changes, comment) => {
      const entries: RawEntry[] = [...seedOf(n).entries].map(([name, bytes]) => ({
        name,
        bytes,
        deflate: name.startsWith('data/'),
      }));
      for (const [which, what] of changes) {
        const at = which % Math.max(1, entries.length);
        const entry = entries[at];
        if (entry === undefined) continue;
        if (what === 'gone') entries.splice(at, 1);
        else if (what === 'twice') entries.push({ ...entry });
        else entries[at] = { ...entry, ...what } as RawEntry;
      }
      await expectVerdict(rawZip(entries, n % 3 === 0 ? { comment } : {}));
    },
    longestMs,
  );

  const token = fc.constantFrom(
    'null',
    '1e400',
    '-0',
    '1E+2',
    '[[[[]]]]',
    '{"__proto__":1}',
    '"\\ud800"',
    '{}',
    '[',
    ',',
    '"',
    '9'.repeat(40),
    '{"a":1,"a":2}',
    'true',
    '"2.0"',
    '-1',
    '\r\n',
  );
  test.prop([place, place, fc.array(fc.tuple(place, fc.nat(12), token), { minLength: 1, maxLength: 3 })], fuzzing)(
    'with other JSON under right checksums gets a verdict',
    async (n, which, changes) => {
      const entries = new Map(seedOf(n).entries);
      const names = [...entries.keys()].filter((name) => name.endsWith('.json'));
      const name = names[which % names.length] as string;
      let text = (entries.get(name) as Buffer).toString();
      for (const [at, length, insert] of changes) {
        // Values begin behind colons and commas, which is where changed JSON has a chance to be JSON.
        const where = Math.max(0, text.indexOf(at % 2 === 0 ? ':' : ',', at % Math.max(1, text.length)) + 1);
        const upTo = at % 3 === 0 ? where + length : Math.max(where, text.slice(where).search(/[,}\]]/) + where);
        text = text.slice(0, where) + insert + text.slice(upTo);
      }
      entries.set(name, Buffer.from(text));
      const manifest = entries.get('manifest.json');
      if (name !== 'manifest.json' && manifest) {
        const stated = JSON.parse(manifest.toString()) as { checksums: Record<string, string> };
        stated.checksums[name] = sha256(text);
        entries.set('manifest.json', Buffer.from(JSON.stringify(stated)));
      }
      await expectVerdict(rawZip([...entries].map(([entry, bytes]) => ({ name: entry, bytes }))));
    },
    longestMs,
  );
});
