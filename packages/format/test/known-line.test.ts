/** A row that is recognised by its text has nothing odd about it, and is the row that the text spells. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleProfile } from '../../sample/src/index.ts';
import { type EntityKind, entityKinds, formatRow, idOf, parseRow, referencesOf, toPackageRow } from '../src/index.ts';
import { type KnownLine, knownLine } from '../src/known-line.ts';
import { faults, oddRow, uuid } from './odd-rows.ts';

const referred = (known: KnownLine): string[] => {
  const found = new Set<string>();
  known.everyReference((to, id) => {
    found.add(`${to} ${id}`);
    return true;
  });
  return [...found].sort();
};

/** True if the line was recognised, and rightly so. */
const isRightlyKnown = (kind: EntityKind, line: string): boolean => {
  const known = knownLine(kind, line);
  if (!known) return false;
  const row = parseRow(line);
  expect(faults(kind, line)).toEqual([]);
  expect(formatRow(known.row())).toBe(line);
  expect(formatRow(row)).toBe(line);
  expect(known.id).toBe(idOf(kind, row));
  const told = referencesOf(kind, row).map(({ to, id }) => `${to} ${id}`);
  expect(referred(known)).toEqual([...new Set(told)].sort());
  return true;
};

const edit = fc.record({
  at: fc.nat(),
  cut: fc.nat(2),
  put: fc.oneof(fc.constantFrom('', ',', '"', '{', '}', '[]', ':', '0', '-', '1e5', '\\', 'null', ' '), fc.string()),
});

describe.each(entityKinds)('a line of %s', (kind) => {
  test('that is recognised is plainly right', () => {
    fc.assert(
      fc.property(oddRow(kind), (row) => void isRightlyKnown(kind, formatRow(row))),
      { numRuns: 1500 },
    );
  });

  test('of which a character was changed as well', () => {
    fc.assert(
      fc.property(oddRow(kind), edit, (row, { at, cut, put }) => {
        const line = formatRow(row);
        const place = at % line.length;
        isRightlyKnown(kind, (line.slice(0, place) + put + line.slice(place + cut)).toWellFormed());
      }),
      { numRuns: 1500 },
    );
  });
});

describe('of the sample profile', () => {
  const sample = sampleProfile({ userId: 'alice', seed: 1, transactions: 1000, files: 20 });
  const lines = (kind: EntityKind): string[] => [...sample.rows(kind)].map((row) => formatRow(toPackageRow(kind, row)));

  test.each(['accounts', 'categories', 'transaction_files', 'transactions'] as const)(
    'most %s are recognised',
    (kind) => {
      const known = lines(kind).filter((line) => isRightlyKnown(kind, line));
      expect(known.length / lines(kind).length).toBeGreaterThan(0.75);
    },
  );

  test('every reference of a transaction is looked at, those in its categories too', () => {
    const assigned = (digit: string): object => ({ assignedAt: 1, categoryId: uuid(digit) });
    const line = JSON.stringify({
      accountId: uuid('1'),
      amount: '1',
      categories: [assigned('2'), assigned('3')],
      createdAt: 1,
      date: 1,
      description: 'x',
      fileId: uuid('4'),
      primaryCategoryId: uuid('5'),
      transactionId: uuid('9'),
      updatedAt: 1,
    });
    expect(isRightlyKnown('transactions', line)).toBe(true);
    for (const digit of ['1', '2', '3', '4', '5'])
      expect(knownLine('transactions', line)?.everyReference((_to, id) => id !== uuid(digit))).toBe(false);
  });

  // A pattern that tries every way to read a line would never come back from one like these.
  test.each([
    ['whose last character is wrong', (line: string) => `${line.slice(0, -1)}]`],
    [
      'with very many assignments',
      (line: string) => line.replace('[]', `[${'{"assignedAt":1,"categoryId":"x"},'.repeat(200)}]`),
    ],
    ['of long texts', (line: string) => line.replace('"description":"', `"description":"${'a'.repeat(7000)}`)],
  ])('a line %s is given up at once', (_, change) => {
    const line = lines('transactions').find((one) => one.includes('[]')) as string;
    for (let n = 0; n < 1000; n += 1) expect(knownLine('transactions', change(line))).toBeUndefined();
  });
});
