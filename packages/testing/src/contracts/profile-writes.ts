/** The promises of `ProfileStore` about writing, and reading by key. */
import { analyticTypes, type EntityKind, entityKinds, exact, formatRow, type Row } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { sampleRow, someUser } from '../samples.ts';
import type { ProfileStoreWorld } from './profile-store.ts';

type World = () => ProfileStoreWorld;

export const profileWriteTests = (world: World): void => {
  describe.each(entityKinds)('of %s', (kind) => {
    putOwnTests(world, kind);
    putFreshTests(world, kind);
    getTests(world, kind);
    deleteOwnTests(world, kind);
  });
  numberTests(world);
  staleTests(world);
};

/** The attributes by which a row is found. */
const keyNames: Readonly<Record<EntityKind, readonly string[]>> = {
  accounts: ['accountId'],
  categories: ['categoryId'],
  file_maps: ['fileMapId'],
  transaction_files: ['fileId'],
  transactions: ['transactionId'],
  analytics: ['pk', 'sk'],
};
const keyOf = (kind: EntityKind, row: Row): Row =>
  Object.fromEntries(keyNames[kind].map((name) => [name, row[name] ?? null]));
const rowsOf = (kind: EntityKind, userId: string, count: number): Row[] =>
  Array.from({ length: count }, (_, n) => sampleRow(kind, userId, n));
/** Another's row under the key of this one. */
const anothers = (row: Row): Row => ({ ...row, userId: someUser(), theirs: true });

const putOwnTests = (world: World, kind: EntityKind): void => {
  test('putOwn: the rows are there, and repeating it changes nothing', async () => {
    const userId = someUser();
    const rows = rowsOf(kind, userId, 40);
    for (const _ of ['once', 'again']) {
      expect(await world().store.putOwn(userId, kind, rows)).toEqual({ conflicts: 0 });
      expect(await world().store.get(kind, rows)).toEqual(rows);
    }
  });

  test("putOwn: replaces the user's own row, leaves another's as it is, and says how many were left out", async () => {
    const userId = someUser();
    const rows = rowsOf(kind, userId, 4);
    const [first, second, third, fourth] = rows as [Row, Row, Row, Row];
    const [theirSecond, theirThird] = [anothers(second), anothers(third)];
    await world().put(kind, [{ ...first, old: true }, theirSecond, theirThird]);
    expect(await world().store.putOwn(userId, kind, rows)).toEqual({ conflicts: 2 });
    expect(await world().store.get(kind, rows)).toEqual([first, theirSecond, theirThird, fourth]);
  });

  test("putOwn: refuses rows that are not the user's, and writes none", async () => {
    const userId = someUser();
    const rows = [sampleRow(kind, userId), sampleRow(kind, someUser(), 1)];
    await expect(world().store.putOwn(userId, kind, rows)).rejects.toThrow('1 of 2 rows');
    expect(await world().store.get(kind, rows)).toEqual([undefined, undefined]);
  });

  test('putOwn: of two users at once, one has the key and the other is told', async () => {
    const row = sampleRow(kind, someUser());
    const claims = [row, ...Array.from({ length: 9 }, () => ({ ...row, userId: someUser() }))];
    const told = await Promise.all(claims.map((claim) => world().store.putOwn(String(claim.userId), kind, [claim])));
    expect(told.map(({ conflicts }) => conflicts).sort()).toEqual([0, ...Array.from({ length: 9 }, () => 1)]);
    const winner = claims[told.findIndex(({ conflicts }) => conflicts === 0)];
    expect(await world().store.get(kind, [row])).toEqual([winner]);
  });
};

const putFreshTests = (world: World, kind: EntityKind): void => {
  test('putFresh: every row is there when it resolves, however many', async () => {
    const rows = rowsOf(kind, someUser(), 130);
    await world().store.putFresh(kind, rows);
    expect(await world().store.get(kind, rows)).toEqual(rows);
  });

  test('putFresh: repeating it changes nothing, and none are none', async () => {
    const rows = rowsOf(kind, someUser(), 3);
    await world().store.putFresh(kind, []);
    await world().store.putFresh(kind, rows);
    await world().store.putFresh(kind, [...rows, ...rows]);
    expect(await world().store.get(kind, rows)).toEqual(rows);
  });
};

const getTests = (world: World, kind: EntityKind): void => {
  test("get: by key alone, in the order of the keys, duplicates too, undefined for none, whoever's they are", async () => {
    const [a, b, none] = [sampleRow(kind, someUser()), sampleRow(kind, someUser(), 1), sampleRow(kind, someUser(), 2)];
    await world().put(kind, [a, b]);
    const keys = [b, none, a, b].map((row) => keyOf(kind, row));
    expect(await world().store.get(kind, keys)).toEqual([b, undefined, a, b]);
    expect(await world().store.get(kind, [])).toEqual([]);
  });

  test('get: with attributes named, these and the key', async () => {
    const row = sampleRow(kind, someUser(), 0, { memo: 'm' });
    await world().put(kind, [row]);
    const { userId, memo } = row;
    const found = await world().store.get(kind, [row], ['userId', 'memo', 'neverSet']);
    expect(found).toEqual([{ ...keyOf(kind, row), userId, memo }]);
    expect(await world().store.get(kind, [row], [])).toEqual([keyOf(kind, row)]);
  });

  test('get: a row without its key is refused', async () => {
    await expect(world().store.get(kind, [{ userId: 'u' }])).rejects.toThrow(`a row of ${kind} has no`);
  });
};

const deleteOwnTests = (world: World, kind: EntityKind): void => {
  test("deleteOwn: the user's rows are gone, others' stay, and what is not there is no error", async () => {
    const userId = someUser();
    const rows = rowsOf(kind, userId, 30);
    const [theirs, kept, none] = [30, 31, 32].map((n) => sampleRow(kind, userId, n)) as [Row, Row, Row];
    const another = anothers(theirs);
    await world().put(kind, [...rows, another, kept]);
    const keys = [...rows, theirs, none].map((row) => keyOf(kind, row));
    await world().store.deleteOwn(userId, kind, keys);
    await world().store.deleteOwn(userId, kind, keys);
    expect(await world().store.get(kind, rows)).toEqual(rows.map(() => undefined));
    expect(await world().store.get(kind, [theirs, kept, none])).toEqual([another, kept, undefined]);
  });
};

const numberTests = (world: World): void => {
  test('putOwn and putFresh: every number is exact', async () => {
    const userId = someUser();
    const numbers = ['18446744073709551615', '-0.1', '12345678901234567890.123456789', '9007199254740993', '42'];
    const row = () => sampleRow('transactions', userId, 0, { amount: exact('10.55'), numbers: numbers.map(exact) });
    const [own, fresh] = [row(), row()];
    await world().store.putOwn(userId, 'transactions', [own]);
    await world().store.putFresh('transactions', [fresh]);
    const found = await world().store.get('transactions', [own, fresh]);
    expect(found.map((each) => each && formatRow(each))).toEqual([own, fresh].map(formatRow));
  });

  test('get: hundreds of rows, and more than one answer can hold, come whole', async () => {
    const userId = someUser();
    const rows = Array.from({ length: 110 }, (_, n) =>
      sampleRow('transactions', userId, n, { memo: 'x'.repeat(180_000) }),
    );
    await world().store.putFresh('transactions', rows);
    const found = await world().store.get('transactions', rows);
    expect(found.map((row) => row?.transactionId)).toEqual(rows.map((row) => row.transactionId));
  }, 120_000);
};

const staleTests = (world: World): void => {
  test("markAnalyticsStale: every type of the user's analytics, twice is once", async () => {
    const [userId, at] = [someUser(), Date.UTC(2026, 0, 2, 3, 4, 5, 6)];
    await world().store.markAnalyticsStale(userId, at);
    const marked = await world().stale(userId);
    expect(marked).toEqual([...analyticTypes].sort().map((analyticType) => ({ analyticType, at })));
    await world().store.markAnalyticsStale(userId, at);
    expect(await world().stale(userId)).toEqual(marked);
    expect(await world().stale(someUser())).toEqual([]);
  });
};
