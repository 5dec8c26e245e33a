/** How large and how deep a row may be, to the byte and to the level. */
import { describe, expect, test } from 'vitest';
import { PackageRefused, parseRow, type Row } from '../src/index.ts';
import { refuseUnfit } from '../src/row-limits.ts';
import { readRows } from '../src/rows.ts';

const most = 400 * 1024;
const lineBytes = 4 * 2 ** 20;

const codeOf = (text: string): string | undefined => {
  try {
    refuseUnfit(parseRow(text), text);
    return undefined;
  } catch (error) {
    if (error instanceof PackageRefused) return error.code;
    throw error;
  }
};

/** A row that DynamoDB counts as so many bytes: some attributes, and a text that fills it up. */
const filled = (others: Row, othersBytes: number, bytes: number): string =>
  JSON.stringify({ ...others, fill: 'x'.repeat(bytes - 'fill'.length - othersBytes) });

describe('a row of 400 KB', () => {
  test.each<[string, Row, number]>([
    ['texts', { name: 'Giro' }, 4 + 4],
    ['many attributes', Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`a${n + 10}`, null])), 90 * 4],
    ['a number, by its significant digits', { sum: 1_200_000 }, 3 + 2],
    ['zero', { sum: 0 }, 3 + 1],
    ['a list', { list: ['ab', true] }, 4 + 3 + 3 + 2],
    ['a map', { map: { key: 'ab' } }, 3 + 3 + 3 + 2 + 1],
    ['characters of two bytes', { text: 'éé' }, 4 + 4],
  ])('with %s is taken, and one byte more is not', (_name, others, bytes) => {
    expect(codeOf(filled(others, bytes, most))).toBeUndefined();
    expect(codeOf(filled(others, bytes, most + 1))).toBe('ROW_TOO_LARGE');
  });
});

describe.each(['on one line', 'on several'])('a row %s', (how) => {
  const read = async (levels: number): Promise<number> => {
    const inner = `${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}`;
    const row = `{"long":12345678901234567,${how === 'on several' ? '\n' : ''}"deep":${inner}}`;
    let rows = 0;
    const body = (async function* () {
      yield Buffer.from(`{"accounts":[\n${row}\n]}\n`);
    })();
    for await (const batch of readRows(body, 'accounts', lineBytes)) rows += batch.length;
    return rows;
  };

  test('may have 40 levels', async () => {
    expect(await read(40)).toBe(1);
  });

  test.each([41, 10_000, 1_500_000])('of %i levels is refused as too deep', async (levels) => {
    await expect(read(levels)).rejects.toMatchObject({ code: 'TOO_DEEP' });
  });
});
