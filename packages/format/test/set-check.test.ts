/** What only the volumes of a set together show: each loss and each lie between them is found, and nothing else is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPackage, entityKinds, formatRow, type Manifest, PackageRefused } from '../src/index.ts';
import { eachKind, type Profile, profile } from './arbitraries.ts';
import { editManifest, repack, replaceEntry, unpack } from './packing.ts';
import { openSet, packSet } from './sets.ts';

const count = 3;
const [whole] = fc.sample(
  profile.filter(
    ({ rows, files }) => rows.transactions.length >= count && files.length >= count && rows.accounts.length > 1,
  ),
  { numRuns: 1, seed: 11 },
) as [Profile];
const zips = await packSet(whole, count);
const unpacked = await Promise.all(zips.map(unpack));

type Entries = Map<string, Buffer>;
/** The codes found in each volume and in the set, after `edit` changed some entries. */
const codesAfter = async (edit: (volumes: [Entries, Entries, Entries]) => void): Promise<Record<string, string[]>> => {
  const copies = unpacked.map((entries) => new Map(entries)) as [Entries, Entries, Entries];
  edit(copies);
  const { set, volumes, intact } = await checkPackage(await openSet(copies.map(repack)));
  const found = [...volumes.entries()].flatMap(([index, { errors }]) =>
    errors.length > 0 ? [[`volume ${index + 1}`, errors.map(({ code }) => code)]] : [],
  );
  if (set && set.errors.length > 0) found.push(['set', set.errors.map(({ code }) => code)]);
  expect(intact).toBe(found.length === 0);
  return Object.fromEntries(found);
};

/** Replaces the transactions of a volume, and states the new ones truly. */
const setTransactions = (entries: Entries, lines: string[]): void => {
  replaceEntry(entries, 'data/transactions.json', `{"transactions":[\n${lines.join(',\n')}\n]}\n`);
  editManifest(entries, ({ data_summary }) => void Object.assign(data_summary, { transactions_count: lines.length }));
};
const transactionsOf = (number: number): Profile['rows']['transactions'] =>
  whole.rows.transactions.filter((_, index) => index % count === number - 1);
const linesOf = (number: number): string[] => transactionsOf(number).map(formatRow);
const fileIn = (entries: Entries): string => [...entries.keys()].find((name) => name.startsWith('files/')) as string;
const dropFile = (entries: Entries): void => {
  const name = fileIn(entries);
  entries.delete(name);
  editManifest(entries, ({ checksums }) => void delete checksums[name]);
};
const strayId = '00000000-0000-4000-8000-00000000dead';
const straying = (): string => formatRow({ ...transactionsOf(2)[0], accountId: strayId });
const statement = (rows: number): Manifest['known_defects'] => [
  { kind: 'transactions', field: 'accountId', missing: strayId, rows },
];

describe('a set', () => {
  test('of any profile and any number of volumes is intact, in whatever order they are given', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.integer({ min: 2, max: 5 }), fc.nat(), async (found, n, turn) => {
        const packed = await packSet(found, n);
        const turned = packed.map((_, index) => packed[(index + turn) % n] as Buffer);
        const seen = eachKind<string[]>(() => []);
        const { intact, setChecked, set, volumes } = await checkPackage(await openSet(turned), {
          onRow: (kind, { line }) => void seen[kind].push(line),
        });
        expect(volumes.flatMap(({ errors }) => errors)).toEqual([]);
        expect(set?.errors).toEqual([]);
        expect([intact, setChecked]).toEqual([true, true]);
        for (const kind of entityKinds)
          expect(seen[kind].toSorted()).toEqual(found.rows[kind].map(formatRow).toSorted());
        expect(set?.files.present).toBe(found.files.length);
      }),
      { numRuns: 25 },
    );
  });

  test.each<[string, (volumes: [Entries, Entries, Entries]) => void, Record<string, string[]>]>([
    [
      'a later volume refers to an account that the first lacks',
      ([, second]) => setTransactions(second, [straying(), ...linesOf(2).slice(1)]),
      { 'volume 2': ['DANGLING_REFERENCE'] },
    ],
    [
      'the same, stated by that volume',
      ([, second]) => {
        setTransactions(second, [straying(), ...linesOf(2).slice(1)]);
        editManifest(second, (manifest) => void Object.assign(manifest, { known_defects: statement(1) }));
      },
      {},
    ],
    [
      'the same, stated by another volume',
      ([first, second]) => {
        setTransactions(second, [straying(), ...linesOf(2).slice(1)]);
        editManifest(first, (manifest) => void Object.assign(manifest, { known_defects: statement(1) }));
      },
      {},
    ],
    [
      'one row more than all volumes state',
      ([first, second, third]) => {
        const other = formatRow({ ...transactionsOf(3)[0], accountId: strayId });
        setTransactions(second, [straying(), ...linesOf(2).slice(1)]);
        setTransactions(third, [other, ...linesOf(3).slice(1)]);
        editManifest(first, (manifest) => void Object.assign(manifest, { known_defects: statement(1) }));
      },
      { set: ['BAD_STATEMENT'] },
    ],
    [
      'a row is lost and its volume does not count it',
      ([, second]) => setTransactions(second, linesOf(2).slice(1)),
      { set: ['COUNT_MISMATCH', 'COUNT_MISMATCH', 'COUNT_MISMATCH'] },
    ],
    [
      'a row stands in two volumes',
      ([, second]) => setTransactions(second, [linesOf(1)[0] as string, ...linesOf(2).slice(1)]),
      { 'volume 2': ['DUPLICATE_ID'] },
    ],
    ['the bytes of a file are in no volume', ([, second]) => dropFile(second), { set: ['MISSING_ENTRY'] }],
    [
      'the bytes of a file are in two volumes',
      ([, second, third]) => replaceEntry(third, fileIn(second), second.get(fileIn(second)) as Buffer),
      { set: ['DUPLICATE_ENTRY'] },
    ],
    [
      'the bytes of a file are in a later volume and nobody owns them',
      ([, , third]) => replaceEntry(third, 'files/nobody/a.csv', 'a'),
      { set: ['UNKNOWN_ENTRY'] },
    ],
    [
      'accounts stand in a later volume',
      ([first, second]) => {
        replaceEntry(second, 'data/accounts.json', first.get('data/accounts.json') as Buffer);
        const { accounts } = whole.rows;
        editManifest(
          second,
          ({ data_summary }) => void Object.assign(data_summary, { accounts_count: accounts.length }),
        );
      },
      {
        'volume 2': ['MISPLACED_ROWS', ...whole.rows.accounts.map(() => 'DUPLICATE_ID')],
        set: ['COUNT_MISMATCH', 'COUNT_MISMATCH', 'COUNT_MISMATCH'],
      },
    ],
    [
      'one volume states another number of rows for the set',
      ([, second]) =>
        editManifest(second, ({ volume }) => void Object.assign(volume.set_summary, { transactions_count: 1 })),
      { set: ['COUNT_MISMATCH'] },
    ],
  ])('%s', async (_name, edit, expected) => {
    expect(await codesAfter(edit)).toEqual(expected);
  });

  test('that is given in part is told to be so, and one volume alone is no set', async () => {
    for (const given of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const { intact, setChecked, set, volumes } = await checkPackage(
        await openSet(given.map((n) => zips[n] as Buffer)),
      );
      expect(volumes.map((volume) => volume.intact)).toEqual([true, true]);
      expect([intact, setChecked]).toEqual([false, false]);
      const missing = [1, 2, 3].find((number) => !given.includes(number - 1));
      expect(set?.errors).toEqual([
        { code: 'MISSING_VOLUME', message: `volume ${missing} of 3 is missing; allowed are all or one` },
      ]);
    }
    for (const zip of zips) {
      const alone = await checkPackage(await openSet([zip]));
      expect([alone.intact, alone.setChecked, alone.set]).toEqual([true, false, undefined]);
    }
  });

  test.each<[string, string, (manifest: Manifest) => void]>([
    ['a volume of another set', 'WRONG_SET', ({ volume }) => void Object.assign(volume, { set_id: 'set-2' })],
    ['a volume without a set', 'WRONG_SET', ({ volume }) => void Object.assign(volume, { set_id: '' })],
    ['a volume of a set of four', 'WRONG_SET', ({ volume }) => void Object.assign(volume, { count: 4 })],
    ['a volume of another user', 'WRONG_SET', (manifest) => void Object.assign(manifest, { user_id: 'mallory' })],
    ['a volume twice', 'DUPLICATE_VOLUME', ({ volume }) => void Object.assign(volume, { number: 1 })],
  ])('refuses %s', async (_name, code, edit) => {
    const second = new Map(unpacked[1]);
    editManifest(second, edit);
    const opening = openSet([zips[0] as Buffer, repack(second), zips[2] as Buffer]);
    await expect(opening).rejects.toBeInstanceOf(PackageRefused);
    await expect(opening).rejects.toMatchObject({ code, entry: 'given 2' });
  });
});
