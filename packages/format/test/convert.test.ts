/** A package in the other dialect and back: what the dialect can hold is there again, what it cannot is named. */
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inOrder } from '../src/convert/in-order.ts';
import {
  bufferSource,
  type Converted,
  type ConvertOptions,
  checkVolume,
  compareSortKeys,
  convertPackage,
  type Defect,
  diffPackages,
  entityKinds,
  formatRow,
  openVolume,
  type Row,
  sortKey,
  type Volume,
} from '../src/index.ts';
import { eachKind, type Profile, profile, rowOf } from './arbitraries.ts';
import { faultsOf, parsedByHousef3 } from './housef3-model.ts';
import { editManifest, memorySink, pack, repack, sha256, unpack } from './packing.ts';
import { openSet, packSet } from './sets.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-convert-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const opened = (zip: Buffer): Promise<Volume> => openVolume(bufferSource(zip));
const converted = async (
  volumes: readonly Volume[],
  to: ConvertOptions['to'],
): Promise<Converted & { zip: Buffer; volume: Volume }> => {
  const { sink, bytes } = memorySink();
  const result = await convertPackage(volumes, { to, sink, folder });
  const volume = await opened(bytes());
  expect((await checkVolume(volume)).errors).toEqual([]);
  return { ...result, zip: bytes(), volume };
};
const isLeftOut = ({ what }: { what: string }): boolean => what === 'left-out';

describe('a package', () => {
  test('has every row and file again after a way through the other dialect, save what is named', async () => {
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const source = await opened((await pack(whole)).zip);
        const there = await converted([source], 'housef3-2.5');
        expect(there.volume.dialect).toBe('housef3-2.5');
        const back = await converted([there.volume], 'fzip-1.0');
        const { kinds, equal } = await diffPackages([source], [back.volume], { by: 'id' });
        if (there.notHeld.some(isLeftOut)) return;
        expect(kinds).toMatchObject(eachKind(() => ({ changed: 0, added: 0, removed: 0 })));
        expect(equal).toBe(true);
        expect(back.notHeld).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('of equal content has equal entries, whatever order, volumes and dialect it comes from', async () => {
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const turned = { ...whole, rows: eachKind((kind) => whole.rows[kind].toReversed()) };
        const lone = await converted([await opened((await pack(whole)).zip)], 'fzip-1.0');
        const ofSet = await converted(await openSet(await packSet(turned, 3)), 'fzip-1.0');
        expect(ofSet.volume.manifest.checksums).toEqual(lone.volume.manifest.checksums);
        const there = await converted([lone.volume], 'housef3-2.5');
        const again = await converted([(await converted([there.volume], 'fzip-1.0')).volume], 'housef3-2.5');
        expect(again.volume.manifest.checksums).toEqual(there.volume.manifest.checksums);
      }),
      { numRuns: 25 },
    );
  });

  test('keeps what its manifest says, also what we do not know', async () => {
    const [whole] = fc.sample(profile, { numRuns: 1, seed: 3 }) as [Profile];
    const source = await opened((await pack(whole)).zip);
    Object.assign(source.manifest, { extra_block: { some_key: [1, 'two'] }, filters: { account_ids: ['a'] } });
    const back = await converted([(await converted([source], 'housef3-2.5')).volume], 'fzip-1.0');
    const { checksums: _, converted_from, ...manifest } = back.volume.manifest;
    const { checksums: __, ...before } = source.manifest;
    before.volume.set_summary = before.data_summary;
    expect(manifest).toEqual(before);
    expect(converted_from).toBe('housef3-2.5');
  });

  test('may have more that is odd than a check tells of: all of it is stated', async () => {
    const [whole] = fc.sample(
      profile.filter(({ rows }) => rows.transactions.length > 0),
      { numRuns: 1, seed: 5 },
    ) as [Profile];
    const entries = await unpack((await converted([await opened((await pack(whole)).zip)], 'housef3-2.5')).zip);
    const name = 'data/transactions.json';
    const [row] = JSON.parse(String(entries.get(name))) as [object];
    const odd = Array.from({ length: 10_500 }, (_, n) => ({
      ...row,
      transactionId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      description: 5,
    }));
    const bytes = Buffer.from(JSON.stringify(odd));
    entries.set(name, bytes);
    editManifest(entries, (found) => {
      const manifest = found as unknown as Record<string, Record<string, unknown>>;
      Object.assign(manifest.checksums ?? {}, { [name]: sha256(bytes) });
      Object.assign(manifest.dataSummary ?? {}, { transactionsCount: odd.length });
      delete manifest.volume;
    });
    const source = await opened(repack(entries));
    const check = await checkVolume(source);
    expect([check.errorCount > 10_000, check.errors.length < 200]).toEqual([true, true]);
    const { volume } = await converted([source], 'fzip-1.0');
    expect(volume.manifest.known_defects).toContainEqual(
      expect.objectContaining({ kind: 'transactions', field: 'description', rows: odd.length }),
    );
  });

  test('that is damaged is refused, with advice', async () => {
    const [whole] = fc.sample(profile, { numRuns: 1, seed: 4 }) as [Profile];
    const entries = await unpack((await pack(whole)).zip);
    entries.delete('data/accounts.json');
    const zip = repack(entries);
    const { sink } = memorySink();
    const converting = convertPackage([await opened(zip)], { to: 'fzip-1.0', sink, folder });
    await expect(converting).rejects.toMatchObject({
      name: 'PackageRefused',
      message: expect.stringContaining('fzip repair'),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('in HouseF3’s dialect', () => {
  test('any profile is what HouseF3’s parser takes, and its rows are spelled as its restore wants them', async () => {
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const { zip } = await converted([await opened((await pack(whole)).zip)], 'housef3-2.5');
        const found = await parsedByHousef3(zip);
        for (const [kind, rows] of found) for (const row of rows) expect(faultsOf(kind, row)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  const ids = { accounts: [], categories: [], file_maps: [], transaction_files: [] };
  const uuid = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`;
  const sampleRow = (kind: (typeof entityKinds)[number], id: string, more: Row): Row => ({
    ...(fc.sample(rowOf(kind, ids, id), { numRuns: 1, seed: 1 })[0] as Row),
    ...more,
  });
  const lone = (rows: Partial<Profile['rows']>): Profile => ({
    rows: { ...eachKind<Row[]>(() => []), ...rows },
    files: [],
  });

  test('rows without their account are left out and named, so that HouseF3 takes the rest', async () => {
    const account = sampleRow('accounts', uuid('a'), { defaultFileMapId: null });
    const file = sampleRow('transaction_files', uuid('f'), { accountId: null, fileMapId: null });
    const transaction = (id: string, accountId: string): Row =>
      sampleRow('transactions', id, {
        accountId,
        fileId: uuid('f'),
        categories: [],
        primaryCategoryId: null,
        categoryId: null,
      });
    const whole = lone({
      accounts: [account],
      file_maps: [sampleRow('file_maps', uuid('b'), { accountId: uuid('d') })],
      transaction_files: [file],
      transactions: [transaction(uuid('1'), uuid('a')), transaction(uuid('2'), uuid('d'))],
    });
    const defects: Defect[] = [
      { kind: 'file_maps', field: 'accountId', missing: uuid('d'), rows: 1 },
      { kind: 'transactions', field: 'accountId', missing: uuid('d'), rows: 1 },
    ];
    const source = await opened((await pack(whole, { known_defects: defects })).zip);
    const { zip, notHeld, counts } = await converted([source], 'housef3-2.5');
    const found = await parsedByHousef3(zip);
    expect(found.get('transactions')?.map(({ transactionId }) => transactionId)).toEqual([uuid('1')]);
    expect(counts.transactions).toBe(1);
    expect(notHeld.filter(isLeftOut)).toMatchObject([
      { kind: 'file_maps', field: 'accountId', rows: 1, ids: [uuid('b')] },
      { kind: 'transactions', rows: 1, ids: [uuid('2')] },
    ]);
  });

  test.each<[string, Partial<Profile['rows']>, object]>([
    [
      'a rule of another condition',
      {
        categories: [
          sampleRow('categories', uuid('c'), {
            parentCategoryId: null,
            rules: [{ ruleId: 'r', fieldToMatch: 'description', condition: 'sounds_like', value: 'x' }],
          }),
        ],
      },
      { kind: 'categories', what: 'dropped', field: 'rules[].condition', rows: 1 },
    ],
    [
      'an attribute that its export computes',
      { accounts: [sampleRow('accounts', uuid('a'), { defaultFileMapId: null, computedFields: 'mine' })] },
      { kind: 'accounts', what: 'left-out', field: 'computedFields', rows: 1 },
    ],
    [
      'an attribute that it does not know',
      { accounts: [sampleRow('accounts', uuid('a'), { defaultFileMapId: null, color: 'red' })] },
      { kind: 'accounts', what: 'ignored', field: 'color', rows: 1 },
    ],
    [
      'analytics',
      { analytics: [sampleRow('analytics', '', { accountId: null })] },
      { kind: 'analytics', what: 'dropped', rows: 1 },
    ],
  ])('%s is named', async (_name, rows, expected) => {
    const known: Defect[] =
      'categories' in rows ? [{ kind: 'categories', field: 'rules[].condition', problem: 'enum', rows: 1 }] : [];
    const source = await opened((await pack(lone(rows), { known_defects: known })).zip);
    const { notHeld } = await converted([source], 'housef3-2.5');
    expect(notHeld).toContainEqual(expect.objectContaining(expected));
  });
});

describe('rows', () => {
  const rowsOf = async function* (rows: Row[]): AsyncGenerator<Row> {
    yield* rows;
  };

  test('come in the order of a package, in however many runs they were sorted, and nothing is left of the runs', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.constantFrom(1, 300, 2_000, 1e9), async ({ rows }, runUnits) => {
        for (const kind of entityKinds) {
          const found: string[] = [];
          for await (const line of inOrder(kind, rowsOf(rows[kind]), { folder, runUnits })) found.push(line);
          const sorted = rows[kind].toSorted((a, b) => compareSortKeys(sortKey(kind, a), sortKey(kind, b)));
          expect(found).toEqual(sorted.map(formatRow));
        }
        expect(await readdir(folder)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('are sorted in memory that does not grow with their number', async () => {
    const url = new URL('./sort-many.ts', import.meta.url);
    const worker = new Worker(url, { workerData: { rows: 100_000 }, resourceLimits: { maxOldGenerationSizeMb: 80 } });
    expect(await once(worker, 'exit')).toEqual([0]);
  }, 60_000);

  test('leave no runs behind when nobody takes them all, or reading them fails', async () => {
    const [{ rows }] = fc.sample(
      profile.filter((one) => one.rows.transactions.length > 2),
      { numRuns: 1, seed: 2 },
    ) as [Profile];
    const lines = inOrder('transactions', rowsOf(rows.transactions), { folder, runUnits: 1 });
    await lines.next();
    await lines.return(undefined);
    const failing = async function* (): AsyncGenerator<Row> {
      yield* rows.transactions;
      throw new Error('cable pulled');
    };
    await expect(inOrder('transactions', failing(), { folder, runUnits: 1 }).next()).rejects.toThrow('cable pulled');
    expect(await readdir(folder)).toEqual([]);
  });
});
