/** What a converted package differs in from its source is what the list says, row by row and attribute by attribute. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDifferences } from '../src/convert/differences.ts';
import {
  bufferSource,
  type Converted,
  type ConvertOptions,
  convertPackage,
  type Defect,
  DefectLedger,
  type EntityKind,
  entityKinds,
  exact,
  formatRow,
  formatValue,
  idOf,
  type Listed,
  openVolume,
  proveConverted,
  type Row,
  toHousef3Row,
  type Volume,
} from '../src/index.ts';
import { eachKind, type Profile, profile } from './arbitraries.ts';
import { faultsOf, neededBy, parsedByHousef3 } from './housef3-model.ts';
import { editManifest, memorySink, pack, repack, unpack } from './packing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-exact-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const opened = (zip: Buffer): Promise<Volume> => openVolume(bufferSource(zip));

const converted = async (zip: Buffer, to: ConvertOptions['to']): Promise<Converted & { zip: Buffer }> => {
  const { sink, bytes } = memorySink();
  const result = await convertPackage([await opened(zip)], { to, sink, folder });
  await proveConverted(await opened(bytes()), result);
  return { ...result, zip: bytes() };
};

const rowsOf = async (zip: Buffer, kind: EntityKind): Promise<Map<string, Row>> => {
  const rows = new Map<string, Row>();
  for await (const { row } of (await opened(zip)).rows(kind)) rows.set(idOf(kind, row) ?? '', row);
  return rows;
};

/** Attributes that the dialect spells otherwise or lacks, and what HouseF3's restore needs taken away. */
const oddity: fc.Arbitrary<{ kind: EntityKind; at: number; change: (row: Row) => Row }> = fc.oneof(
  ...[
    ['transactions', { restoreOrder: 7 }],
    ['transactions', { restoreOrder: 7, importOrder: 8 }],
    ['transactions', { computed: null, nested: { inner: null } }],
    ['transactions', { categoryAssignments: [1] }],
    ['transactions', { createdAt: exact('1700000000000.0') }],
    ['transactions', { createdAt: undefined }],
    ['transactions', { description: null }],
    ['transactions', { balance: '1.5e3', memo: null }],
    ['accounts', { balance: '-12E-3', computedFields: { age: 1 } }],
    ['accounts', { updatedAt: undefined, importsEndDate: null }],
    ['accounts', { accountType: 'shoe box' }],
    ['categories', { rules: [{ ruleId: 'r', fieldToMatch: 'payee', condition: 'equals', value: null, x: null }] }],
    ['categories', { rules: [{ ruleId: 'r', fieldToMatch: 'x', condition: 'contains', value: '', amountMin: '1e1' }] }],
    ['file_maps', { mappings: [{ sourceField: 'a', targetField: 'b', transformation: null, validationInfo: 1 }] }],
    ['transaction_files', { dateRange: { startDate: 1, endDate: 2, start: 1, end: 3 } }],
    ['transaction_files', { dateRange: { startDate: 1.5, endDate: null } }],
    ['transaction_files', { dateRange: null, s3Key: undefined }],
    ['analytics', { data: { a: null, b: [null, { c: null }] } }],
  ].map(([kind, more]) =>
    fc.nat(3).map((at) => ({
      kind: kind as EntityKind,
      at,
      change: (row: Row): Row =>
        Object.fromEntries(
          Object.entries({ ...row, ...(more as Row) }).filter(([, value]) => value !== undefined),
        ) as Row,
    })),
  ),
);

/** A profile with some odd rows, in a package that states what is odd. */
const oddPackage = async (
  { rows, files }: Profile,
  oddities: { kind: EntityKind; at: number; change: (row: Row) => Row }[],
): Promise<Buffer> => {
  const whole = { rows: eachKind((kind) => [...rows[kind]]), files };
  for (const { kind, at, change } of oddities) {
    const row = whole.rows[kind][at];
    if (row) whole.rows[kind][at] = change(row);
  }
  const ids = new Set(entityKinds.flatMap((kind) => whole.rows[kind].map((row) => `${kind} ${idOf(kind, row)}`)));
  const defects = new DefectLedger();
  for (const kind of entityKinds)
    for (const row of whole.rows[kind]) defects.add(kind, row, { has: (to, id) => ids.has(`${to} ${id}`) });
  return (await pack(whole, { known_defects: defects.list() })).zip;
};

const top = ({ field }: Pick<Listed, 'field'>): string => field?.split(/[.[]/)[0] ?? '';

const textAt = (row: Row, name: string): string | undefined =>
  Object.hasOwn(row, name) ? formatValue(row[name] ?? null) : undefined;

/** By kind and attribute (none for the whole row), the ids of the rows in which it is other than it was. */
const changesBetween = async (before: Buffer, after: Buffer): Promise<Record<string, string[]>> => {
  const changes: Record<string, string[]> = {};
  for (const kind of entityKinds) {
    const [old, now] = [await rowsOf(before, kind), await rowsOf(after, kind)];
    for (const [id, row] of old) {
      const other = now.get(id);
      const names = other ? new Set([...Object.keys(row), ...Object.keys(other)]) : [''];
      for (const name of names) {
        if (other && textAt(row, name) === textAt(other, name)) continue;
        const key = `${kind} ${name}`;
        changes[key] = [...(changes[key] ?? []), id].sort();
      }
    }
    for (const id of now.keys()) expect(old.has(id)).toBe(true);
  }
  return changes;
};

const listedChanges = ({ notHeld, respelled }: Converted): Record<string, string[]> => {
  const listed: Record<string, string[]> = {};
  for (const one of [...notHeld.filter(({ what }) => what === 'left-out'), ...respelled]) {
    if (one.kind === 'files' || one.kind === 'manifest') continue;
    const key = `${one.kind} ${top(one)}`;
    listed[key] = [...new Set([...(listed[key] ?? []), ...one.ids])].sort();
    // Another name of the same value: both attributes are other than they were.
    if (one.why.startsWith('written as importOrder')) {
      const twin = `${one.kind} importOrder`;
      listed[twin] = [...new Set([...(listed[twin] ?? []), ...one.ids])].sort();
    }
  }
  return listed;
};

describe('a package that went through HouseF3’s dialect', () => {
  test('differs from what it was in the rows and attributes that are listed, and in no other', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.array(oddity, { maxLength: 4 }), async (whole, oddities) => {
        const before = await oddPackage(whole, oddities);
        const there = await converted(before, 'housef3-2.5');
        const back = await converted(there.zip, 'fzip-1.0');
        expect(await changesBetween(before, back.zip)).toEqual(listedChanges(there));
        expect([...back.notHeld, ...back.respelled]).toEqual([]);
        const again = await converted((await converted(back.zip, 'housef3-2.5')).zip, 'fzip-1.0');
        expect(again.manifest.checksums).toEqual(back.manifest.checksums);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('is read by HouseF3, whose restore drops those rows that are listed as dropped', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.array(oddity, { maxLength: 4 }), async (whole, oddities) => {
        const { zip, notHeld } = await converted(await oddPackage(whole, oddities), 'housef3-2.5');
        const isNamed = (kind: EntityKind, id: string, field: string): boolean =>
          notHeld.some(
            (one) => one.kind === kind && one.what === 'dropped' && one.field === field && one.ids.includes(id),
          );
        for (const [kind, rows] of await parsedByHousef3(zip)) {
          for (const row of rows) {
            const id = idOf(kind, row) ?? '';
            const lacking = neededBy(kind, row);
            for (const field of lacking) expect([field, isNamed(kind, id, field)]).toEqual([field, true]);
            const isSaid = notHeld.some(({ why, ids }) => why.includes('will not restore') && ids.includes(id));
            expect(isSaid).toBe(lacking.length > 0);
            if (!lacking.some((field) => field.startsWith('dateRange'))) expect(faultsOf(kind, row)).toEqual([]);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

const uuid = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`;
const times = { createdAt: 1, updatedAt: 2 };
const account: Row = { accountId: uuid('a'), accountName: 'A', accountType: 'other', ...times };
const transaction: Row = {
  transactionId: uuid('1'),
  accountId: uuid('a'),
  fileId: uuid('f'),
  date: 1,
  description: 'x',
  amount: '1',
  ...times,
};
const hasAccount = (id: string): boolean => id === account.accountId;

describe('a row for HouseF3', () => {
  test.each<[string, EntityKind, Row, Row | undefined, object]>([
    [
      'a fraction of a percent is rounded',
      'transactions',
      { ...transaction, categories: [{ categoryId: uuid('c'), assignedAt: 1, confidence: exact('90.5') }] },
      { ...transaction, categories: [{ categoryId: uuid('c'), assignedAt: 1, confidence: 91 }] },
      { what: 'left-out', field: 'categories[].confidence' },
    ],
    [
      'a transaction without its account is left out',
      'transactions',
      { ...transaction, accountId: uuid('b') },
      undefined,
      { what: 'left-out' },
    ],
    [
      'a file map does without an account that is not there',
      'file_maps',
      {
        fileMapId: uuid('b'),
        name: 'm',
        mappings: [{ sourceField: 'a', targetField: 'b' }],
        accountId: uuid('b'),
        ...times,
      },
      { fileMapId: uuid('b'), name: 'm', mappings: [{ sourceField: 'a', targetField: 'b' }], ...times },
      { what: 'left-out', field: 'accountId' },
    ],
    [
      'an account without an id is left out',
      'accounts',
      { accountName: 'A', accountType: 'other', ...times },
      undefined,
      { what: 'left-out' },
    ],
    [
      'its order is called importOrder',
      'transactions',
      { ...transaction, restoreOrder: 3 },
      { ...transaction, importOrder: 3 },
      { what: 'respelled', field: 'restoreOrder' },
    ],
    [
      'both names of a date range are written',
      'transaction_files',
      {
        fileId: uuid('f'),
        fileName: 'a',
        uploadDate: 1,
        fileSize: 1,
        s3Key: 'k',
        dateRange: { startDate: 1, endDate: 2, start: 5 },
        ...times,
      },
      {
        fileId: uuid('f'),
        fileName: 'a',
        uploadDate: 1,
        fileSize: 1,
        s3Key: 'k',
        dateRange: { startDate: 1, endDate: 2, start: 1, end: 2 },
        ...times,
      },
      { what: 'left-out', field: 'dateRange.start' },
    ],
    [
      'a row without createdAt goes as it is',
      'accounts',
      { accountId: uuid('a'), accountName: 'A', accountType: 'other', updatedAt: 2 },
      { accountId: uuid('a'), accountName: 'A', accountType: 'other', updatedAt: 2 },
      { what: 'dropped', field: 'createdAt', why: 'HouseF3 will not restore this row: createdAt is missing' },
    ],
    [
      'a hash beyond 2^53 keeps its digits',
      'transactions',
      { ...transaction, transactionHash: exact('18446744073709551615') },
      { ...transaction, transactionHash: exact('18446744073709551615') },
      {},
    ],
  ])('%s', (_name, kind, row, expected, difference) => {
    const before = formatRow(row);
    const { row: written, differences } = toHousef3Row(kind, row, hasAccount);
    expect(written && formatRow(written)).toBe(expected && formatRow(expected));
    if (Object.keys(difference).length > 0) expect(differences).toContainEqual(expect.objectContaining(difference));
    expect(formatRow(row)).toBe(before);
  });
});

describe('a package that HouseF3 made', () => {
  test('with an odd value and a dangling account becomes one of ours that states both', async () => {
    const json = (rows: Row[]): Buffer => Buffer.from(`[${rows.map(formatRow).join(',')}]`);
    const manifest = { backupFormatVersion: '1.0', backupTimestamp: 't', userId: 'u', housef3Version: '2.5.0' };
    const zip = repack(
      new Map([
        ['manifest.json', Buffer.from(JSON.stringify(manifest))],
        ['data/accounts.json', json([{ ...account, accountType: 'shoe box' }])],
        [
          'data/transactions.json',
          json([transaction, { ...transaction, transactionId: uuid('2'), accountId: uuid('b') }]),
        ],
      ]),
    );
    const ours = await converted(zip, 'fzip-1.0');
    expect(ours.counts).toMatchObject({ accounts: 1, transactions: 2 });
    expect(ours.manifest.known_defects).toEqual<Defect[]>([
      { kind: 'accounts', field: 'accountType', problem: 'enum', rows: 1 },
      { kind: 'transactions', field: 'accountId', missing: uuid('b'), rows: 1 },
      { kind: 'transactions', field: 'fileId', missing: uuid('f'), rows: 2 },
    ]);
    const theirs = await converted(zip, 'housef3-2.5');
    expect([...(await parsedByHousef3(theirs.zip)).values()].flat()).toHaveLength(2);
    expect(theirs.notHeld).toContainEqual(
      expect.objectContaining({ kind: 'transactions', what: 'left-out', rows: 1, ids: [uuid('2')] }),
    );
  });

  test.each(['real-small-nofiles.fzip', 'real-with-files.fzip', 'specified-format.fzip'])(
    '%s is what was listed after a way through ours and back, and each row is what HouseF3 restores',
    async (name) => {
      const zip = await readFile(fileURLToPath(new URL(`../../../test/compat/housef3/${name}`, import.meta.url)));
      const ours = await converted(zip, 'fzip-1.0');
      const theirs = await converted(ours.zip, 'housef3-2.5');
      const again = await converted(theirs.zip, 'fzip-1.0');
      expect(await changesBetween(ours.zip, again.zip)).toEqual(listedChanges(theirs));
      // HouseF3 writes some exponents itself, and some of what it never restores.
      if (name.startsWith('real')) {
        expect(theirs.respelled.map(({ field, why }) => [field, why])).toEqual([
          ['amount', 'the exponent is written out'],
        ]);
        expect(theirs.notHeld.filter(({ what }) => what !== 'ignored')).toEqual([]);
      }
      for (const [kind, rows] of await parsedByHousef3(theirs.zip))
        for (const row of rows) expect([neededBy(kind, row), faultsOf(kind, row)]).toEqual([[], []]);
      const missing = name === 'real-with-files.fzip' ? 1 : 0;
      expect(ours.manifest.failed_files).toHaveLength(missing);
    },
  );
});

describe('the list', () => {
  test('counts all, and is bounded however many ways there are to differ', () => {
    const differences = createDifferences(3);
    for (let n = 0; n < 500; n += 1)
      differences.add('accounts', `id ${n}`, {
        what: 'ignored',
        field: `field ${n}`,
        why: 'HouseF3 knows no such attribute',
      });
    differences.add('accounts', 'one', { what: 'left-out', why: 'it has no accountId' });
    const list = differences.list();
    expect(list.map(({ rows, ids }) => [rows, ids.length])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [497, 100],
      [1, 1],
    ]);
  });

  test('names a key of the manifest that HouseF3’s spelling has no room for, and every other key comes back', async () => {
    const [whole] = fc.sample(profile, { numRuns: 1, seed: 5 }) as [Profile];
    const entries = await unpack((await pack(whole)).zip);
    editManifest(entries, (manifest) => {
      Object.assign(manifest, { jobId: 'another', includeAnalytics: 'perhaps', some_key: null });
      Object.assign(manifest.volume, { setId: 'another' });
    });
    const there = await converted(repack(entries), 'housef3-2.5');
    expect(there.notHeld.filter(({ kind }) => kind === 'manifest').map(({ field }) => field)).toEqual([
      'jobId',
      'volume.setId',
    ]);
    const { manifest } = await converted(there.zip, 'fzip-1.0');
    expect(manifest).toMatchObject({ includeAnalytics: 'perhaps', some_key: null });
    expect(manifest).not.toHaveProperty('jobId');
  });
});
