/** The quick look at a row never passes what the long one would find something in, and lets ordinary rows pass. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EntityKind,
  entityKinds,
  formatRow,
  kindRules,
  normalizer,
  oddValues,
  parseRow,
  type Row,
  unwritableKeys,
  type Value,
} from '../src/index.ts';
import { plainCheck } from '../src/plain-row.ts';
import { refuseUnfit } from '../src/row-limits.ts';
import { rowOf, value } from './arbitraries.ts';

const uuid = (digit: string): string => `a0000000-0000-4000-8000-00000000000${digit}`;
const ids = { accounts: [uuid('1')], categories: [uuid('2')], file_maps: [uuid('3')], transaction_files: [uuid('4')] };
/** As readers look: not where a number may have a fraction or an exponent, which they parse in another way. */
const mayLook = (text: string): boolean => !/\d[.eE][-+]?\d+\s*[,}\]]/.test(text);

const names = [
  ...new Set([
    ...entityKinds.flatMap((kind) => Object.keys((kindRules[kind].schema as unknown as { shape: object }).shape)),
    ...['categoryId', 'exportMetadata', 'dateFormatted', 'pk', '__proto__', 'other', ''],
  ]),
];
/** What is nearly right for some field or other. */
const odd: fc.Arbitrary<Value> = fc.oneof(
  value,
  fc.constantFrom<Value>(
    null,
    -0,
    -1,
    0,
    101,
    '',
    '1e5',
    '-1',
    uuid('1'),
    uuid('1').toUpperCase(),
    `${uuid('1')}0`,
    'USD',
  ),
  fc.constantFrom<Value>('x'.repeat(51), 'x'.repeat(101), 'x'.repeat(1001), 'é'.repeat(1100), [], {}, [{}], [null]),
  fc.constantFrom<Value>([{ categoryId: uuid('2'), assignedAt: 1, confidence: 101 }], [{ condition: 'amount_range' }]),
  fc.constantFrom<Value>({ startDate: 1, endDate: 2, start: 1 }, { start: 1, end: 2 }),
);
const changes = fc.array(fc.tuple(fc.constantFrom(...names), fc.option(odd, { nil: undefined })), { maxLength: 3 });

const changed = (row: Row, edits: [string, Value | undefined][]): Row => {
  const entries = new Map(Object.entries(row));
  for (const [name, edit] of edits) {
    if (edit === undefined) entries.delete(name);
    else entries.set(name, edit);
  }
  return Object.fromEntries(entries);
};

/** What the long look has against a row. */
const faults = (kind: EntityKind, text: string): unknown[] => {
  const row = parseRow(text);
  const found: unknown[] = [...oddValues(kind, row), ...unwritableKeys(kind, row)];
  for (const dialect of ['fzip-1.0', 'housef3-2.5'] as const)
    if (normalizer(kind, dialect)(row) !== row) found.push(`${dialect} changes it`);
  try {
    refuseUnfit(row, text);
  } catch (error) {
    found.push(error);
  }
  return found;
};

describe.each(entityKinds)('a plain row of %s', (kind) => {
  test('has nothing that the long look finds, and reads the same', () => {
    fc.assert(
      fc.property(rowOf(kind, ids, uuid('9')), changes, (row, edits) => {
        const text = formatRow(changed(row, edits));
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
