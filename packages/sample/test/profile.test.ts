import {
  type EntityKind,
  ExactNumber,
  entityKinds,
  formatRow,
  idOf,
  isMap,
  isNumber,
  kindRules,
  normalDecimal,
  numberText,
  type Row,
  toPackageRow,
  toStoredRow,
  type Value,
  valuesAt,
} from '@fzip/format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SampleProfile, sampleProfile } from '../src/index.ts';
import { type Line, parseCsv, parseOfx, parseQif } from './parse-back.ts';

const userId = '11111111-1111-4111-8111-111111111111';
const demo = sampleProfile({ userId });
const rowsOf = (profile: SampleProfile, kind: EntityKind): Row[] => [...profile.rows(kind)];
const text = (value: Value | undefined): string => (isNumber(value) ? numberText(value) : String(value));

const idsOf = (profile: SampleProfile, kind: EntityKind): string[] =>
  rowsOf(profile, kind).map((row) => idOf(kind, row) ?? '');

const expectWhole = (profile: SampleProfile): void => {
  const ids = Object.fromEntries(entityKinds.map((kind) => [kind, new Set(idsOf(profile, kind))]));
  for (const kind of entityKinds) {
    let count = 0;
    for (const row of profile.rows(kind)) {
      count++;
      const packaged = toPackageRow(kind, row);
      const { error } = kindRules[kind].schema.safeParse(packaged);
      expect(error, `${kind}: ${formatRow(packaged)}`).toBeUndefined();
      expect(row.userId).toBe(userId);
      for (const { field, to } of kindRules[kind].references) {
        for (const id of valuesAt(row, field)) expect(ids[to]?.has(String(id)), `${kind}.${field}`).toBe(true);
      }
    }
    expect(count, kind).toBe(profile.counts[kind]);
    expect(ids[kind]?.size, `${kind}: ids are unique`).toBe(count);
  }
};

const linesOf = (profile: SampleProfile, file: Row, content: string): Line[] => {
  if (file.fileFormat === 'ofx') return parseOfx(content);
  if (file.fileFormat === 'qif') return parseQif(content);
  const map = rowsOf(profile, 'file_maps').find(({ fileMapId }) => fileMapId === file.fileMapId);
  const columns = new Map(
    valuesAt(map ?? {}, 'mappings[]')
      .filter(isMap)
      .map((m) => [String(m.targetField), String(m.sourceField)]),
  );
  const column = (field: string) => columns.get(field) ?? '';
  return parseCsv(content, { date: column('date'), description: column('description'), amount: column('amount') });
};

/** Money in units of 10^-8, so that it adds up. */
const units = (value: Value | undefined): bigint => {
  const [whole = '', fraction = ''] = normalDecimal(text(value)).split('.');
  return BigInt(whole + fraction.padEnd(8, '0'));
};

const expectFilesAgree = (profile: SampleProfile): void => {
  const listed = Map.groupBy(profile.rows('transactions'), ({ fileId }) => fileId);
  const stored = [...profile.files()];
  const files = rowsOf(profile, 'transaction_files');
  expect(stored.map(({ s3Key }) => s3Key)).toEqual(files.map(({ s3Key }) => s3Key));
  for (const [index, file] of files.entries()) {
    const rows = listed.get(file.fileId as string) ?? [];
    const bytes = stored[index]?.bytes() ?? Buffer.alloc(0);
    const found = linesOf(profile, file, bytes.toString()).map(({ date, description, amount }) => ({
      date: Date.parse(date),
      description,
      amount: normalDecimal(amount),
    }));
    expect(found).toEqual(rows.map(({ date, description, amount }) => ({ date, description, amount: text(amount) })));
    expect(file).toMatchObject({
      s3Key: `${userId}/${file.fileId}/${file.fileName}`,
      fileSize: bytes.length,
      recordCount: rows.length,
      transactionCount: rows.length,
      duplicateCount: rows.filter(({ status }) => status === 'duplicate').length,
    });
    const dates = rows.map(({ date }) => date as number);
    expect(file.dateRange).toEqual(
      rows.length === 0 ? undefined : { startDate: Math.min(...dates), endDate: Math.max(...dates) },
    );
    if (file.currency === undefined) continue;
    const sum = rows.reduce((total, { amount }) => total + units(amount), units(file.openingBalance));
    expect(units(file.closingBalance)).toBe(sum);
    if (rows.length > 0) expect(rows.at(-1)?.balance).toEqual(file.closingBalance);
  }
};

describe('a sample profile', () => {
  test('has 1 200 transactions in 12 files unless asked otherwise', () => {
    expect(demo.counts).toMatchObject({ transactions: 1_200, transaction_files: 12 });
  });

  test('meets every schema and resolves every reference', () => expectWhole(demo));

  test('lists in each file exactly the transactions that came from it', () => expectFilesAgree(demo));

  test('is the same for the same seed and user', () => {
    const again = sampleProfile({ userId });
    for (const kind of entityKinds) {
      expect(rowsOf(again, kind).map(formatRow)).toEqual(rowsOf(demo, kind).map(formatRow));
    }
    expect([...again.files()].map((file) => file.bytes())).toEqual([...demo.files()].map((file) => file.bytes()));
  });

  test('shares no id with another user or seed', () => {
    const own = new Set(entityKinds.filter((kind) => kind !== 'analytics').flatMap((kind) => idsOf(demo, kind)));
    for (const other of [sampleProfile({ userId: 'another' }), sampleProfile({ userId, seed: 2 })]) {
      for (const kind of entityKinds.filter((each) => each !== 'analytics')) {
        for (const id of idsOf(other, kind)) expect(own.has(id)).toBe(false);
      }
    }
  });

  test('survives the way into a package and back unchanged, but for attributes of the table alone', () => {
    for (const kind of entityKinds) {
      for (const row of demo.rows(kind)) {
        const { ttl: _, ...rest } = row;
        expect(toStoredRow(kind, toPackageRow(kind, row))).toEqual(rest);
      }
    }
  });

  test('keeps money as numbers and strings, each as HouseF3 does', () => {
    for (const kind of entityKinds) {
      for (const [path, type] of Object.entries(kindRules[kind].money)) {
        const found = rowsOf(demo, kind).flatMap((row) => valuesAt(row, path));
        expect(found.length, path).toBeGreaterThan(0);
        expect(
          found.every((value) => (type === 'N' ? isNumber(value) : typeof value === 'string')),
          path,
        ).toBe(true);
      }
    }
  });

  test('closes each account with the balance of its last statement', () => {
    for (const account of demo.rows('accounts')) {
      const last = rowsOf(demo, 'transaction_files').findLast(({ accountId }) => accountId === account.accountId);
      if (last && account.balance !== undefined) expect(units(account.balance)).toBe(units(last.closingBalance));
    }
  });

  test.each([{ transactions: 0, files: 0 }, { transactions: 0 }])(
    'has no rows of any kind when asked for %o',
    (size) => {
      const empty = sampleProfile({ userId, ...size });
      expect(entityKinds.flatMap((kind) => rowsOf(empty, kind))).toEqual([]);
      expect([...empty.files()]).toEqual([]);
      expect(Object.values(empty.counts).every((count) => count === 0)).toBe(true);
    },
  );

  test('is refused when transactions would have no file', () => {
    expect(() => sampleProfile({ userId, transactions: 5, files: 0 })).toThrow(
      'files is 0 with 5 transactions; every HouseF3 transaction needs a file',
    );
  });

  test.each([{ transactions: -1 }, { files: 1.5 }, { seed: Number.NaN }, { now: 0 }])('refuses %o', (wrong) => {
    expect(() => sampleProfile({ userId, ...wrong })).toThrow(RangeError);
  });

  test('is whole at any size', () => {
    const size = fc.record({ transactions: fc.nat(300), files: fc.integer({ min: 1, max: 60 }), seed: fc.integer() });
    const check = (options: { transactions: number; files: number; seed: number }) => {
      const profile = sampleProfile({ userId, ...options });
      expectWhole(profile);
      expectFilesAgree(profile);
    };
    fc.assert(fc.property(size, check), { numRuns: 15 });
  });
});

describe('the content of the default profile', () => {
  const transactions = rowsOf(demo, 'transactions');
  const accounts = rowsOf(demo, 'accounts');
  const categories = rowsOf(demo, 'categories');

  test('has accounts of every type and currency, and one with neither balance nor currency', () => {
    expect(new Set(accounts.map(({ accountType }) => accountType)).size).toBe(6);
    expect(new Set(accounts.map(({ currency }) => currency)).size).toBe(10);
    expect(accounts.filter(({ balance, currency }) => balance === undefined && currency === undefined)).toHaveLength(1);
  });

  test('has a category tree four levels deep, of every type and inherit mode, with rules of every condition', () => {
    const byId = new Map(categories.map((row) => [row.categoryId, row]));
    const depth = (row: Row | undefined): number => (row ? 1 + depth(byId.get(row.parentCategoryId ?? '')) : 0);
    expect(Math.max(...categories.map(depth))).toBe(4);
    expect(new Set(categories.map(({ type }) => type))).toEqual(new Set(['INCOME', 'EXPENSE', 'TRANSFER']));
    expect(new Set(categories.map(({ ruleInheritanceMode }) => ruleInheritanceMode)).size).toBe(4);
    expect(new Set(categories.flatMap((row) => valuesAt(row, 'rules[].condition'))).size).toBe(8);
  });

  test('has files of every format', () => {
    const formats = new Set(rowsOf(demo, 'transaction_files').map(({ fileFormat }) => fileFormat));
    expect(formats).toEqual(new Set(['csv', 'ofx', 'qif']));
  });

  test.each([
    'balance',
    'currency',
    'importOrder',
    'transactionType',
    'memo',
    'checkNumber',
    'fitId',
    'status',
    'statusDate',
    'transactionHash',
    'categories',
    'primaryCategoryId',
  ])('has transactions with and without %s', (field) => {
    const present = transactions.filter((row) => row[field] !== undefined);
    expect(present.length).toBeGreaterThan(0);
    expect(present.length).toBeLessThan(transactions.length);
  });

  test.each([
    ['emoji', /\p{Extended_Pictographic}/u],
    ['right-to-left text', /\p{Script=Arabic}/u],
    ['CJK text', /\p{Script=Katakana}/u],
    ['a line separator', /\u2028/],
    ['quotes and commas', /".*,/],
    ['markup', /&/],
  ])('has descriptions with %s', (_name, pattern) => {
    expect(transactions.some(({ description }) => pattern.test(String(description)))).toBe(true);
  });

  test.each([
    '0',
    '0.00000001',
    '-99999999999.99',
    '12345678901234567890123456789012345678',
    '-0.12345678901234567890123456789012345678',
  ])('has the amount %s', (amount) => {
    expect(transactions.some((row) => text(row.amount) === amount)).toBe(true);
  });

  test('has hashes beyond what a JavaScript number holds', () => {
    expect(transactions.some(({ transactionHash }) => transactionHash instanceof ExactNumber)).toBe(true);
  });

  test('has assignments of both statuses, by hand and by rule', () => {
    const found = (path: string) => new Set(transactions.flatMap((row) => valuesAt(row, `categories[].${path}`)));
    expect(found('status')).toEqual(new Set(['suggested', 'confirmed']));
    expect(found('isManual')).toEqual(new Set([true, false]));
    const rules = new Set(categories.flatMap((row) => valuesAt(row, 'rules[].ruleId')));
    for (const rule of found('ruleId')) expect(rules.has(rule)).toBe(true);
  });

  test('spreads over two years and ends before now', () => {
    const dates = transactions.map(({ date }) => date as number);
    expect(new Set(dates.map((date) => new Date(date).getUTCFullYear())).size).toBeGreaterThanOrEqual(2);
    expect(Math.max(...dates)).toBeLessThan(Date.UTC(2026, 2, 31));
  });
});

test('a profile may hold files without transactions', () => {
  const profile = sampleProfile({ userId, transactions: 0, files: 3 });
  expectWhole(profile);
  expectFilesAgree(profile);
  expect(profile.counts).toMatchObject({ transactions: 0, transaction_files: 3, accounts: 14 });
});
