/** Rows that are right, nearly right or wrong, and what the long look finds in them. */
import fc from 'fast-check';
import {
  type EntityKind,
  entityKinds,
  kindRules,
  normalizer,
  oddValues,
  parseRow,
  type Row,
  unwritableKeys,
  type Value,
} from '../src/index.ts';
import { refuseUnfit } from '../src/row-limits.ts';
import { rowOf, value } from './arbitraries.ts';

export const uuid = (digit: string): string => `a0000000-0000-4000-8000-00000000000${digit}`;
export const ids = {
  accounts: [uuid('1')],
  categories: [uuid('2')],
  file_maps: [uuid('3')],
  transaction_files: [uuid('4')],
};
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
export const faults = (kind: EntityKind, text: string): unknown[] => {
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

/** A row of a kind, of which up to three attributes were changed. */
export const oddRow = (kind: EntityKind): fc.Arbitrary<Row> =>
  fc.tuple(rowOf(kind, ids, uuid('9')), changes).map(([row, edits]) => changed(row, edits));
