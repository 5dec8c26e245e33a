import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bufferSource,
  checkVolume,
  entityKinds,
  exact,
  formatRow,
  OrderFreeDigest,
  openVolume,
  parseRow,
} from '../src/index.ts';
import { number, profile, value } from './arbitraries.ts';
import { check, pack, unpack } from './packing.ts';

describe('a package', () => {
  test('gives back every row, line and file of any profile, and is found intact', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.boolean(), async (whole, asStreams) => {
        const { zip, written } = await pack(whole, { asStreams });
        const volume = await openVolume(bufferSource(zip));
        for (const kind of entityKinds) {
          const found: string[] = [];
          for await (const { row, line } of volume.rows(kind)) {
            expect(formatRow(row)).toBe(line);
            found.push(line);
          }
          expect(found).toEqual(whole.rows[kind].map(formatRow));
        }
        const entries = await unpack(zip);
        for (const { fileId, bytes } of whole.files) {
          const entry = volume.files.get(fileId);
          expect(entries.get(entry?.name ?? '')?.equals(bytes)).toBe(true);
        }
        const verdict = await check(zip);
        expect(verdict).toMatchObject({ errors: [], intact: true, counts: written.counts });
        expect(verdict.files).toEqual({
          present: whole.files.length,
          failed: whole.rows.transaction_files.length - whole.files.length,
          bytes: written.fileBytes,
        });
      }),
      { numRuns: 60 },
    );
  });

  test('states the digest of its rows whatever their order', async () => {
    const [whole] = fc.sample(
      profile.filter(({ rows }) => rows.transactions.length > 2),
      { numRuns: 1, seed: 7 },
    );
    if (!whole) throw new Error('no profile was made');
    const digest = new OrderFreeDigest();
    for (const row of whole.rows.transactions.toReversed()) digest.add(formatRow(row));
    const { zip } = await pack(whole);
    const { digests } = await checkVolume(await openVolume(bufferSource(zip)), { withDigests: true });
    expect(digests?.transactions).toBe(digest.hex());
  });

  test('of equal content has equal bytes', async () => {
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const [once, again] = [await pack(whole), await pack(whole)];
        expect(again.written.checksums).toEqual(once.written.checksums);
        expect(again.zip.equals(once.zip)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('a row', () => {
  test('keeps every digit of every number', () => {
    fc.assert(
      fc.property(number, (found) => {
        const line = formatRow({ found });
        expect(formatRow(parseRow(line))).toBe(line);
      }),
    );
    for (const text of ['1.0', '-0', '1e400', '18446744073709551615', '0.1000', '9007199254740993']) {
      expect(formatRow(parseRow(`{"x":${text}}`))).toBe(`{"x":${text}}`);
      expect(formatRow({ x: exact(text) })).toBe(`{"x":${text}}`);
    }
  });

  test('keeps a long integer among texts that look like one, in any place', () => {
    for (const line of [
      '{"a":"x:12345678901234567890","hash":18446744073709551615}',
      '{"a":[":12345678901234567890,"],"b":1}',
      '{"__proto__":{"h":18446744073709551615}}',
      '{"a":[[-9223372036854775808]],"b":1700000000000000}',
      '{"a":9007199254740993}',
      '{"a":1234567890123456.5}',
      '{"a":[-0,1]}',
      '{"a":12345678901234567890e2}',
    ]) {
      expect(formatRow(parseRow(line))).toBe(line);
    }
    expect(formatRow(parseRow('{"a": 18446744073709551615 ,"a":\n1}'))).toBe('{"a":1}');
    expect(formatRow(parseRow('{"a":\t18446744073709551615}'))).toBe('{"a":18446744073709551615}');
  });

  test('has one spelling, on one line, that reads back as the same value', () => {
    fc.assert(
      fc.property(value, (found) => {
        const line = formatRow({ found });
        expect(line).not.toMatch(/[\n\r]/);
        expect(formatRow(parseRow(line))).toBe(line);
        expect(Object.keys(JSON.parse(line))).toEqual(['found']);
      }),
    );
  });

  test('keeps a key named __proto__ as a key', () => {
    const line = '{"__proto__":{"polluted":1},"a":1}';
    expect(formatRow(parseRow(line))).toBe(line);
    expect('polluted' in parseRow(line)).toBe(false);
  });
});
