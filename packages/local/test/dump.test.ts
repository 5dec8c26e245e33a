import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ExactNumber } from '@fzip/format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDump } from '../src/dump.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-dump-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dump = async (tables: unknown): ReturnType<typeof readDump> => {
  const file = path.join(folder, 'a.tables.json');
  await writeFile(file, typeof tables === 'string' ? tables : JSON.stringify(tables));
  return readDump(file);
};

describe('a dump', () => {
  test('gives numbers where HouseF3 keeps numbers, nested ones too, and leaves texts', async () => {
    const { rows, userId } = await dump({
      ACCOUNTS_TABLE: [
        { accountId: 'a', userId: 'u', balance: '10.50', createdAt: '1700000000000', accountName: '42' },
      ],
      TRANSACTIONS_TABLE: [
        {
          transactionId: 't',
          userId: 'u',
          amount: '-12.50',
          transactionHash: '12987549934864091199',
          checkNumber: '0042',
          categories: [{ categoryId: 'c', confidence: '90', ruleId: '7' }],
          unknown: '5',
        },
      ],
      CATEGORIES_TABLE_NAME: [{ categoryId: 'c', userId: 'u', rules: [{ priority: '10', amountMin: '0' }] }],
      FILES_TABLE: [
        {
          fileId: 'f',
          userId: 'u',
          dateRange: { startDate: '1' },
          openingBalance: '1.00',
          closingBalance: '-9.99',
          fileSize: 'odd',
        },
      ],
    });
    expect(userId).toBe('u');
    expect(rows.accounts[0]).toMatchObject({ balance: '10.50', createdAt: 1700000000000, accountName: '42' });
    expect(rows.transactions[0]).toMatchObject({
      amount: new ExactNumber('-12.50'),
      transactionHash: new ExactNumber('12987549934864091199'),
      checkNumber: '0042',
      categories: [{ categoryId: 'c', confidence: 90, ruleId: '7' }],
      unknown: '5',
    });
    expect(rows.categories[0]).toMatchObject({ rules: [{ priority: 10, amountMin: '0' }] });
    expect(rows.transaction_files[0]).toMatchObject({
      dateRange: { startDate: 1 },
      openingBalance: '1.00',
      closingBalance: new ExactNumber('-9.99'),
      fileSize: 'odd',
    });
  });

  test("may be in DynamoDB's own JSON", async () => {
    const { rows } = await dump({
      ACCOUNTS_TABLE: [
        { accountId: { S: 'a' }, userId: { S: 'u' }, tags: { SS: ['y', 'x'] }, raw: { B: 'AQI=' }, n: { N: '1.0' } },
      ],
    });
    expect(rows.accounts[0]).toEqual({
      accountId: 'a',
      userId: 'u',
      tags: { $dynamodb: 'SS', value: ['x', 'y'] },
      raw: { $dynamodb: 'B', value: 'AQI=' },
      n: new ExactNumber('1.0'),
    });
  });

  test('leaves jobs out and says so', async () => {
    const { ignored } = await dump({ ACCOUNTS_TABLE: [{ accountId: 'a', userId: 'u' }], FZIP_JOBS_TABLE: [{}] });
    expect(ignored).toEqual(['FZIP_JOBS_TABLE']);
  });
});

test.each([
  ['of an unknown table', { PEOPLE_TABLE: [] }, /PEOPLE_TABLE; allowed are ACCOUNTS_TABLE, /],
  [
    'of two users',
    { ACCOUNTS_TABLE: [{ userId: 'u' }, { userId: 'v' }] },
    /rows of u, v; allowed are rows of one user/,
  ],
  ['without rows', { ACCOUNTS_TABLE: [] }, /no rows/],
  ['of what is no row', { ACCOUNTS_TABLE: ['x'] }, /ACCOUNTS_TABLE\[0\] is no row/],
  ['that is no JSON', '{', /is no JSON/],
])('a dump %s is refused', async (_name, tables, message) => {
  await expect(dump(tables)).rejects.toThrow(message);
});
