/** Packages of which every entry is LZMA, the manifest included: HouseF3 writes them above 50 MiB of files. */
import { fc, test } from '@fast-check/vitest';
import { beforeAll, describe, expect } from 'vitest';
import { bufferSource, checkVolume, entityKinds, openVolume } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { codesOf, pack, type RawEntry, rawZip, unpack } from './packing.ts';
import { expectPartOf, linesOf, saved } from './repairing.ts';
import { type SqueezedEntry, squeezed, squeezedEntry } from './squeezed.ts';

describe('a package of LZMA entries', () => {
  test.prop([profile], { numRuns: 25 })(
    'holds the rows and bytes that the same package of other entries holds',
    async (found) => {
      const { zip } = await pack(found);
      const [plain, packed] = [
        await openVolume(bufferSource(zip)),
        await openVolume(bufferSource(await squeezed(zip))),
      ];
      const withDigests = { withDigests: true };
      const [expected, verdict] = [await checkVolume(plain, withDigests), await checkVolume(packed, withDigests)];
      expect(verdict.errors).toEqual(expected.errors);
      for (const kind of entityKinds) expect(verdict.digests?.[kind]).toBe(expected.digests?.[kind] ?? 'no digest');
      expect(verdict.files).toEqual(expected.files);
    },
  );
});

test('what is whole of a package of LZMA entries that was cut is saved', async () => {
  const [found] = fc.sample(
    profile.filter(({ rows }) => rows.accounts.length > 1 && rows.transactions.length > 2),
    { seed: 5, numRuns: 1 },
  );
  const zip = await squeezed((await pack(found as never)).zip);
  const whole = await saved(zip.subarray(0, zip.indexOf('PK\x01\x02')));
  expect(whole?.lost).toEqual([]);
  const was = { lines: await linesOf(zip), entries: await unpack(zip) };
  for (let end = 100; end < zip.length; end += 131) {
    const part = await saved(zip.subarray(0, end));
    if (part) await expectPartOf(part.zip, was);
  }
});

describe('an LZMA entry', () => {
  let entries: SqueezedEntry[];
  const broken = async (change: (entry: SqueezedEntry) => Partial<RawEntry>): Promise<string | undefined> =>
    (
      await codesOf(
        rawZip(entries.map((entry) => (entry.name === 'data/accounts.json' ? { ...entry, ...change(entry) } : entry))),
      )
    )[0];
  const flipped = (bytes: Buffer, at: number, by = 0x55): Buffer => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ by;
    return changed;
  };

  beforeAll(async () => {
    const [found] = fc.sample(
      profile.filter(({ rows }) => rows.accounts.length > 1),
      { seed: 7, numRuns: 1 },
    );
    if (!found) throw new Error('no profile with accounts came');
    entries = [];
    for (const [name, plain] of await unpack((await pack(found)).zip)) entries.push(await squeezedEntry(name, plain));
  });

  test('is intact as it was made', async () => {
    expect(await codesOf(rawZip(entries))).toEqual([]);
  });

  test.each<[string, (entry: SqueezedEntry) => Partial<RawEntry>, string]>([
    ['with properties of another length', ({ bytes }) => ({ bytes: flipped(bytes, 2, 1) }), 'BAD_COMPRESSION'],
    ['with properties that cannot be', ({ bytes }) => ({ bytes: flipped(bytes, 4, 0xff) }), 'BAD_COMPRESSION'],
    ['with a dictionary above 64 MiB', ({ bytes }) => ({ bytes: flipped(bytes, 8, 0x08) }), 'TOO_LARGE'],
    ['that ends within its head', ({ bytes }) => ({ bytes: bytes.subarray(0, 7) }), 'BAD_COMPRESSION'],
    ['that ends too early', ({ bytes }) => ({ bytes: bytes.subarray(0, -6) }), 'BAD_COMPRESSION'],
    [
      'with bytes behind its end',
      ({ bytes }) => ({ bytes: Buffer.concat([bytes, Buffer.from('more')]) }),
      'BAD_COMPRESSION',
    ],
    [
      'with zeros behind its end',
      ({ bytes }) => ({ bytes: Buffer.concat([bytes, Buffer.alloc(5000)]) }),
      'BAD_COMPRESSION',
    ],
    ['with a second stream behind it', ({ bytes }) => ({ bytes: Buffer.concat([bytes, bytes]) }), 'BAD_COMPRESSION'],
    ['that is larger than stated', ({ size = 0 }) => ({ size: size - 1 }), 'SIZE_MISMATCH'],
    ['that is smaller than stated', ({ size = 0 }) => ({ size: size + 1 }), 'SIZE_MISMATCH'],
    ['of another CRC', ({ crc = 0 }) => ({ crc: (crc ^ 1) >>> 0 }), 'BAD_CRC'],
    ['of no bytes', () => ({ bytes: Buffer.alloc(0) }), 'BAD_COMPRESSION'],
  ])('%s is refused', async (_name, change, code) => {
    expect(await broken(change)).toBe(code);
  });

  test('with any byte of its stream changed is never intact, and never hangs', async () => {
    const { bytes } = entries.find(({ name }) => name === 'data/accounts.json') as { bytes: Buffer };
    for (let at = 0; at < bytes.length; at += 3) {
      // The two bytes of the version, and a dictionary that is larger than needed, change nothing of what is held.
      if (at < 2 || (at >= 5 && at < 9)) continue;
      expect(await broken(() => ({ bytes: flipped(bytes, at) })), `byte ${at}`).toBeDefined();
    }
  });

  test('is decoded in flat memory, however much it expands', async () => {
    const plain = Buffer.alloc(64 * 2 ** 20, 'x');
    const entry = await squeezedEntry('data/accounts.json', plain);
    const bomb = rawZip(entries.map((one) => (one.name === entry.name ? entry : one)));
    const volume = await openVolume(bufferSource(bomb));
    const accounts = volume.data.get('accounts');
    if (!accounts) throw new Error('no accounts');
    const body = volume.body(accounts);
    const before = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    await expect(async () => {
      for await (const chunk of body) {
        // Whoever is slow to take the first chunk finds that little was decoded meanwhile.
        for (let turns = bytes === 0 ? 1000 : 0; turns > 0; turns -= 1) await new Promise(setImmediate);
        if (bytes === 0) expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(plain.length / 2);
        bytes += (chunk as Buffer).length;
      }
    }).rejects.toMatchObject({ code: 'BAD_CHECKSUM' });
    expect(bytes).toBe(plain.length);
  });
});
