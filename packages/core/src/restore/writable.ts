/** What HouseF3's tables refuse: such rows are found before anything is written. HOUSEF3.md sections 1 and 2a. */
import { type EntityKind, idOf, isNumber, type Row } from '@fzip/format';

/** Attributes that are keys of the table or of one of its indexes, and the type each must have where it is present. */
const indexKeys: Readonly<Record<EntityKind, Readonly<Record<string, 'S' | 'N'>>>> = {
  accounts: { accountId: 'S', userId: 'S', createdAt: 'N' },
  categories: { categoryId: 'S', userId: 'S', name: 'S', parentCategoryId: 'S' },
  file_maps: { fileMapId: 'S', userId: 'S', accountId: 'S' },
  transaction_files: { fileId: 'S', userId: 'S', accountId: 'S', s3Key: 'S' },
  transactions: {
    transactionId: 'S',
    userId: 'S',
    fileId: 'S',
    accountId: 'S',
    date: 'N',
    status: 'S',
    amount: 'N',
    balance: 'N',
    importOrder: 'N',
    statusDate: 'S',
    transactionHash: 'N',
    categoryId: 'S',
    primaryCategoryId: 'S',
    transactionType: 'S',
  },
  analytics: { pk: 'S', sk: 'S', userId: 'S', analyticType: 'S' },
};

/** Bytes of a key's text at most: the smaller of DynamoDB's two limits, that of range keys. */
const longestKey = 1_024;

/** Why a table would refuse a stored row, with the row named; undefined if it would take it. */
export const refusedByTable = (kind: EntityKind, stored: Row): string | undefined => {
  for (const [attribute, type] of Object.entries(indexKeys[kind])) {
    const value = stored[attribute];
    if (value === undefined) continue;
    const problem = type === 'N' ? numberProblem(value) : textProblem(value);
    if (problem !== undefined) return `${kind} ${idOf(kind, stored) ?? '(no id)'}: ${attribute} ${problem}`;
  }
  return undefined;
};

const numberProblem = (value: unknown): string | undefined =>
  isNumber(value) ? undefined : `is an index key and must be a number, found ${typeName(value)}`;

const textProblem = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return `is an index key and must be a text, found ${typeName(value)}`;
  if (value === '') return 'is an index key and must not be empty';
  const bytes = Buffer.byteLength(value);
  return bytes > longestKey ? `is an index key of ${bytes} bytes; ${longestKey} are allowed` : undefined;
};

const typeName = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
