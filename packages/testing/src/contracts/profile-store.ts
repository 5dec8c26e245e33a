/** The promises of `ProfileStore`, one test each. */
import { randomUUID } from 'node:crypto';
import type { ProfileStore, RowQuery, UnindexedQuery } from '@fzip/core';
import { type EntityKind, entityKinds, exact, formatRow, idOf, type Row } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { sampleRow, someUser } from '../samples.ts';
import { contract, eventually, type Make } from './contract.ts';
import { profileWriteTests } from './profile-writes.ts';

export type ProfileStoreWorld = {
  store: ProfileStore;
  /** Writes rows as HouseF3 would. */
  put(kind: EntityKind, rows: readonly Row[]): Promise<void>;
  /** Which of a user's analytics are marked as stale, by type, and since when (ms since epoch). */
  stale(userId: string): Promise<{ analyticType: string; at: number }[]>;
};

type World = () => ProfileStoreWorld;

const everyRow = async (
  store: ProfileStore,
  query: Omit<RowQuery, 'cursor'>,
): Promise<{ rows: Row[]; pages: number }> => {
  const rows: Row[] = [];
  let [cursor, pages]: [string | undefined, number] = [undefined, 0];
  do {
    const page: Awaited<ReturnType<ProfileStore['page']>> = await store.page({ ...query, ...(cursor && { cursor }) });
    rows.push(...page.rows);
    cursor = page.cursor;
    pages += 1;
  } while (cursor !== undefined);
  return { rows, pages };
};

const texts = (rows: readonly Row[]): string[] => rows.map(formatRow).sort();

export const profileStoreContract = (name: string, make: Make<ProfileStoreWorld>): void =>
  contract(`the profile store ${name}`, make, (world) => {
    describe.each(entityKinds)('of %s', (kind) => kindTests(world, kind));
    pageTests(world);
    rangeTests(world);
    unindexedTests(world);
    countTests(world);
    profileWriteTests(world);
  });

const kindTests = (world: World, kind: EntityKind): void => {
  test("page: the user's rows as the table holds them, and nobody else's", async () => {
    const [mine, theirs] = [someUser(), someUser()];
    const rows = [0, 1, 2].map((n) => sampleRow(kind, mine, n, { unknown: { to: ['us', null, true] } }));
    await world().put(kind, [...rows, sampleRow(kind, theirs)]);
    await eventually(async () => {
      const found = await everyRow(world().store, { userId: mine, kind });
      expect(texts(found.rows)).toEqual(texts(rows));
    });
    expect(await world().store.count(mine, kind, 5_000)).toEqual({ count: 3, exact: true });
  });

  test('page: no rows and no cursor for a user without any', async () => {
    expect(await world().store.page({ userId: someUser(), kind })).toEqual({ rows: [] });
  });
};

const pageTests = (world: World): void => {
  /** Rows so large that a page of 1 MB holds a few. */
  const largeRows = (userId: string) =>
    Array.from({ length: 8 }, (_, n) => sampleRow('transactions', userId, n, { memo: 'x'.repeat(300_000) }));

  test('page: pages follow one another in the order of the index, without gap or repeat', async () => {
    const userId = someUser();
    const rows = largeRows(userId);
    await world().put('transactions', [...rows].reverse());
    await eventually(async () => {
      const found = await everyRow(world().store, { userId, kind: 'transactions' });
      expect(found.pages).toBeGreaterThan(2);
      expect(found.rows.map(({ date }) => date)).toEqual(rows.map(({ date }) => date));
    });
  });

  test('page: every number is exact', async () => {
    const userId = someUser();
    const numbers = ['18446744073709551615', '-0.1', '12345678901234567890.123456789', '9007199254740993', '42'];
    const row = sampleRow('transactions', userId, 0, { amount: exact('10.55'), numbers: numbers.map(exact) });
    await world().put('transactions', [row]);
    await eventually(async () => {
      const { rows } = await world().store.page({ userId, kind: 'transactions' });
      expect(rows.map(formatRow)).toEqual([formatRow(row)]);
    });
  });

  test("page: the index does not know a row that lacks its key, as DynamoDB's does not", async () => {
    const userId = someUser();
    const { createdAt: _, ...lacking } = sampleRow('accounts', userId);
    const whole = sampleRow('accounts', userId);
    await world().put('accounts', [lacking, whole]);
    await eventually(async () => {
      expect(await world().store.page({ userId, kind: 'accounts' })).toEqual({ rows: [whole] });
      expect(await world().store.count(userId, 'accounts', 5_000)).toEqual({ count: 1, exact: true });
    });
  });

  test('page: with attributes named, only these', async () => {
    const userId = someUser();
    const row = sampleRow('transactions', userId);
    await world().put('transactions', [row]);
    const attributes = ['transactionId', 'updatedAt', 'date', 'neverSet'];
    await eventually(async () => {
      const { rows } = await world().store.page({ userId, kind: 'transactions', attributes });
      expect(rows).toEqual([{ transactionId: row.transactionId, updatedAt: row.updatedAt, date: row.date }]);
    });
  });

  test('page: a cursor that no page gave is refused', async () => {
    for (const cursor of ['x', Buffer.from('[{}]').toString('base64url')]) {
      const page = world().store.page({ userId: someUser(), kind: 'accounts', cursor });
      await expect(page).rejects.toMatchObject({ name: 'BadCursor' });
    }
  });

  test("page: another user's cursor leads to nobody's rows but one's own", async () => {
    const [mine, theirs] = [someUser(), someUser()];
    const own = sampleRow('transactions', mine, 50);
    await world().put('transactions', [own, ...largeRows(theirs)]);
    const cursor = await eventually(async () => {
      const page = await world().store.page({ userId: theirs, kind: 'transactions' });
      expect(page.cursor).toBeDefined();
      return page.cursor as string;
    });
    const { rows } = await world().store.page({ userId: mine, kind: 'transactions', cursor });
    expect(rows.map((row) => idOf('transactions', row))).toEqual([idOf('transactions', own)]);
  });
};

const unindexedTests = (world: World): void => {
  const lacking = (kind: EntityKind, userId: string, n: number, name: string, but: Row): Row => {
    const { [name]: _, ...row } = sampleRow(kind, userId, n, but);
    return row;
  };
  const everyUnindexed = async (query: UnindexedQuery): Promise<Row[]> => {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
      const page: Awaited<ReturnType<ProfileStore['unindexed']>> = await world().store.unindexed({
        ...query,
        ...(cursor && { cursor }),
      });
      rows.push(...page.rows);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return rows;
  };

  test("unindexed: the user's transactions of an account that have no date, and no others", async () => {
    const [userId, other] = [someUser(), someUser()];
    const [accountId, amount] = [randomUUID(), exact('1.5')];
    const undated = (owner: string, n: number, but: Row) =>
      lacking('transactions', owner, n, 'date', { accountId, amount, ...but });
    const rows = Array.from({ length: 8 }, (_, n) => undated(userId, n, { memo: 'x'.repeat(200_000) }));
    await world().put('transactions', [
      ...rows,
      undated(other, 9, {}),
      undated(userId, 10, { accountId: randomUUID() }),
      sampleRow('transactions', userId, 11, { accountId, amount }),
    ]);
    await eventually(async () => {
      const found = await everyUnindexed({ userId, kind: 'transactions', accountId });
      expect(texts(found)).toEqual(texts(rows));
    });
    expect((await world().store.page({ userId, kind: 'transactions' })).rows).toHaveLength(1);
  });

  test("unindexed: the user's categories that have a parent and no name", async () => {
    const [userId, other] = [someUser(), someUser()];
    const nameless = (owner: string, n: number) =>
      lacking('categories', owner, n, 'name', { parentCategoryId: randomUUID() });
    const rows = [nameless(userId, 0), nameless(userId, 1)];
    await world().put('categories', [
      ...rows,
      nameless(other, 2),
      sampleRow('categories', userId, 3, { parentCategoryId: randomUUID() }),
    ]);
    await eventually(async () => {
      expect(texts(await everyUnindexed({ userId, kind: 'categories' }))).toEqual(texts(rows));
    });
  });
};

const rangeTests = (world: World): void => {
  const dates = [-5, 0, 10, 20, 20, 30];
  const filled = async (): Promise<string> => {
    const userId = someUser();
    const rows = dates.map((date, n) => sampleRow('transactions', userId, n, { date }));
    await world().put('transactions', [...rows, sampleRow('transactions', someUser(), 9, { date: 15 })]);
    await eventually(async () => expect((await world().store.count(userId, 'transactions', 5_000)).count).toBe(6));
    return userId;
  };

  test('page, count, span: of a range of dates, its begin and not its end', async () => {
    const userId = await filled();
    const edges = [undefined, -5, 0, 10, 11, 20, 30, 31];
    for (const from of edges) {
      for (const below of edges) {
        if (from !== undefined && below !== undefined && from >= below) continue;
        const range = { ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) };
        const inside = dates.filter((date) => date >= (from ?? -6) && date < (below ?? 31));
        const { rows } = await everyRow(world().store, { userId, kind: 'transactions', range });
        expect(
          rows.map(({ date }) => date),
          JSON.stringify(range),
        ).toEqual(inside);
        const { count } = await world().store.count(userId, 'transactions', 5_000, range);
        expect(count, JSON.stringify(range)).toBe(inside.length);
        const span = inside.length === 0 ? undefined : { oldest: inside[0], newest: inside.at(-1) };
        expect(await world().store.span(userId, range), JSON.stringify(range)).toEqual(span);
      }
    }
  });

  test('page: pages of a range follow one another to its end', async () => {
    const userId = someUser();
    const rows = Array.from({ length: 12 }, (_, n) =>
      sampleRow('transactions', userId, n, { date: n, memo: 'x'.repeat(300_000) }),
    );
    await world().put('transactions', rows);
    await eventually(async () => {
      const found = await everyRow(world().store, { userId, kind: 'transactions', range: { from: 1, below: 11 } });
      expect(found.pages).toBeGreaterThan(1);
      expect(found.rows.map(({ date }) => date)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
  });
};

const countTests = (world: World): void => {
  test('count: every page is counted', async () => {
    const userId = someUser();
    await world().put(
      'accounts',
      Array.from({ length: 8 }, (_, n) => sampleRow('accounts', userId, n, { notes: 'x'.repeat(300_000) })),
    );
    await eventually(async () =>
      expect(await world().store.count(userId, 'accounts', 30_000)).toEqual({ count: 8, exact: true }),
    );
  });

  test('count: when its time is over it says that there may be more', async () => {
    const userId = someUser();
    await world().put('accounts', [sampleRow('accounts', userId)]);
    expect(await world().store.count(userId, 'accounts', 0)).toEqual({ count: 0, exact: false });
  });
};
