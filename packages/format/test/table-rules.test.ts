/** Rows that HouseF3's tables would not take, found before anything is written. */
import { describe, expect, test } from 'vitest';
import { type EntityKind, entityKinds, exact, formatRow, type Row, toStoredRow, unwritableKeys } from '../src/index.ts';
import { check, codesOf, manifestOf, rawZip, sha256 } from './packing.ts';

const id = (digits: string): string => `a0000000-0000-4000-8000-0000000000${digits}`;
const times = { createdAt: 1, updatedAt: 2 };
const account: Row = { accountId: id('01'), accountName: 'Card', accountType: 'other', ...times };
const category: Row = { categoryId: id('02'), name: 'Food', type: 'EXPENSE', ...times };
const transaction: Row = {
  transactionId: id('03'),
  accountId: id('01'),
  fileId: id('04'),
  date: 1,
  description: 'x',
  amount: '1.50',
  ...times,
};
const file: Row = { fileId: id('04'), fileName: 'a.csv', uploadDate: 1, fileSize: 0, s3Key: '', ...times };

/** A package of these rows, its lines as they are given. */
const packageOf = (rows: Partial<Record<EntityKind, (Row | string)[]>>, changes = {}): Buffer => {
  const all = entityKinds.map((kind) => ({ kind, rows: rows[kind] ?? [] }));
  const data = all.map(({ kind, rows: found }) => {
    const lines = found.map((row) => (typeof row === 'string' ? row : formatRow(row)));
    return { name: `data/${kind}.json`, bytes: Buffer.from(`{"${kind}":[\n${lines.join(',\n')}\n]}\n`) };
  });
  const manifest = manifestOf(
    {
      counts: Object.fromEntries(all.map(({ kind, rows: found }) => [kind, found.length])),
      checksums: Object.fromEntries(data.map(({ name, bytes }) => [name, sha256(bytes)])),
      files: 0,
      fileBytes: 0,
      dataBytes: 0,
    },
    { failed_files: [{ fileId: id('04'), fileName: 'a.csv', reason: 'gone' }], ...changes },
  );
  return rawZip([...data, { name: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) }]);
};

const withTransaction = (change: Row, changes = {}): Buffer =>
  packageOf({ accounts: [account], transaction_files: [file], transactions: [{ ...transaction, ...change }] }, changes);
const firstCode = async (accountLine: string): Promise<string | undefined> =>
  (await codesOf(packageOf({ accounts: [accountLine] })))[0];

describe('a row is refused', () => {
  const line = (more: string): string => `${formatRow(account).slice(0, -1)},${more}}`;

  test('with a text that is half a character, in a value or a key, and not for a whole one', async () => {
    expect(await firstCode(line('"notes":"\\ud83c"'))).toBe('BAD_TEXT');
    expect(await firstCode(line('"x\\uDF4E":1'))).toBe('BAD_TEXT');
    expect(await firstCode(line('"notes":"\\ud83c\\udf4e and \\\\ud83c"'))).toBeUndefined();
  });

  test('with a number that DynamoDB cannot hold', async () => {
    for (const number of ['1e126', '1e-131', '1'.repeat(39), `0.${'1'.repeat(39)}`])
      expect(await firstCode(line(`"x":[{"y":${number}}]`)), number).toBe('BAD_NUMBER');
    for (const number of ['1e125', '-1e-130', '1'.repeat(38), '1.50'])
      expect(await firstCode(line(`"x":[{"y":${number}}]`)), number).toBeUndefined();
  });

  test('above 400 KB as DynamoDB counts, however its text is spelled', async () => {
    expect(await firstCode(line(`"x":"${'é'.repeat(205_000)}"`))).toBe('ROW_TOO_LARGE');
    expect(await firstCode(line(`"x":"${'a'.repeat(409_000)}"`))).toBeUndefined();
    expect(await firstCode(line(`"x":"${'\\u0000'.repeat(400_000)}"`))).toBeUndefined();
  });
});

describe('categories', () => {
  const child = (digits: string, parent: string): Row => ({
    ...category,
    categoryId: id(digits),
    parentCategoryId: id(parent),
  });

  test('that are their own ancestors are refused, each circle once', async () => {
    const circles = [child('10', '11'), child('11', '12'), child('12', '10'), child('13', '11'), child('20', '20')];
    const { errors } = await check(packageOf({ categories: circles }));
    expect(errors.map(({ code, id: named }) => [code, named])).toEqual([
      ['CATEGORY_CYCLE', id('10')],
      ['CATEGORY_CYCLE', id('20')],
    ]);
  });

  test('may stand before their parents', async () => {
    expect(await codesOf(packageOf({ categories: [child('10', '11'), child('11', '02'), category] }))).toEqual([]);
  });
});

describe('a key of an index', () => {
  test.each<[string, Row]>([
    ['an empty text', { status: '' }],
    ['a text too long for a partition key', { transactionType: 'x', status: 'x'.repeat(2049) }],
    ['a text too long for a sort key', { statusDate: 'é'.repeat(513) }],
    ['a number for a text', { statusDate: 5 }],
    ['a text for a number', { importOrder: '5' }],
    ['money that is none', { amount: 'much' }],
    ['an attribute that HouseF3 no longer writes', { categoryId: '' }],
  ])('that is %s is refused, whatever the manifest states', async (_name, change) => {
    const field = Object.keys(change).at(-1) as string;
    const known_defects = ['type', 'length', 'format'].map((problem) => ({
      kind: 'transactions',
      field,
      problem,
      rows: 1,
    }));
    const { errors } = await check(withTransaction(change, { known_defects }));
    expect(errors).toMatchObject([{ code: 'BAD_KEY', id: id('03') }]);
    expect(errors[0]?.message).toContain(`${field} is a key of an index: found`);
  });

  test('that is null is the same as none, and is left out of the table', async () => {
    const nulls = { balance: null, importOrder: null, primaryCategoryId: null, memo: null };
    expect(await codesOf(withTransaction(nulls))).toEqual([]);
    expect(toStoredRow('transactions', { ...transaction, ...nulls })).toEqual({
      ...transaction,
      amount: exact('1.50'),
      memo: null,
    });
  });

  test('that a restore gives anew may be empty', () => {
    expect(unwritableKeys('transaction_files', { ...file, userId: '' })).toEqual([]);
  });
});
