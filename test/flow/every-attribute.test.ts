/** Nothing that a table holds is lost on its way into a package: known or not, of any DynamoDB type, at any edge. */
import { readFile } from 'node:fs/promises';
import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { kindTables } from '@fzip/aws';
import { type EntityKind, idOf, normalDecimal, type Row } from '@fzip/format';
import { loadDump, readDump } from '@fzip/local/dump';
import { describe, expect, test } from 'vitest';
import { expectWhole, type World, world } from './fixture.ts';

type Item = Record<string, AttributeValue>;

const put = (on: World, kind: EntityKind, item: Item): Promise<unknown> =>
  (on.clients.dynamodb as DynamoDBClient).send(
    new PutItemCommand({ TableName: on.config.tables[kindTables[kind].table], Item: item }),
  );

const id = (n: number): string => `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const times = { createdAt: { N: '1700000000000' }, updatedAt: { N: '1700000000001' } };

/** Rows of a user at every edge that HouseF3's tables allow, and beyond. */
const edges: Partial<Record<EntityKind, Item[]>> = {
  accounts: [
    {
      accountId: { S: id(1) },
      accountName: { S: 'Caffè \u2028 "ع" 💶 \\ \u0000 \n end' },
      accountType: { S: 'other' },
      balance: { S: '-0.000000000000000000000000000000000001' },
      currency: { S: 'other' },
      futureBytes: { B: Buffer.from([0, 1, 254, 255]) },
      futureSet: { SS: ['b', 'a'] },
      futureNumbers: { NS: ['3', '1.5', '99999999999999999999999999999999999999'] },
      futureMap: {
        M: { $dynamodb: { S: 'not a tag' }, deep: { L: [{ NULL: true }, { BOOL: false }, { N: '1E+30' }] } },
      },
      ...times,
    },
  ],
  transaction_files: [
    {
      fileId: { S: id(2) },
      fileName: { S: '../../Über trick: "?".csv ' },
      s3Key: { S: `edge/${id(2)}/x.csv` },
      uploadDate: { N: '0' },
      fileSize: { N: '3' },
      openingBalance: { S: '10.00' },
      closingBalance: { N: '-9.99' },
      dateRange: { M: { startDate: { N: '0' }, endDate: { N: '1' } } },
      expiryDate: { N: '1800000000' },
      ...times,
    },
  ],
  transactions: [
    {
      transactionId: { S: id(3) },
      accountId: { S: id(1) },
      fileId: { S: id(2) },
      date: { N: '1' },
      description: { S: '' },
      amount: { N: '99999999999999999999999999999999999999' },
      balance: { N: '0.00000000000000000000000000000000000001' },
      transactionHash: { N: '18446744073709551615' },
      categories: { L: [] },
      ...times,
    },
    {
      transactionId: { S: id(4) },
      accountId: { S: id(404) },
      fileId: { S: id(2) },
      date: { N: '1' },
      description: { S: 'x'.repeat(1001) },
      amount: { N: '-1E-130' },
      currency: { S: 'XXX' },
      importOrder: { N: '-1' },
      ...times,
    },
  ],
};

describe('every attribute', () => {
  test('of rows at every edge is in the package, and what is odd is stated', async () => {
    const on = await world();
    for (const [kind, items] of Object.entries(edges) as [EntityKind, Item[]][]) {
      for (const item of items) await put(on, kind, { ...item, userId: { S: 'edge' } });
    }
    await on.ports.files.put(`edge/${id(2)}/x.csv`, Buffer.from('a,b'));
    const { id: backupId, job } = await on.backUp('edge');
    const volume = await expectWhole(on, 'edge', backupId);
    expect(volume.manifest.known_defects).toEqual(
      expect.arrayContaining([
        { kind: 'transactions', field: 'accountId', missing: id(404), rows: 1 },
        { kind: 'transactions', field: 'currency', problem: 'enum', rows: 1 },
        { kind: 'transactions', field: 'description', problem: 'length', rows: 1 },
      ]),
    );
    expect(job.validation?.score).toBeLessThan(100);
    const [account] = await rowsIn(volume, 'accounts');
    expect(account).toMatchObject({
      futureBytes: { $dynamodb: 'B', value: 'AAH+/w==' },
      futureSet: { $dynamodb: 'SS', value: ['a', 'b'] },
    });
    const [file] = await rowsIn(volume, 'transaction_files');
    expect(file).not.toHaveProperty('expiryDate');
    expect(file?.fileName).toBe('../../Über trick: "?".csv ');
  });

  test.each(['real-small-nofiles', 'real-with-files'])(
    'of the rows that HouseF3 itself wrote (%s) is there',
    async (name) => {
      const on = await world();
      const path = new URL(`../compat/housef3/${name}.fzip.tables.json`, import.meta.url);
      const dump = await readDump(path.pathname);
      await loadDump({ clients: on.clients, config: on.config }, dump);
      const { id: backupId } = await on.backUp(dump.userId);
      const volume = await expectWhole(on, dump.userId, backupId);

      // The dump again, without our own types: every attribute by name, every value by its text.
      const tables = JSON.parse(await readFile(path, 'utf8')) as Record<string, Row[]>;
      const kinds = {
        ACCOUNTS_TABLE: 'accounts',
        TRANSACTIONS_TABLE: 'transactions',
        CATEGORIES_TABLE_NAME: 'categories',
        FILE_MAPS_TABLE: 'file_maps',
        FILES_TABLE: 'transaction_files',
      } as const;
      for (const [table, kind] of Object.entries(kinds) as [string, EntityKind][]) {
        const packaged = new Map((await rowsIn(volume, kind)).map((row) => [idOf(kind, row), row]));
        for (const row of tables[table] ?? []) {
          expect(texts(packaged.get(idOf(kind, row)) ?? {})).toEqual(texts(row));
        }
      }
      const lost = name === 'real-with-files' ? [expect.objectContaining({ fileName: 'lost.qif' })] : [];
      expect(volume.manifest.failed_files).toEqual(lost);
    },
  );
});

const rowsIn = async (volume: Awaited<ReturnType<typeof expectWhole>>, kind: EntityKind): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const { row } of volume.rows(kind)) rows.push(row);
  return rows;
};

/** The dump spells numbers as strings, and DynamoDB drops their trailing zeros: both sides by their texts. */
const texts = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value === 'object' && value !== null && !('text' in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, texts(inner)]));
  }
  const text = typeof value === 'object' && value !== null ? String((value as { text: unknown }).text) : String(value);
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? normalDecimal(text) : text;
};
