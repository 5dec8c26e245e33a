/** Which attributes are keys of HouseF3's indexes, where an empty text or a wrong type makes the whole put fail. HOUSEF3.md, sections 1 and 2a. */
import { isDecimal } from './decimal.ts';
import { type EntityKind, kindRules } from './entities.ts';
import { isNumber, type Row, type Value } from './row.ts';

type KeyType = { type: 'S' | 'N'; bytes: number; mayBeEmpty?: boolean };

// Service quotas of DynamoDB: a partition key of 2048 bytes, a sort key of 1024.
const hash: KeyType = { type: 'S', bytes: 2048 };
const range: KeyType = { type: 'S', bytes: 1024 };
const number: KeyType = { type: 'N', bytes: 0 };
/** `sk` is made of it, with `#` and an id behind. */
const timePeriod: KeyType = { type: 'S', bytes: range.bytes - 37, mayBeEmpty: true };

/** `userId` and `s3Key` are not among them: a restore gives both anew. */
const indexKeys: Readonly<Record<EntityKind, Readonly<Record<string, KeyType>>>> = {
  accounts: { accountId: hash, createdAt: number },
  categories: { categoryId: hash, name: range, parentCategoryId: range },
  file_maps: { fileMapId: hash, accountId: hash },
  transaction_files: { fileId: hash, accountId: hash },
  transactions: {
    transactionId: hash,
    fileId: hash,
    accountId: hash,
    status: hash,
    transactionType: hash,
    primaryCategoryId: hash,
    categoryId: range,
    statusDate: range,
    date: number,
    amount: number,
    balance: number,
    importOrder: number,
    transactionHash: number,
  },
  analytics: { analyticType: range, timePeriod },
};

export type Unwritable = { field: string; message: string };

/** The attributes of a package's row that keep it out of HouseF3's table. Null is the same as absent. */
export const unwritableKeys = (kind: EntityKind, row: Row): Unwritable[] => {
  const found: Unwritable[] = [];
  for (const [field, key] of Object.entries(indexKeys[kind])) {
    const value = Object.hasOwn(row, field) ? row[field] : undefined;
    if (value === undefined || value === null) continue;
    const fault = key.type === 'N' ? numberFault(kind, field, value) : textFault(value, key);
    if (fault !== undefined) found.push({ field, message: `${field} is a key of an index: ${fault}` });
  }
  return found;
};

/** For each key of an index, whether it takes a value. */
export const keyChecks = (kind: EntityKind): [string, (value: Value) => boolean][] =>
  Object.entries(indexKeys[kind]).map(([field, key]) => [
    field,
    key.type === 'N'
      ? (value) => numberFault(kind, field, value) === undefined
      : (value) => textFault(value, key) === undefined,
  ]);

/** For each key of an index that is a text, how many characters it surely takes. */
export const textKeys = (kind: EntityKind): Map<string, { least: number; most: number }> =>
  new Map(
    Object.entries(indexKeys[kind])
      .filter(([, { type }]) => type === 'S')
      .map(([field, { bytes, mayBeEmpty }]) => [field, { least: mayBeEmpty ? 0 : 1, most: Math.floor(bytes / 3) }]),
  );

const numberFault = (kind: EntityKind, field: string, value: Value): string | undefined => {
  const isMoney = kindRules[kind].money[field] !== undefined && typeof value === 'string' && isDecimal(value);
  return isMoney || isNumber(value) ? undefined : `found a ${typeOf(value)}, allowed is a number`;
};

const textFault = (value: Value, { bytes: most, mayBeEmpty }: KeyType): string | undefined => {
  if (typeof value !== 'string') return `found a ${typeOf(value)}, allowed is a text`;
  if (value === '' && !mayBeEmpty) return 'found an empty text, allowed is any other';
  // No UTF-16 unit needs more than three bytes, so most texts need no counting.
  if (value.length * 3 <= most) return undefined;
  const bytes = Buffer.byteLength(value);
  return bytes > most ? `found ${bytes} bytes, allowed are ${most}` : undefined;
};

const typeOf = (value: Value): string => {
  if (isNumber(value)) return 'number';
  if (typeof value === 'string') return 'text';
  return Array.isArray(value) ? 'list' : typeof value === 'boolean' ? 'boolean' : 'map';
};

/** The row without index keys that are null: DynamoDB takes null for a wrong type there, HouseF3 for absent. */
export const withoutNullKeys = (kind: EntityKind, row: Row): Row => {
  const isNullKey = (field: string): boolean => row[field] === null && Object.hasOwn(indexKeys[kind], field);
  return Object.keys(row).some(isNullKey)
    ? Object.fromEntries(Object.entries(row).filter(([field]) => !isNullKey(field)))
    : row;
};
