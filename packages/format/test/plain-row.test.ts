/** The quick look at a row never passes what the long one would find something in, and lets ordinary rows pass. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entityKinds, formatRow, kindRules, parseRow, type Row } from '../src/index.ts';
import { plainCheck } from '../src/plain-row.ts';
import { rowOf } from './arbitraries.ts';
import { faults, ids, oddRow, uuid } from './odd-rows.ts';

/** As readers look: not where a number may have a fraction or an exponent, which they parse in another way. */
const mayLook = (text: string): boolean => !/\d[.eE][-+]?\d+\s*[,}\]]/.test(text);

describe.each(entityKinds)('a plain row of %s', (kind) => {
  test('has nothing that the long look finds, and reads the same', () => {
    fc.assert(
      fc.property(oddRow(kind), (row) => {
        const text = formatRow(row);
        const found = JSON.parse(text) as Row;
        if (!mayLook(text) || !plainCheck(kind)(found, text)) return;
        expect(faults(kind, text)).toEqual([]);
        expect(formatRow(found)).toBe(formatRow(parseRow(text)));
      }),
      { numRuns: 2000 },
    );
  });

  // Analytics hold anything, which only their schema looks through.
  test.skipIf(kind === 'analytics')('is what most right rows are', () => {
    const known = new Set(Object.keys((kindRules[kind].schema as unknown as { shape: object }).shape));
    const plain = fc.sample(rowOf(kind, ids, uuid('9')), { numRuns: 300, seed: 1 }).filter((row) => {
      const text = formatRow(Object.fromEntries(Object.entries(row).filter(([name]) => known.has(name))));
      return plainCheck(kind)(JSON.parse(text) as Row, text);
    });
    expect(plain.length).toBeGreaterThan(150);
  });
});

describe('a long integer', () => {
  const row = { transactionId: uuid('9'), accountId: uuid('1'), fileId: uuid('4'), description: 'x', amount: '1' };
  const times = { date: 1, createdAt: 1, updatedAt: 1 };
  const text = (more: string): string => `${formatRow({ ...row, ...times }).slice(0, -1)},${more}}`;
  const look = (more: string): string | undefined => {
    const found = JSON.parse(text(more)) as Row;
    return plainCheck('transactions')(found, text(more)) ? formatRow(found) : undefined;
  };

  test('keeps its digits', () => {
    expect(look('"transactionHash":18446744073709551615')).toContain('"transactionHash":18446744073709551615');
  });

  test('named twice keeps the last', () => {
    const twice = '"transactionHash":18446744073709551615,"transactionHash":18446744073709551614';
    expect(look(twice)).toBe(formatRow(parseRow(text(twice))));
  });

  test.each([
    ['beyond 64 bits', '"transactionHash":18446744073709551616'],
    [
      'named again within what a later name overwrites',
      '"transactionHash":18446744073709551615,"memo":{"transactionHash":18446744073709551614},"memo":""',
    ],
    [
      'named within what a later name overwrites',
      '"memo":{"transactionHash":18446744073709551614},"memo":"","transactionHash" :18446744073709551615',
    ],
    ['named with an escape', '"transactionH\\u0061sh":18446744073709551615'],
    [
      'named in a text as well',
      '"memo":"\\"transactionHash\\":1","fitId":"\\"transactionHash","transactionHash" :18446744073709551615',
    ],
    ['beside another', '"a":12345678901234567890,"b":12345678901234567890'],
    ['of more digits than a table holds', `"a":${'1'.repeat(39)}`],
  ])('%s is looked at more closely', (_, more) => {
    expect(look(more)).toBeUndefined();
  });
});
