import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRow, parseRow, type Row } from '../src/index.ts';
import { type RowLine, readRows } from '../src/rows.ts';
import { value } from './arbitraries.ts';

const inChunks = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

const read = async (text: string | Buffer, chunk = 7, lineBytes = 4096): Promise<RowLine[]> => {
  const found: RowLine[] = [];
  for await (const some of readRows(inChunks(Buffer.from(text), chunk), 'accounts', lineBytes)) found.push(...some);
  return found;
};

const rows: fc.Arbitrary<Row[]> = fc.array(fc.record({ a: value, 'ключ"]},{': value }), { maxLength: 5 });

/** The same document in the spellings that other tools give it. */
const spellings: Record<string, (rows: string[]) => string> = {
  'as written by us': (all) => `{"accounts":[\n${all.join(',\n')}${all.length > 0 ? '\n' : ''}]}\n`,
  'with CRLF': (all) => `{"accounts":[\r\n${all.join(',\r\n')}\r\n]}\r\n`,
  'without any white space': (all) => `{"accounts":[${all.join(',')}]}`,
  'with all rows on one line': (all) => `{"accounts":[\n${all.join(',')}\n]}`,
  'with commas at the beginning of lines': (all) => `{"accounts":[\n${all.join('\n,')}\n]}`,
  'as a bare array': (all) => `[${all.join(', ')}]`,
  'after a byte-order mark': (all) => `\ufeff{"accounts":[\n${all.join(',\n')}\n]}\n`,
  'with an escaped key': (all) => `{"\\u0061ccounts" : [ ${all.join(' ,\t')} ] }\n\n`,
  'with the end of the array on the last row': (all) => `{"accounts":[\n${all.join(',\n')}]}`,
};

describe('a row that is not UTF-8', () => {
  test('is told by its place, and the rows before it are handed on, however the bytes are cut', async () => {
    const bad = Buffer.from('{"a":"\xff"}', 'latin1');
    const bytes = Buffer.concat([
      Buffer.from('{"accounts":[\n{"a":1},\n{"a":2},\n'),
      bad,
      Buffer.from(',\n{"a":3}\n]}\n'),
    ]);
    for (let chunk = 1; chunk <= bytes.length; chunk += 1) {
      const found: string[] = [];
      const reading = async () => {
        for await (const some of readRows(inChunks(bytes, chunk), 'accounts', 4096))
          found.push(...some.map(({ line }) => line));
      };
      await expect(reading(), String(chunk)).rejects.toMatchObject({ code: 'BAD_TEXT' });
      expect(found).toEqual(['{"a":1}', '{"a":2}']);
    }
  });
});

describe('a data file', () => {
  test.each(Object.entries(spellings))('%s gives its rows, whatever the chunks', async (_name, spell) => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 200 }), async (all, chunk) => {
        const lines = all.map(formatRow);
        const found = await read(spell(lines), chunk, 2 ** 20);
        expect(found.map(({ line }) => line)).toEqual(lines);
        expect(found.map(({ row }) => formatRow(row))).toEqual(lines);
      }),
      { numRuns: 30 },
    );
  });

  test('pretty-printed gives rows on one line', async () => {
    const pretty = JSON.stringify({ accounts: [{ b: [1, { c: ']}' }], a: '\u2028"\\' }, {}] }, null, 2);
    for (const chunk of [1, 5, 1000]) {
      expect((await read(pretty, chunk)).map(({ line }) => line)).toEqual([
        '{"a":"\u2028\\"\\\\","b":[1,{"c":"]}"}]}',
        '{}',
      ]);
    }
  });

  test('that changes its spelling half way is read on', async () => {
    const mixed = '{"accounts":[\n{"a":1},\n{"a":2},{"a":3},\n{\n"a":4},\n{"a":{"b":5},\n"c":6},\n{"a":7}\n]\n}';
    expect((await read(mixed)).map(({ line }) => line)).toEqual([
      '{"a":1}',
      '{"a":2}',
      '{"a":3}',
      '{"a":4}',
      '{"a":{"b":5},"c":6}',
      '{"a":7}',
    ]);
  });

  test.each([
    ['', 'ends where { or [ is allowed'],
    ['{"accounts":[\n{"a":1}\n', 'ends where , or ] is allowed'],
    ['{"accounts":[\n{"a":1},\n]}\n', 'found "]" where a row is allowed'],
    ['{"accounts":[\n{"a":1}\n{"a":2}\n]}\n', 'found "{" where , or ] is allowed'],
    ['{"accounts":[\n{"a":1}\n]}\n{"more":1}', 'found "{" where nothing is allowed'],
    ['{"accounts":[\n{"a":1}\n],"second":[]}', 'found "," where } is allowed'],
    ['{"accounts":[1]}', 'found "1" where a row or ] is allowed'],
    ['{"accounts":null}', 'found "n" where [ is allowed'],
    ['{"transactions":[]}', 'allowed is "accounts"'],
    ['{"accounts":[\n{"a":01}\n]}\n', 'row 1 is no JSON object'],
    ['{"accounts":[\n{"a":1},\n{"a":NaN}\n]}\n', 'row 2 is no JSON object'],
    ['{"accounts":[{"a":"\n"}]}', 'row 1 is no JSON object'],
  ])('%j is refused', async (text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'BAD_JSON', message: expect.stringContaining(message) });
  });

  test('that is not UTF-8 is refused in either spelling', async () => {
    const bad = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
    for (const [before, after] of [
      ['{"accounts":[\n{"a":', '}\n]}\n'],
      ['{"accounts":[{"a":', '}]}'],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(before), bad, Buffer.from(after)]);
      await expect(read(bytes)).rejects.toMatchObject({ code: 'BAD_TEXT' });
    }
  });

  test('with a row above the limit is refused, and with many rows on one long line is not', async () => {
    const long = `{"a":"${'x'.repeat(5000)}"}`;
    for (const text of [
      `{"accounts":[\n${long}\n]}\n`,
      `{"accounts":[${long}]}`,
      `{"accounts":[\n{"a":"${'x'.repeat(9000)}`,
    ]) {
      await expect(read(text, 1000)).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
    }
    const many = Array.from({ length: 1000 }, (_, index) => `{"a":${index}}`);
    expect(await read(`{"accounts":[\n${many.join(',')}\n]}`, 1000)).toHaveLength(1000);
  });

  test('nested without end is refused rather than crashed on', async () => {
    const nested = (levels: number) => `{"accounts":[\n{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}\n]}\n`;
    for (const text of [nested(41), nested(200_000), nested(41).replace('\n{', '{')]) {
      await expect(read(text, 65_536, 2 ** 22)).rejects.toMatchObject({ code: 'TOO_DEEP' });
    }
    expect(await read(nested(40))).toHaveLength(1);
    expect(formatRow(parseRow('{"a":[[]]}'))).toBe('{"a":[[]]}');
  });
});
