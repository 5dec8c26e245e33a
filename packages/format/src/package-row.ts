/** A row between a table and a package: the same facts, spelled as each side wants them. */
import { normalDecimal, plainDecimal } from './decimal.ts';
import { type EntityKind, idOf, kindRules } from './entities.ts';
import { mapAt } from './fields.ts';
import { exact, isMap, isNumber, numberText, type Row, type Value } from './row.ts';
import { withoutNullKeys } from './writable.ts';

/** A table's row as a package holds it: money as strings, without attributes that belong to the table alone. */
export const toPackageRow = (kind: EntityKind, stored: Row): Row => {
  const { money } = kindRules[kind];
  let row = withoutTableOnly(kind, stored);
  for (const path of Object.keys(money)) {
    row = mapAt(row, path, (value) => (isNumber(value) ? plainDecimal(numberText(value)) : value));
  }
  return row;
};

/** In no package, and out of none: a TTL that travelled would delete the restored row. */
const withoutTableOnly = (kind: EntityKind, row: Row): Row => {
  const { tableOnly } = kindRules[kind];
  if (!tableOnly.some((attribute) => Object.hasOwn(row, attribute))) return row;
  return Object.fromEntries(Object.entries(row).filter(([attribute]) => !tableOnly.includes(attribute)));
};

/**
 * A package's row as HouseF3's table holds it: money as number or string, each as HouseF3 gives it; composed keys made anew,
 * null left out where it is a key of an index.
 */
export const toStoredRow = (kind: EntityKind, packaged: Row): Row => {
  const stored = Object.entries(kindRules[kind].money).reduce(
    (row, [path, type]) =>
      type === 'S'
        ? mapAt(row, path, (value) => (isNumber(value) ? plainDecimal(numberText(value)) : value))
        : mapAt(row, path, (value) => (typeof value === 'string' ? exact(plainDecimal(value)) : value)),
    withoutNullKeys(kind, withoutTableOnly(kind, packaged)),
  );
  return kind === 'analytics' ? { ...stored, ...analyticsKeys(stored) } : stored;
};

/** HOUSEF3.md section 1: pk = `{userId}#{analyticType}`, sk = `{timePeriod}#{accountId or ALL}`. */
const analyticsKeys = (row: Row): Row => ({
  pk: `${row.userId}#${row.analyticType}`,
  sk: `${row.timePeriod}#${row.accountId ?? 'ALL'}`,
});

/** A value with every number in its one spelling, still a number: DynamoDB gives 10.00 back as 10, and "10" is another value. */
export const withNormalNumbers = <T extends Value>(value: T): T => normalNumbers(value) as T;

const normalNumbers = (value: Value): Value => {
  if (isNumber(value)) return exact(normalDecimal(numberText(value)));
  if (Array.isArray(value)) return value.map(normalNumbers);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalNumbers(inner)]));
};

/** The order of rows in a package: by the index's range key, then by id. Rows without the key come first, then numbers, then texts. */
export type SortKey = readonly [range: number | string, id: string];

export const sortKey = (kind: EntityKind, row: Row): SortKey => {
  const { rangeKey } = kindRules[kind];
  const range = rangeKey === undefined ? '' : row[rangeKey];
  const id = idOf(kind, row) ?? '';
  if (isNumber(range)) return [Number(numberText(range)), id];
  return [typeof range === 'string' ? range : '', id];
};

export const compareSortKeys = (a: SortKey, b: SortKey): number => compareRange(a[0], b[0]) || compareText(a[1], b[1]);

const compareRange = (a: number | string, b: number | string): number => {
  if (a === '' || b === '') return Number(b === '') - Number(a === '');
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return compareText(a, b);
};

/** DynamoDB orders texts by their UTF-8 bytes, which is the order of code points and not of UTF-16 units. */
const compareText = (a: string, b: string): number => {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
};
