/** What differs between two packages: nothing that is the same, everything that is not, by id and by content. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Compared, matchByKey } from '../src/diff/matching.ts';
import {
  bufferSource,
  type Difference,
  type DiffOptions,
  diffKinds,
  diffPackages,
  type EntityKind,
  entityKinds,
  formatRow,
  idOf,
  kindRules,
  mapAt,
  openVolume,
  type PackageDiff,
  type Row,
  type Volume,
} from '../src/index.ts';
import { eachKind, type Profile, profile } from './arbitraries.ts';
import { pack } from './packing.ts';
import { openSet, packSet } from './sets.ts';

const opened = async (found: Profile): Promise<Volume[]> => [await openVolume(bufferSource((await pack(found)).zip))];

const diffOf = async (
  a: Profile | Volume[],
  b: Profile | Volume[],
  options: DiffOptions = {},
): Promise<PackageDiff & { told: Difference[] }> => {
  const told: Difference[] = [];
  const volumesOf = async (side: Profile | Volume[]) => (Array.isArray(side) ? side : opened(side));
  const diff = await diffPackages(await volumesOf(a), await volumesOf(b), {
    ...options,
    onDifference: (difference) => void told.push(difference),
  });
  return { ...diff, told };
};

const uuidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** As a restore into another user's profile does it: every id anew, every reference with it, hashes of what has an id. */
const remapped = (whole: Profile, salt = 'salt'): Profile => {
  const fresh = (kind: EntityKind) => (value: Row[string]) =>
    typeof value === 'string' ? uuidOf(`${salt} ${kind} ${value}`) : value;
  const rows = eachKind((kind) =>
    whole.rows[kind].map((row) => {
      const { id, references } = kindRules[kind];
      const own = id === undefined ? row : mapAt(row, id, fresh(kind));
      const moved = references.reduce((changed, { field, to }) => mapAt(changed, field, fresh(to)), own);
      const more =
        kind === 'transactions' ? { transactionHash: 1 } : kind === 'transaction_files' ? { s3Key: 'new' } : {};
      return { ...moved, ...more, userId: 'another' };
    }),
  );
  const files = whole.files.map((file) => ({ ...file, fileId: String(fresh('transaction_files')(file.fileId)) }));
  return { ...whole, rows, files };
};

/** Rows of equal content may be too alike to tell which changed, so these stories want rows that are unlike. */
const [some] = fc.sample(
  profile.filter(
    ({ rows, files }) =>
      entityKinds.every((kind) => rows[kind].length > 1) &&
      files.length > 1 &&
      new Set(rows.transactions.map(({ description }) => description)).size === rows.transactions.length,
  ),
  { numRuns: 1, seed: 5 },
) as [Profile];

const withRows = (kind: EntityKind, change: (rows: Row[]) => Row[]): Profile => ({
  ...some,
  rows: { ...some.rows, [kind]: change(some.rows[kind]) },
});

const numbers = ({ kinds }: PackageDiff): Record<string, string> =>
  Object.fromEntries(
    diffKinds
      .map((kind) => [kind, kinds[kind]] as const)
      .filter(([, { changed, added, removed }]) => changed + added + removed > 0)
      .map(([kind, { changed, added, removed }]) => [kind, `~${changed} +${added} -${removed}`]),
  );

describe('a package', () => {
  test('equals itself in any number of volumes and any order of rows, by id and by content', async () => {
    await fc.assert(
      fc.asyncProperty(profile, fc.integer({ min: 2, max: 4 }), async (whole, count) => {
        const turned = { ...whole, rows: eachKind((kind) => whole.rows[kind].toReversed()) };
        const set = await openSet(await packSet(turned, count));
        for (const by of ['id', 'content'] as const) {
          const { equal, kinds, told } = await diffOf(whole, set, { by });
          expect(told).toEqual([]);
          expect(equal).toBe(true);
          for (const kind of entityKinds) expect(kinds[kind].same).toBe(whole.rows[kind].length);
          expect(kinds.files.same).toBe(whole.files.length);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('equals what a restore with new ids makes of it, by content, which is chosen by itself', async () => {
    await fc.assert(
      fc.asyncProperty(profile, async (whole) => {
        const { equal, by, told } = await diffOf(whole, remapped(whole), {
          by: whole.rows.accounts.length > 0 ? 'auto' : 'content',
        });
        expect(told).toEqual([]);
        expect([equal, by]).toEqual([true, 'content']);
      }),
      { numRuns: 40 },
    );
  });

  test('has its numbers, its nulls and its owner spelled in any way', async () => {
    const [first, ...rest] = some.rows.transactions as [Row, ...Row[]];
    const spelled = (more: Row) => withRows('transactions', () => [{ ...first, ...more }, ...rest]);
    const a = spelled({ amount: '10.00', memo: null, extra: null });
    const { memo: _, ...without } = { ...first, amount: '1E+1', userId: 'somebody' } as Row;
    const b = withRows('transactions', () => [without, ...rest]);
    expect((await diffOf(a, b)).equal).toBe(true);
    expect(numbers(await diffOf(a, spelled({ amount: '10.01', memo: null })))).toEqual({ transactions: '~1 +0 -0' });
  });
});

describe.each(['id', 'content'] as const)('compared by %s', (by) => {
  const other = (changed: Profile): Profile => (by === 'id' ? changed : remapped(changed));

  test.each(entityKinds)('a row of %s that is gone or new is told of, and no other', async (kind) => {
    // By content, what refers to a row changes with it.
    const isLeaf = kind === 'transactions' || kind === 'analytics';
    const less = withRows(kind, (rows) => rows.slice(1));
    const gone = await diffOf(some, other(less), { by });
    expect(gone.kinds[kind].removed - gone.kinds[kind].added).toBe(1);
    const added = await diffOf(less, other(some), { by });
    expect(added.kinds[kind].added - added.kinds[kind].removed).toBe(1);
    if (!isLeaf && by === 'content') return;
    const id = idOf(kind, some.rows[kind][0] as Row);
    expect(gone.told.filter(({ change }) => change !== 'changed')).toMatchObject([{ kind, change: 'removed', id }]);
    expect(numbers(gone)).toEqual({ [kind]: '~0 +0 -1' });
    expect(numbers(added)).toEqual({ [kind]: '~0 +1 -0' });
  });

  test.each<[EntityKind, string, string]>([
    ['accounts', 'notes', 'other notes'],
    ['categories', 'color', 'another color'],
    ['file_maps', 'description', 'another description'],
    ['transaction_files', 'errorMessage', 'another error'],
    ['transactions', 'memo', 'another memo'],
    ['analytics', 'computedDate', '2026-01-01T00:00:00'],
  ])('a changed row of %s is told of with its field, and what refers to it is not', async (kind, field, to) => {
    const changed = withRows(kind, ([first, ...rest]) => [{ ...first, [field]: to }, ...rest]);
    const diff = await diffOf(some, other(changed), { by });
    const first = some.rows[kind][0] as Row;
    expect(diff.told).toMatchObject([{ kind, change: 'changed', id: idOf(kind, first), fields: [{ field, to }] }]);
    expect(numbers(diff)).toEqual({ [kind]: '~1 +0 -0' });
    expect(diff.equal).toBe(false);
  });

  test('a reference that leads elsewhere is told of with both ids', async () => {
    const [one, two] = some.rows.accounts.map(({ accountId }) => String(accountId)) as [string, string];
    const moved = withRows('transactions', ([first, ...rest]) => [
      { ...first, accountId: first?.accountId === one ? two : one },
      ...rest,
    ]);
    const diff = await diffOf(some, other(moved), { by });
    expect(diff.equal).toBe(false);
    const { changed, added, removed } = diff.kinds.transactions;
    // By content a transaction is known by its account among others.
    expect([changed, added, removed]).toEqual(by === 'id' ? [1, 0, 0] : [0, 1, 1]);
  });

  test('an account that has another file map is told of, though they refer to one another', async () => {
    const [one, two] = some.rows.file_maps.map(({ fileMapId }) => String(fileMapId)) as [string, string];
    const moved = withRows('accounts', ([first, ...rest]) => [
      { ...first, defaultFileMapId: first?.defaultFileMapId === one ? two : one },
      ...rest,
    ]);
    const { kinds, told } = await diffOf(some, other(moved), { by });
    expect(kinds.accounts).toMatchObject({ changed: 1, added: 0, removed: 0 });
    expect(told).toMatchObject([{ kind: 'accounts', fields: [{ field: 'defaultFileMapId' }] }]);
  });

  test('a byte of a file is told of, and a file without bytes', async () => {
    const [first, ...rest] = some.files as [Profile['files'][number], ...Profile['files']];
    const flipped = { ...some, files: [{ ...first, bytes: Buffer.concat([first.bytes, Buffer.from('!')]) }, ...rest] };
    const diff = await diffOf(some, other(flipped), { by });
    expect(diff.told).toMatchObject([{ kind: 'files', change: 'changed', id: first.fileId }]);
    expect(diff.told[0]).toMatchObject({ fields: [{ field: 'bytes' }, { field: 'sha256' }] });
    expect(numbers(await diffOf(some, other({ ...some, files: rest }), { by }))).toEqual({ files: '~0 +0 -1' });
  });

  test('categories in a circle end', async () => {
    const circle = withRows('categories', (rows) =>
      rows.map((row, n) => ({ ...row, parentCategoryId: rows[(n + 1) % rows.length]?.categoryId ?? null })),
    );
    const stated = async (found: Profile) => {
      const { zip } = await pack(found, {
        known_defects: [
          { kind: 'categories', field: 'parentCategoryId', problem: 'range', rows: found.rows.categories.length },
        ],
      });
      return [await openVolume(bufferSource(zip))];
    };
    const turned = { ...circle, rows: { ...circle.rows, categories: circle.rows.categories.toReversed() } };
    for (const found of [circle, turned])
      expect((await diffOf(await stated(circle), await stated(other(found)), { by })).equal).toBe(true);
    expect((await diffOf(some, await stated(other(circle)), { by })).equal).toBe(false);
  });
});

describe('differences', () => {
  test('of any two profiles are told completely: what is the same, gone and new adds up on both sides', async () => {
    await fc.assert(
      fc.asyncProperty(profile, profile, fc.constantFrom('id', 'content'), async (a, b, by) => {
        const { kinds, told } = await diffOf(a, b, { by: by as 'id' | 'content' });
        for (const kind of entityKinds) {
          const { same, changed, added, removed } = kinds[kind];
          expect(same + changed + removed).toBe(a.rows[kind].length);
          expect(same + changed + added).toBe(b.rows[kind].length);
          const mine = told.filter((one) => one.kind === kind);
          expect(mine.length).toBe(changed + added + removed);
          const lost = mine.filter(({ change }) => change === 'removed').map(({ id }) => id);
          const ids = a.rows[kind].map((row) => idOf(kind, row));
          expect(lost.every((id) => ids.includes(id))).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('are told up to a limit of each kind, and all counted', async () => {
    const emptied = { ...some, rows: eachKind<Row[]>(() => []), files: [] };
    const { told, kinds } = await diffOf(some, emptied, { limit: 1, by: 'id' });
    expect(told.map(({ kind }) => kind)).toEqual([...entityKinds, 'files']);
    expect(kinds.transactions.removed).toBe(some.rows.transactions.length);
  });

  test('count rows of equal content as often as they stand there', async () => {
    const [first] = some.rows.transactions as [Row];
    const copies = (count: number): Profile =>
      withRows('transactions', (rows) => [
        ...rows,
        ...Array.from({ length: count }, (_, n) => ({ ...first, transactionId: uuidOf(`copy ${n}`) })),
      ]);
    expect((await diffOf(copies(2), remapped(copies(2)), { by: 'content' })).equal).toBe(true);
    const { kinds } = await diffOf(copies(1), remapped(copies(3)), { by: 'content' });
    expect(kinds.transactions).toMatchObject({ same: some.rows.transactions.length + 1, added: 2, removed: 0 });
  });

  test('are told once each, however few rows may wait for their partners', async () => {
    // The first half comes in the same order, the second the other way round: some pairs are told before others must wait.
    const numbered = (isTurned: boolean, value: number): Compared[] =>
      Array.from({ length: 40 }, (_, n) => {
        const at = isTurned && n >= 20 ? 59 - n : n;
        return { key: `row ${at}`, id: `row ${at}`, row: { n: at % 4 === 0 ? at : value }, shown: {} };
      });
    const streamOf = (rows: Compared[]) =>
      async function* (): AsyncGenerator<Compared> {
        yield* rows;
      };
    for (const waitingUnits of [0, 1, 20, 100, 1e6]) {
      const sides = { a: streamOf(numbered(false, -1)), b: streamOf(numbered(true, -2)) };
      const { counts, differences } = await matchByKey(sides, { waitingUnits });
      const keys: string[] = [];
      for await (const one of differences()) keys.push(one.change === 'changed' ? one.a.key : '');
      expect(counts).toEqual({ same: 10, changed: 30, added: 0, removed: 0 });
      expect(new Set(keys).size, String(waitingUnits)).toBe(30);
      expect(keys.length, String(waitingUnits)).toBe(30);
    }
  });

  test('are none between files of equal rows, as often as they stand there', async () => {
    const [row] = some.rows.transaction_files as [Row];
    const bytes = Buffer.from('the same statement, imported twice');
    const twins = (texts: Buffer[]): Profile => {
      const ids = texts.map((_, n) => uuidOf(`twin ${n}`));
      const alike = ids.map((fileId) => ({ ...row, fileId, fileName: 'twin.csv' }));
      return {
        rows: { ...some.rows, transaction_files: [...some.rows.transaction_files, ...alike] },
        files: [
          ...some.files,
          ...ids.map((fileId, n) => ({ fileId, fileName: 'twin.csv', bytes: texts[n] as Buffer })),
        ],
      };
    };
    const [two, odd] = [twins([bytes, bytes]), twins([bytes, Buffer.from('another')])];
    expect((await diffOf(two, remapped(two), { by: 'content' })).equal).toBe(true);
    const { kinds, equal } = await diffOf(two, remapped(odd), { by: 'content' });
    expect(equal).toBe(false);
    const { same, changed, added, removed } = kinds.files;
    expect([same, changed + removed, changed + added]).toEqual([some.files.length + 1, 1, 1]);
  });

  test('are told of every attribute that is only named like one that restores write', async () => {
    const named = (s3Key: string) => withRows('accounts', ([first, ...rest]) => [{ ...first, s3Key }, ...rest]);
    expect(numbers(await diffOf(named('a'), named('b'), { by: 'id' }))).toEqual({ accounts: '~1 +0 -0' });
  });

  test('are refused where an id stands twice', async () => {
    const twice = withRows('transactions', (rows) => [...rows, rows[0] as Row]);
    await expect(diffOf(twice, some, { by: 'id' })).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
    await expect(diffOf(some, twice, { by: 'id' })).rejects.toMatchObject({ code: 'DUPLICATE_ID' });
  });

  test('keep every digit', async () => {
    const [first, ...rest] = some.rows.transactions as [Row, ...Row[]];
    const hashed = (digits: string) =>
      withRows('transactions', () => [{ ...first, extra: JSON.parse(`"${digits}"`) as string }, ...rest]);
    const { told } = await diffOf(hashed('1'), hashed('18446744073709551615'));
    expect(told).toMatchObject([{ fields: [{ field: 'extra', from: '1', to: '18446744073709551615' }] }]);
    expect(formatRow(first)).not.toContain('extra');
  });
});
