/**
 * Packages with something changed, at every level: bytes, ZIP records, entries, JSON that is checksummed anew. Whatever comes,
 * the reader gives a verdict: it never crashes, never hangs, and what it calls intact an independent reading finds as well.
 * 2 000 cases by `npm test`; a million, or as many as are given, by `npm run fuzz`.
 */
import { fc, test } from '@fast-check/vitest';
import { beforeAll, describe } from 'vitest';
import { acceptedZips, expectVerdict, fuzzing, longestMs, makeSeeds, type Seed } from './fuzzing.ts';
import { type RawEntry, rawZip, sha256 } from './packing.ts';

let seeds: Seed[];
let zips: Buffer[];

beforeAll(async () => {
  seeds = await makeSeeds();
  zips = [...seeds.map(({ zip }) => zip), ...(await acceptedZips())];
});

const seedOf = (n: number): Seed => seeds[n % seeds.length] as Seed;
/** As often one of ours as one of the others. */
const zipOf = (n: number): Buffer => (n % 2 === 0 ? seedOf(n >> 1).zip : (zips[(n >> 1) % zips.length] as Buffer));

const place = fc.nat();
const byte = fc.integer({ min: 0, max: 255 });
const extreme = fc.constantFrom(0, 1, 7, 8, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff);

/** Where records of the archive begin: most bytes of a package are data, most rules are about the rest. */
const recordsOf = (zip: Buffer): number[] => {
  const found: number[] = [];
  for (let at = zip.indexOf('PK'); at >= 0; at = zip.indexOf('PK', at + 1)) found.push(at);
  return found;
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
