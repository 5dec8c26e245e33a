/** HouseF3's own reading of a package, modelled on HOUSEF3.md section 2 alone: what its parser requires, what its restore needs. */
import { expect } from 'vitest';
import { type EntityKind, isNumber, numberText, parseJson, type Row, type Value } from '../src/index.ts';
import { unpack } from './packing.ts';

const kinds = ['accounts', 'transactions', 'categories', 'file_maps', 'transaction_files'] as const;

/** The rows of a package that its parser takes. An expectation fails if it would not. */
export const parsedByHousef3 = async (zip: Buffer): Promise<Map<EntityKind, Row[]>> => {
  const entries = await unpack(zip);
  const manifest = JSON.parse(String(entries.get('manifest.json')));
  for (const key of ['backupFormatVersion', 'backupTimestamp', 'userId', 'housef3Version'])
    expect(Object.keys(manifest)).toContain(key);
  const found = new Map<EntityKind, Row[]>();
  for (const kind of kinds) {
    const rows = parseJson(String(entries.get(`data/${kind}.json`))) as Row[];
    expect(Array.isArray(rows)).toBe(true);
    for (const row of rows) expect(Object.prototype.toString.call(row)).toBe('[object Object]');
    found.set(kind, rows);
  }
  const accounts = new Set(found.get('accounts')?.map(({ accountId }) => accountId));
  expect(accounts).not.toContain(undefined);
  for (const row of [...(found.get('transactions') ?? []), ...(found.get('file_maps') ?? [])])
    if (row.accountId !== undefined) expect(accounts).toContain(row.accountId);
  return found;
};

const isInt = (value: Value | undefined): boolean => isNumber(value) && /^-?\d+$/.test(numberText(value));
const isThere = (value: Value | undefined): boolean => value !== undefined && value !== null;
const elements = (value: Value | undefined): Row[] => (Array.isArray(value) ? (value as Row[]) : []);

/** Why the restore would drop a row: the attribute that it lacks, or that it cannot read. None if it would not. */
export const neededBy = (kind: EntityKind, row: Row): string[] => {
  const lacking: string[] = [];
  const need = (field: string, holds: boolean): void => void (holds || lacking.push(field));
  for (const field of ['createdAt', 'updatedAt']) if (kind !== 'analytics') need(field, isInt(row[field]));
  const texts: Record<EntityKind, string[]> = {
    accounts: ['accountId', 'accountName', 'accountType'],
    categories: ['categoryId', 'name', 'type'],
    file_maps: ['fileMapId', 'name', 'mappings'],
    transaction_files: ['fileId', 'fileName', 's3Key'],
    transactions: ['transactionId', 'accountId', 'fileId', 'description', 'amount'],
    analytics: [],
  };
  for (const field of texts[kind]) need(field, isThere(row[field]));
  if (kind === 'transactions') {
    need('date', isInt(row.date));
    for (const one of elements(row.categories)) {
      need('categories[].categoryId', isThere(one.categoryId));
      need('categories[].assignedAt', isInt(one.assignedAt));
      const { confidence = 100 } = one;
      need(
        'categories[].confidence',
        typeof confidence === 'number' && Number.isInteger(confidence) && confidence >= 0 && confidence <= 100,
      );
    }
  }
  if (kind === 'transaction_files') {
    need('uploadDate', isInt(row.uploadDate));
    if (row.dateRange !== undefined) {
      const { start, end } = row.dateRange as Row;
      need('dateRange.startDate', isInt(start));
      need('dateRange.endDate', isInt(end));
    }
  }
  for (const rule of elements(kind === 'categories' ? row.rules : [])) {
    for (const field of ['ruleId', 'fieldToMatch', 'condition', 'value'])
      need(`rules[].${field}`, isThere(rule[field]));
  }
  return lacking;
};

const isPlain = (money: Value | undefined): boolean => money === undefined || /^[^eE]*$/.test(String(money));

/** What the rules W3 to W6 ask of a row's spelling and is not so. */
export const faultsOf = (kind: EntityKind, row: Row): string[] => {
  const faults: string[] = [];
  const ask = (rule: string, holds: boolean): void => void (holds || faults.push(rule));
  const { dateRange } = row as { dateRange?: Row };
  const money = [row.amount, row.balance, row.openingBalance, row.closingBalance];
  ask('money without exponent', money.every(isPlain));
  ask(
    'rules without exponent',
    elements(row.rules).every(({ amountMin, amountMax }) => isPlain(amountMin) && isPlain(amountMax)),
  );
  ask('importOrder, not restoreOrder', kind !== 'transactions' || row.restoreOrder === undefined);
  if (dateRange) {
    ask('start is startDate', dateRange.start === dateRange.startDate);
    ask('end is endDate', dateRange.end === dateRange.endDate);
  }
  for (const name of ['notes', 'balance', 'currency', 'parentCategoryId', 'memo', 'accountId', 'importsStartDate'])
    ask(`${name} is not null`, row[name] !== null);
  return faults;
};
