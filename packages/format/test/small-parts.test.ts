import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIdSet } from '../src/id-set.ts';
import {
  DefectLedger,
  entityKinds,
  fileEntry,
  isDecimal,
  normalDecimal,
  oddValues,
  plainDecimal,
  pythonNormalized,
  type Row,
  safeFileName,
} from '../src/index.ts';
import { money, profile, text } from './arbitraries.ts';

describe('money', () => {
  test.each([
    ['100', '1E+2'],
    ['100.00', '1E+2'],
    ['0', '0'],
    ['0.00', '0'],
    ['-0', '-0'],
    ['-12.50', '-12.5'],
    ['12.34', '12.34'],
    ['1E+2', '1E+2'],
    ['1234567.800', '1234567.8'],
    ['-99999999999.99', '-99999999999.99'],
    ['1200', '1.2E+3'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1E-7'],
    ['0.00000123', '0.00000123'],
    ['0.000000123', '1.23E-7'],
  ])('%s is hashed as %s, as Python normalizes it', (given, expected) => {
    expect(pythonNormalized(given)).toBe(expected);
  });

  test.each([
    ['1E+2', '100'],
    ['100.00', '100'],
    ['+007.50', '7.5'],
    ['-0.0', '0'],
    ['1.5e-3', '0.0015'],
    ['.5', '0.5'],
    ['abc', 'abc'],
    ['1e999', '1e999'],
  ])('%s is %s without exponent and idle zeros', (given, expected) => {
    expect(normalDecimal(given)).toBe(expected);
  });

  test('keeps its value and has one normal form', () => {
    fc.assert(
      fc.property(money, (given) => {
        expect(isDecimal(given)).toBe(true);
        const normal = normalDecimal(given);
        expect(normalDecimal(normal)).toBe(normal);
        expect(normalDecimal(pythonNormalized(given))).toBe(normal);
        expect(normalDecimal(plainDecimal(given))).toBe(normal);
        expect(Number(normal)).toBeCloseTo(Number(given), 10);
      }),
    );
  });
});

describe('a safe file name', () => {
  test.each([
    ['report.csv', 'report.csv'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a:b*c?"<>|.csv', 'a_b_c_____.csv'],
    ['e\u0301.csv', 'é.csv'],
    ['tab\there', 'tab_here'],
    ['trailing. . ', 'trailing'],
    ['..', '_'],
    ['', '_'],
    [`${'x'.repeat(300)}.csv`, `${'x'.repeat(196)}.csv`],
    [`${'é'.repeat(150)}.xlsx`, `${'é'.repeat(97)}.xlsx`],
  ])('of %j is %j', (name, expected) => {
    expect(safeFileName(name)).toBe(expected);
  });

  test('is safe whatever it is made from, and stays as it is', () => {
    fc.assert(
      fc.property(fc.oneof(text(400), fc.string({ unit: 'binary', minLength: 100, maxLength: 300 })), (name) => {
        const safe = safeFileName(name);
        expect(safe).not.toMatch(/[\p{Cc}/\\:*?"<>|]|[. ]$|^$/u);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
        expect(safe).toBe(safe.normalize('NFC'));
        expect(safeFileName(safe)).toBe(safe);
      }),
    );
    expect(fileEntry('../x', 'a/b')).toBe('files/.._x/a_b');
  });
});

describe('defects', () => {
  const good: Row = {
    transactionId: '11111111-1111-4111-8111-111111111111',
    accountId: '22222222-2222-4222-8222-222222222222',
    fileId: '33333333-3333-4333-8333-333333333333',
    date: 1,
    description: 'x',
    amount: '1.00',
    createdAt: 1,
    updatedAt: 1,
  };
  const known = { has: (_kind: string, id: string) => !id.startsWith('9') };

  test('are none in rows as HouseF3 writes them', () => {
    expect(oddValues('transactions', good)).toEqual([]);
    fc.assert(
      fc.property(profile, ({ rows }) => {
        for (const kind of entityKinds) expect(rows[kind].flatMap((row) => oddValues(kind, row))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test.each<[Row, string, string]>([
    [{ date: 'yesterday' }, 'date', 'type'],
    [{ date: -5 }, 'date', 'range'],
    [{ currency: 'usd' }, 'currency', 'enum'],
    [{ memo: 'x'.repeat(1001) }, 'memo', 'length'],
    [{ accountId: 'mine' }, 'accountId', 'format'],
    [{ amount: '12,50' }, 'amount', 'format'],
    [{ transactionHash: -1 }, 'transactionHash', 'range'],
    [{ categories: [{ categoryId: 'x', assignedAt: 1 }] }, 'categories[].categoryId', 'format'],
    [{ description: null }, 'description', 'type'],
  ])('of %j stand at %s and are called %s', (change, field, problem) => {
    expect(oddValues('transactions', { ...good, ...change })).toMatchObject([{ field, problem }]);
  });

  test('do not count characters beyond the basic plane twice', () => {
    expect(oddValues('transactions', { ...good, description: '𝒜'.repeat(1000) })).toEqual([]);
    expect(oddValues('transactions', { ...good, description: '𝒜'.repeat(1001) })).toHaveLength(1);
  });

  test('are counted by row and listed in an order of their own', () => {
    const missing = '99999999-9999-4999-8999-999999999999';
    const rows: Row[] = [
      { ...good, accountId: missing },
      { ...good, categories: [1, 2].map((assignedAt) => ({ assignedAt, categoryId: missing })) },
      { ...good, currency: 'XXX', accountId: missing },
    ];
    const listed = [rows, rows.toReversed()].map((order) => {
      const ledger = new DefectLedger();
      for (const row of order) ledger.add('transactions', row, known);
      return ledger.list();
    });
    expect(listed[0]).toEqual(listed[1]);
    expect(listed[0]).toEqual([
      { kind: 'transactions', field: 'accountId', missing, rows: 2 },
      { kind: 'transactions', field: 'categories[].categoryId', missing, rows: 1 },
      { kind: 'transactions', field: 'currency', problem: 'enum', rows: 1 },
    ]);
  });

  test('beyond the limit overflow rather than vanish', () => {
    const ledger = new DefectLedger(2);
    for (const digit of [1, 2, 3]) {
      ledger.add('transactions', { ...good, accountId: `9999999${digit}-9999-4999-8999-999999999999` }, known);
    }
    expect(ledger.overflowed).toBe(true);
    expect(ledger.list()).toHaveLength(2);
  });
});

describe('a set of ids', () => {
  test('tells what it was given before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uuid(), text(5), fc.constant('00000000-0000-0000-0000-000000000000'))),
        (ids) => {
          const [compact, plain] = [createIdSet(), new Set<string>()];
          for (const id of ids) {
            expect(compact.add(id)).toBe(!plain.has(id));
            plain.add(id);
          }
        },
      ),
    );
  });

  test('grows', () => {
    const ids = createIdSet();
    const id = (index: number) => `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    for (let index = 0; index < 20_000; index += 1) expect(ids.add(id(index))).toBe(true);
    for (let index = 0; index < 20_000; index += 1) expect(ids.add(id(index))).toBe(false);
  });
});

describe('texts as long as a package may hold them', () => {
  const long = 2_000_000;

  // Whoever tries a text in more ways than one is at it for hours.
  test('are judged to be numbers or not in one pass', () => {
    for (const text of [
      `${'1'.repeat(long)}x`,
      `1${'0'.repeat(long)}1`,
      `${'0'.repeat(long)}.`,
      `.${'0'.repeat(long)}x`,
    ]) {
      expect(isDecimal(text)).toBe(text.endsWith('0.'));
      expect(normalDecimal(text)).toBe(text.endsWith('0.') ? '0' : text);
    }
  });

  test('are made names in one pass', () => {
    expect(safeFileName(`${'.'.repeat(long)}x`)).toMatch(/^\.+x?$/);
    expect(safeFileName(`x${'. '.repeat(long)}`)).toBe('x');
  });
});
