/**
 * A row as HouseF3's own packages have it, and what its restore would make of it. HOUSEF3.md section 2: rules W3 to W6, "What its
 * restore needs per entity", "Limits of that dialect".
 */
import { plainDecimal } from '../decimal.ts';
import { type EntityKind, entityKinds, type FieldPath, kindRules } from '../entities.ts';
import { mapAt, valuesAt } from '../fields.ts';
import { derivedAttributes } from '../normalize.ts';
import { isMap, isNumber, numberText, type Row, type Value } from '../row.ts';

/**
 * `left-out`: the package cannot hold it, for every reader takes it for something else. `ignored`: it is in the package, and
 * HouseF3's restore does without it. `dropped`: the whole row is in the package, and HouseF3's restore leaves it out.
 */
export type NotHeld = { what: 'left-out' | 'ignored' | 'dropped'; field?: FieldPath; why: string };

/** @returns the row to be written, in canonical values; none of its ids is changed */
export const toHousef3Row = (kind: EntityKind, row: Row): { row: Row; notHeld: NotHeld[] } => {
  const leftOut = [...leftOutOf(kind, row)];
  const written = spelled(kind, row);
  return { row: written, notHeld: [...leftOut, ...droppedFor(kind, written), ...ignoredOf(kind, written)] };
};

const computed = "HouseF3's export computes an attribute of that name, which readers take away";

const leftOutOf = function* (kind: EntityKind, row: Row): Generator<NotHeld> {
  for (const field of derivedAttributes[kind])
    if (Object.hasOwn(row, field)) yield { what: 'left-out', field, why: computed };
  const field = 'mappings[].validationInfo';
  if (kind === 'file_maps' && valuesAt(row, field).length > 0) yield { what: 'left-out', field, why: computed };
};

const spelled = (kind: EntityKind, row: Row): Row => {
  let written = withoutNull(without(row, derivedAttributes[kind])) as Row;
  for (const path of Object.keys(kindRules[kind].money))
    written = mapAt(written, path, (value) => (typeof value === 'string' ? plainDecimal(value) : value));
  if (kind === 'transactions' && written.importOrder === undefined && written.restoreOrder !== undefined) {
    const { restoreOrder, ...rest } = written;
    written = { ...rest, importOrder: restoreOrder };
  }
  if (kind === 'transaction_files') written = mapAt(written, 'dateRange', twiceNamed);
  if (kind === 'file_maps') written = mapAt(written, 'mappings[]', (value) => without(value, ['validationInfo']));
  return written;
};

/** HouseF3 writes startDate and endDate, and reads start and end. */
const twiceNamed = (range: Value): Value => {
  if (!isMap(range)) return range;
  const { startDate, endDate } = range;
  return {
    ...range,
    ...(startDate !== undefined && { start: startDate }),
    ...(endDate !== undefined && { end: endDate }),
  };
};

const without = <T extends Value>(value: T, names: readonly string[]): T =>
  isMap(value) && names.some((name) => Object.hasOwn(value, name))
    ? (Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as T)
    : value;

/** Null and absent are the same to HouseF3, whose export leaves out what is not there. */
const withoutNull = (value: Value): Value => {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isMap(value)) return value;
  const members = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(members.map(([name, inner]) => [name, withoutNull(inner)]));
};

type Test = (value: Value) => boolean;
const isText: Test = (value) => typeof value === 'string';
const isInteger: Test = (value) => isNumber(value) && /^-?\d+$/.test(numberText(value));
const isPercent: Test = (value) => isInteger(value) && /^(\d|[1-9]\d|100)$/.test(numberText(value as number));
const isOneOf =
  (...allowed: string[]): Test =>
  (value) =>
    typeof value === 'string' && allowed.includes(value);

const times: [FieldPath, Test][] = [
  ['createdAt', isInteger],
  ['updatedAt', isInteger],
];

/** What a row must have, or HouseF3's restore drops it. */
const needed: Readonly<Record<EntityKind, readonly [FieldPath, Test][]>> = {
  accounts: [
    ['accountId', isText],
    ['accountName', isText],
    ['accountType', isOneOf('checking', 'savings', 'credit_card', 'investment', 'loan', 'other')],
    ...times,
  ],
  categories: [['categoryId', isText], ['name', isText], ['type', isOneOf('INCOME', 'EXPENSE', 'TRANSFER')], ...times],
  file_maps: [
    ['fileMapId', isText],
    ['name', isText],
    ['mappings', (value) => Array.isArray(value) && value.length > 0],
    ...times,
  ],
  transaction_files: [['fileId', isText], ['fileName', isText], ['s3Key', isText], ['uploadDate', isInteger], ...times],
  transactions: [
    ['transactionId', isText],
    ['accountId', isText],
    ['fileId', isText],
    ['date', isInteger],
    ['description', isText],
    ['amount', isText],
    ...times,
  ],
  analytics: [],
};

const isCurrency = isOneOf('USD', 'EUR', 'GBP', 'CAD', 'JPY', 'AUD', 'CHF', 'CNY', 'other');
const conditions = [
  'contains',
  'starts_with',
  'ends_with',
  'equals',
  'regex',
  'amount_greater',
  'amount_less',
  'amount_between',
];

/** What a row may have, of these kinds alone. Of a list, every element must have what is asked for. */
const ifThere: Readonly<Record<EntityKind, readonly [FieldPath, Test][]>> = {
  accounts: [['currency', isCurrency]],
  categories: [
    [
      'rules[]',
      (rule) =>
        isMap(rule) &&
        isOneOf(...conditions)(rule.condition ?? null) &&
        [rule.value, rule.ruleId, rule.fieldToMatch].every((value) => typeof value === 'string'),
    ],
  ],
  file_maps: [],
  transaction_files: [
    ['dateRange', (range) => isMap(range) && isInteger(range.start ?? null) && isInteger(range.end ?? null)],
  ],
  transactions: [
    [
      'categories[]',
      (one) =>
        isMap(one) &&
        isText(one.categoryId ?? null) &&
        (one.confidence === undefined || isPercent(one.confidence)) &&
        isInteger(one.assignedAt ?? null),
    ],
  ],
  analytics: [],
};

const droppedFor = function* (kind: EntityKind, row: Row): Generator<NotHeld> {
  const why = (field: FieldPath, found: string): NotHeld => ({
    what: 'dropped',
    field,
    why: `${field} is ${found}: HouseF3's restore drops the row`,
  });
  for (const [field, holds] of needed[kind]) {
    const value = row[field];
    if (value === undefined) yield why(field, 'missing');
    else if (!holds(value)) yield why(field, 'not what HouseF3 takes');
  }
  for (const [field, holds] of ifThere[kind])
    if (!valuesAt(row, field).every(holds)) yield why(field, 'not what HouseF3 takes');
};

/** What HouseF3's restore reads of a row; it takes no notice of the rest. */
const restored: Readonly<Record<EntityKind, readonly string[]>> = {
  accounts: [
    ...['accountId', 'userId', 'accountName', 'accountType', 'institution', 'balance', 'currency', 'notes', 'isActive'],
    ...['defaultFileMapId', 'lastTransactionDate', 'createdAt', 'updatedAt'],
  ],
  categories: [
    ...['categoryId', 'userId', 'name', 'type', 'parentCategoryId', 'icon', 'color', 'rules', 'inheritParentRules'],
    ...['ruleInheritanceMode', 'createdAt', 'updatedAt'],
  ],
  file_maps: [
    'fileMapId',
    'userId',
    'name',
    'mappings',
    'accountId',
    'description',
    'reverseAmounts',
    'createdAt',
    'updatedAt',
  ],
  transaction_files: [
    ...['fileId', 'userId', 'fileName', 'uploadDate', 'fileSize', 's3Key', 'processingStatus', 'processedDate'],
    ...['fileFormat', 'accountId', 'fileMapId', 'recordCount', 'dateRange', 'errorMessage', 'openingBalance'],
    ...['closingBalance', 'currency', 'duplicateCount', 'transactionCount', 'createdAt', 'updatedAt'],
  ],
  transactions: [
    ...['transactionId', 'userId', 'fileId', 'accountId', 'date', 'description', 'amount', 'currency', 'balance'],
    ...['importOrder', 'transactionType', 'memo', 'checkNumber', 'fitId', 'status', 'statusDate', 'transactionHash'],
    ...['categories', 'primaryCategoryId', 'createdAt', 'updatedAt'],
  ],
  analytics: [],
};
const restoredFields = new Map(entityKinds.map((kind) => [kind, new Set(restored[kind])]));

const ignored: NotHeld['why'] = "HouseF3's restore takes no notice of it";

const ignoredOf = function* (kind: EntityKind, row: Row): Generator<NotHeld> {
  if (kind === 'analytics') {
    yield { what: 'dropped', why: 'HouseF3 restores no analytics' };
    return;
  }
  for (const field of Object.keys(row))
    if (!restoredFields.get(kind)?.has(field)) yield { what: 'ignored', field, why: ignored };
  if (kind === 'transactions')
    for (const field of ['categories[].isManual', 'categories[].confirmedAt'])
      if (valuesAt(row, field).length > 0) yield { what: 'ignored', field, why: ignored };
  if (kind !== 'accounts') return;
  for (const [field, made] of [
    ['balance', '0.00'],
    ['currency', 'USD'],
  ] as const)
    if (row[field] === undefined)
      yield { what: 'ignored', field, why: `it is not there; HouseF3's restore makes it ${made}` };
};
