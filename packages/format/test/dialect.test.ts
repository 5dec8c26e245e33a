import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bufferSource, entityKinds, normalizer, openVolume, parseRow, type Row } from '../src/index.ts';
import { check, codesOf, rawZip, sha256 } from './packing.ts';

const id = (digits: string): string => `a0000000-0000-4000-8000-0000000000${digits}`;
const times = { createdAt: 1, updatedAt: 2 };
const account: Row = { accountId: id('01'), accountName: 'Card', accountType: 'other', ...times };
const file: Row = {
  fileId: id('02'),
  fileName: 'a.csv',
  uploadDate: 1,
  fileSize: 3,
  s3Key: `user/${id('02')}/a.csv`,
  ...times,
};
const transaction: Row = {
  transactionId: id('03'),
  accountId: id('01'),
  fileId: id('02'),
  date: 1,
  description: 'x',
  amount: '1E+2',
  ...times,
};

type Parts = {
  manifest?: Record<string, unknown>;
  rows?: Partial<Record<string, Row[]>>;
  entries?: Record<string, Buffer | string | undefined>;
  manifestLast?: boolean;
};

/** A package as HouseF3 would make it; an entry given as undefined is left out. */
const housef3 = ({ manifest = {}, rows = {}, entries = {}, manifestLast = false }: Parts = {}): Buffer => {
  const all: Record<string, Row[]> = {
    accounts: [account],
    transaction_files: [file],
    transactions: [transaction],
    ...rows,
  } as Record<string, Row[]>;
  const camel: Record<string, string> = {
    accounts: 'accountsCount',
    transactions: 'transactionsCount',
    categories: 'categoriesCount',
    file_maps: 'fileMapsCount',
    transaction_files: 'transactionFilesCount',
  };
  const text = JSON.stringify({
    backupFormatVersion: '1.0',
    backupTimestamp: '2026-03-01T12:00:00+00:00',
    userId: 'user',
    housef3Version: '2.5.0',
    dataSummary: Object.fromEntries(Object.entries(camel).map(([kind, key]) => [key, (all[kind] ?? []).length])),
    checksums: {},
    includeAnalytics: true,
    ...manifest,
  });
  const data = Object.keys(camel).map((kind): [string, Buffer] => [
    `data/${kind}.json.gz`,
    gzipSync(JSON.stringify(all[kind] ?? [], null, 2)),
  ]);
  const found = new Map<string, Buffer | string | undefined>([
    ...(manifestLast ? [] : [['manifest.json', text] as const]),
    ...data,
    [`files/${id('02')}/a.csv`, 'a,b'],
    ...(manifestLast ? [['manifest.json', text] as const] : []),
    ...Object.entries(entries),
  ]);
  return rawZip(
    [...found].flatMap(([name, bytes]) =>
      bytes === undefined ? [] : [{ name, bytes: Buffer.from(bytes as string), deflate: true }],
    ),
  );
};

const accountsOf = async (zip: Buffer): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const { row } of (await openVolume(bufferSource(zip))).rows('accounts')) rows.push(row);
  return rows;
};

const warningsOf = async (zip: Buffer): Promise<string[]> => {
  const { errors, warnings } = await check(zip);
  expect(errors).toEqual([]);
  return warnings.map(({ message }) => message);
};

const unverifiable = 'the manifest has no checksums: not verifiable';

describe('a package of HouseF3', () => {
  test('is intact, its manifest first or last, and its manifest has our keys beside unknown ones', async () => {
    for (const manifestLast of [false, true]) {
      const zip = housef3({ manifestLast });
      expect(await warningsOf(zip)).toEqual([unverifiable]);
      const { manifest, dialect } = await openVolume(bufferSource(zip));
      expect(dialect).toBe('housef3-2.5');
      expect(manifest).toMatchObject({
        backup_format_version: '1.0',
        user_id: 'user',
        data_summary: { accounts_count: 1, transaction_files_count: 1 },
        includeAnalytics: true,
      });
    }
  });

  test('may hold bare arrays or wrapped ones, in gzip or plain, with a mark, CRLF and escapes', async () => {
    const [first] = await accountsOf(housef3());
    const texts = [
      JSON.stringify([account]),
      `\ufeff${JSON.stringify({ accounts: [account] }, null, 2).replaceAll('\n', '\r\n')}`,
      JSON.stringify([account]).replace('Card', '\\u0043ard'),
    ];
    for (const text of texts) {
      expect(await accountsOf(housef3({ entries: { 'data/accounts.json.gz': gzipSync(text) } }))).toEqual([first]);
      const plain = { 'data/accounts.json.gz': undefined, 'data/accounts.json': text };
      expect(await accountsOf(housef3({ entries: plain }))).toEqual([first]);
    }
  });

  test('that holds both is read from gzip, whichever comes first', async () => {
    const both = housef3({ entries: { 'data/accounts.json': '[]' } });
    expect(await accountsOf(both)).toHaveLength(1);
    expect(await warningsOf(both)).toContain('data/accounts.json: not read, data/accounts.json.gz goes before it');
    const gzip = gzipSync(JSON.stringify([account]));
    const entries = { 'data/accounts.json.gz': undefined, 'data/accounts.json': '[]' };
    const other = housef3({ entries: { ...entries, 'data/accounts.json.gz': gzip } });
    expect(await accountsOf(other)).toHaveLength(1);
  });

  test('without a data file has none of its rows, which must not be counted then', async () => {
    const without = { 'data/categories.json.gz': undefined };
    expect(await warningsOf(housef3({ entries: without }))).toContain('data/categories.json: missing, taken for empty');
    expect(await codesOf(housef3({ entries: { 'data/transactions.json.gz': undefined } }))).toEqual(['COUNT_MISMATCH']);
  });

  test('may lack bytes, have others than its rows say, or have them where its restore looks', async () => {
    const name = `files/${id('02')}/a.csv`;
    expect(await warningsOf(housef3({ entries: { [name]: undefined } }))).toEqual([
      unverifiable,
      `transaction_files: the bytes of ${id('02')} are missing`,
    ]);
    expect(await warningsOf(housef3({ entries: { [name]: 'a,b,c' } }))).toEqual([
      unverifiable,
      `${name}: 5 bytes, its row says 3`,
    ]);
    const byS3Key = { [name]: undefined, [`files/${file.s3Key}`]: 'a,b' };
    expect(await warningsOf(housef3({ entries: byS3Key }))).toEqual([unverifiable]);
  });

  test('must hold the accounts of transactions and file maps; other targets may be missing', async () => {
    const map: Row = { fileMapId: id('04'), name: 'm', mappings: [{ sourceField: 'a', targetField: 'b' }], ...times };
    const cases: [Partial<Record<string, Row[]>>, string[]][] = [
      [{ transactions: [{ ...transaction, accountId: id('99') }] }, ['DANGLING_REFERENCE']],
      [{ file_maps: [{ ...map, accountId: id('99') }] }, ['DANGLING_REFERENCE']],
      [{ transactions: [{ ...transaction, primaryCategoryId: id('99') }] }, []],
      [{ transaction_files: [{ ...file, accountId: id('99'), fileMapId: id('98') }] }, []],
      [{ accounts: [{ ...account, defaultFileMapId: id('99') }] }, []],
    ];
    for (const [rows, codes] of cases) {
      expect(await codesOf(housef3({ rows })), Object.keys(rows).join()).toEqual(codes);
      if (codes.length > 0) continue;
      expect((await check(housef3({ rows }))).warnings.map(({ code }) => code)).toContain('DANGLING_REFERENCE');
    }
  });

  test('is refused by its major version', async () => {
    expect(await codesOf(housef3({ manifest: { backupFormatVersion: '2.0' } }))).toEqual(['UNSUPPORTED_VERSION']);
  });
});

describe('checksums', () => {
  const gz = gzipSync(JSON.stringify([account]));
  const sums = (checksums: Record<string, string>): Buffer =>
    housef3({ manifest: { checksums }, entries: { 'data/accounts.json.gz': gz } });

  test('are of the entry, or of what is within its gzip', async () => {
    const wrong = sha256('other');
    const others = ['data/transactions.json.gz', 'data/categories.json.gz'];
    for (const [key, right] of [
      ['data/accounts.json.gz', sha256(gz)],
      ['accounts.json.gz', sha256(gz).toUpperCase().replace('SHA256', 'sha256')],
      ['accounts.json', sha256(JSON.stringify([account]))],
      ['data/accounts.json', sha256(JSON.stringify([account]))],
    ] as const) {
      const about = async (zip: Buffer) =>
        (await check(zip)).errors.map(({ entry, code }) => `${code} ${entry}`).filter((text) => /accounts/.test(text));
      expect(await about(sums({ [key]: right })), key).toEqual([]);
      expect(await about(sums({ [key]: wrong })), key).toContain('BAD_CHECKSUM data/accounts.json.gz');
    }
    const unlisted = (await check(sums({ 'accounts.json.gz': sha256(gz) }))).errors.map(({ entry }) => entry);
    expect(unlisted).toEqual(expect.arrayContaining(others));
  });
});

describe('gzip within an entry', () => {
  const packed = (change: (gz: Buffer) => Buffer): Buffer =>
    housef3({ entries: { 'data/accounts.json.gz': change(gzipSync(JSON.stringify([account]))) } });
  const flipped = (gz: Buffer, at: number): Buffer => {
    const changed = Buffer.from(gz);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };

  test.each<[string, (gz: Buffer) => Buffer, string]>([
    ['with another CRC', (gz) => flipped(gz, gz.length - 8), 'BAD_CRC'],
    ['with another length', (gz) => flipped(gz, gz.length - 4), 'SIZE_MISMATCH'],
    ['with a byte after it', (gz) => Buffer.concat([gz, Buffer.from([0])]), 'BAD_COMPRESSION'],
    ['with a second member', (gz) => Buffer.concat([gz, gz]), 'BAD_COMPRESSION'],
    ['that ends too early', (gz) => gz.subarray(0, 15), 'TRUNCATED'],
    ['that is broken', (gz) => Buffer.concat([gz.subarray(0, 10), Buffer.alloc(40, 0xff)]), 'BAD_COMPRESSION'],
    ['that is none', () => Buffer.from('[]'), 'TRUNCATED'],
    ['that is plain text', () => Buffer.from(JSON.stringify([account])), 'BAD_COMPRESSION'],
  ])('%s is refused', async (_name, change, code) => {
    expect((await codesOf(packed(change)))[0]).toBe(code);
  });

  test('may carry a name and a comment', async () => {
    const named = packed((gz) => {
      const head = Buffer.from(gz.subarray(0, 10));
      head[3] = 0x18;
      return Buffer.concat([head, Buffer.from('accounts.json\0made by hand\0'), gz.subarray(10)]);
    });
    expect(await codesOf(named)).toEqual([]);
  });

  test('of a thousand times its size is inflated in pieces, and stopped at the limit', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      ...account,
      accountId: `a0000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    }));
    const zip = housef3({ rows: { accounts: many, transactions: [] } });
    expect(await codesOf(zip)).toEqual([]);
    const volume = await openVolume(bufferSource(zip), { uncompressedBytes: 500_000 });
    const read = async () => {
      let rows = 0;
      for await (const _ of volume.rows('accounts')) rows += 1;
      return rows;
    };
    await expect(read()).rejects.toMatchObject({ code: 'TOO_LARGE', entry: 'data/accounts.json.gz' });
  });

  test('can be left before its end', async () => {
    const volume = await openVolume(bufferSource(housef3({ rows: { accounts: [account, account] } })));
    for await (const { row } of volume.rows('accounts')) {
      expect(row.accountId).toBe(id('01'));
      break;
    }
  });
});

describe('a manifest', () => {
  test('with a key given twice, also in other escapes or both spellings, is refused', async () => {
    for (const text of ['{"backupFormatVersion":"1.0","\\u0075serId":"a","userId":"b"}', '{"x":[{"a":1,"a":2}]}']) {
      expect(await codesOf(housef3({ entries: { 'manifest.json': text } }))).toEqual(['BAD_MANIFEST']);
    }
    expect(await codesOf(housef3({ manifest: { user_id: 'other' } }))).toEqual(['BAD_MANIFEST']);
    expect(await codesOf(housef3({ manifest: { a: { x: 1 }, b: { x: ':' }, c: ['a', 'a'] } }))).toEqual([]);
  });
});

describe('a row is normalised', () => {
  const normal = (kind: Parameters<typeof normalizer>[0], text: string, dialect: 'fzip-1.0' | 'housef3-2.5') =>
    normalizer(kind, dialect)(parseRow(text));

  test('and stays the same object if there is nothing to change', () => {
    for (const kind of entityKinds) {
      const row = parseRow('{"accountId":"x","categories":[{"confidence":90}],"rules":[{"confidence":1}]}');
      expect(normalizer(kind, 'fzip-1.0')(row)).toBe(row);
    }
  });

  test.each([
    ['0.9', '90'],
    ['0.07', '7'],
    ['1.0', '100'],
    ['0.0', '0'],
    ['5e-1', '50'],
    ['0.905', '90.5'],
    ['1', '1'],
    ['90', '90'],
    ['1.5', '1.5'],
    ['-0.5', '-0.5'],
  ])('with confidence %s as %s', (share, percent) => {
    const row = normal('transactions', `{"categories":[{"confidence":${share}}]}`, 'fzip-1.0');
    expect(row).toEqual(parseRow(`{"categories":[{"confidence":${percent}}]}`));
  });

  test('with money as text, taken from the digits that stood there', () => {
    const row = normal('transactions', '{"amount":12345678901234567890.10,"balance":1E+2}', 'fzip-1.0');
    expect(row).toEqual({ amount: '12345678901234567890.10', balance: '100' });
  });

  test('with an amount range only if it has both bounds', () => {
    const rule = (bounds: string) =>
      normal('categories', `{"rules":[{"condition":"amount_range"${bounds}}]}`, 'fzip-1.0').rules;
    expect(rule(',"amountMin":"1","amountMax":"2"')).toMatchObject([{ condition: 'amount_between' }]);
    expect(rule(',"amountMin":"1","amountMax":null')).toMatchObject([{ condition: 'amount_range' }]);
  });

  test('with a date range of either spelling', () => {
    const short = '{"dateRange":{"start":1,"end":2}}';
    const all = '{"dateRange":{"start":1,"end":2,"startDate":1,"endDate":2}}';
    const expected = { dateRange: { startDate: 1, endDate: 2 } };
    expect(normal('transaction_files', short, 'fzip-1.0')).toEqual(expected);
    expect(normal('transaction_files', short, 'housef3-2.5')).toEqual(expected);
    expect(normal('transaction_files', all, 'housef3-2.5')).toEqual(expected);
    expect(normal('transaction_files', all, 'fzip-1.0')).toEqual(parseRow(all));
  });

  test('without what HouseF3 computes, and with all else that is unknown', () => {
    const text = '{"computedFields":{},"exportMetadata":{},"importOrder":1,"restoreOrder":2,"x-own":3}';
    expect(normal('accounts', text, 'housef3-2.5')).toEqual({ importOrder: 1, restoreOrder: 2, 'x-own': 3 });
    expect(normal('accounts', text, 'fzip-1.0')).toEqual(parseRow(text));
    const map = '{"mappings":[{"sourceField":"a","validationInfo":{}}]}';
    expect(normal('file_maps', map, 'housef3-2.5')).toEqual({ mappings: [{ sourceField: 'a' }] });
  });
});
