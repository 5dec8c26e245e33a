/** What of a row is compared: not whose it is nor where its file lies, which a restore makes anew, and no number's spelling. */
import { normalDecimal } from '../decimal.ts';
import { type EntityKind, kindRules } from '../entities.ts';
import { mapAt } from '../fields.ts';
import { withNormalNumbers } from '../package-row.ts';
import { isMap, isNumber, numberText, type Row, type Value } from '../row.ts';

/** What a restore writes anew in rows of every kind, and in those of files. */
const notCompared = (kind: EntityKind): readonly string[] =>
  kind === 'transaction_files' ? ['userId', 's3Key'] : ['userId'];

/** A row by which to compare: null is absent, restoreOrder is importOrder, "10.00" is "10", 1.0 is 1. */
export const comparable = (kind: EntityKind, row: Row): Row => {
  let spelled = row;
  for (const path of Object.keys(kindRules[kind].money)) spelled = mapAt(spelled, path, normalMoney);
  return withNormalNumbers(withoutNull(kind === 'transactions' ? oneOrder(spelled) : spelled, notCompared(kind)));
};

/** The specification's name of HouseF3's importOrder. */
const oneOrder = (row: Row): Row => {
  const { restoreOrder, ...rest } = row;
  const isOther = restoreOrder === undefined || restoreOrder === null || Object.hasOwn(row, 'importOrder');
  return isOther ? row : { ...rest, importOrder: restoreOrder };
};

const normalMoney = (value: Value): Value => {
  if (isNumber(value)) return normalDecimal(numberText(value));
  return typeof value === 'string' ? normalDecimal(value) : value;
};

const withoutNull = <T extends Value>(value: T, leftOut: readonly string[] = []): T => strip(value, leftOut) as T;

const strip = (value: Value, leftOut: readonly string[]): Value => {
  if (Array.isArray(value)) return value.map((inner) => strip(inner, []));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => inner !== null && !leftOut.includes(name))
      .map(([name, inner]) => [name, strip(inner, [])]),
  );
};

/** What a row says of itself by a name, for people. */
export const nameOf = (kind: EntityKind, row: Row): string | undefined => {
  const name = row[names[kind]];
  return typeof name === 'string' ? name : undefined;
};

const names: Readonly<Record<EntityKind, string>> = {
  accounts: 'accountName',
  categories: 'name',
  file_maps: 'name',
  transaction_files: 'fileName',
  transactions: 'description',
  analytics: 'analyticType',
};
