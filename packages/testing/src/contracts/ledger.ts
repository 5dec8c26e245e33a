/** The promises of `Ledger`, one test each. */
import { randomUUID } from 'node:crypto';
import type { DeadLetter, Ledger, LedgerScope } from '@fzip/core';
import { expect, test } from 'vitest';
import { someUser } from '../samples.ts';
import { all, contract, type Make } from './contract.ts';
import { profileLockTests } from './profile-locks.ts';

/** `letters` looks up what was buried; `elsewhere` is the same table as another process has it. */
export type LedgerWorld = { ledger: Ledger; elsewhere(): Ledger; letters(): Promise<DeadLetter[]> };

export const ledgerContract = (name: string, make: Make<LedgerWorld>): void =>
  contract(`the ledger ${name}`, make, (world) => {
    recordTests(world);
    rangeTests(world);
    markTests(world);
    leaseTests(world);
    leaseUntilTests(world);
    tallyTests(world);
    blameTests(world);
    turnTests(world);
    noteTests(world);
    profileLockTests(world);
  });

type World = () => LedgerWorld;

const someScope = (but: Partial<LedgerScope> = {}): LedgerScope => ({
  jobId: randomUUID(),
  attempt: 1,
  step: 'backup-collect',
  kind: 'transactions',
  ...but,
});

const recordTests = (world: World): void => {
  test('put: returns the record that counts, and the first one counts', async () => {
    const [scope, first] = [someScope(), { key: 'a', rows: 3, range: { from: 'x' } }];
    expect(await world().ledger.put(scope, 0, first)).toEqual(first);
    expect(await world().ledger.put(scope, 0, { ...first, key: 'b' })).toEqual(first);
    expect(await world().ledger.get(scope, 0)).toEqual(first);
  });

  test('put: of many at once, all are told the same record', async () => {
    const scope = someScope();
    const told = await Promise.all(Array.from({ length: 10 }, (_, n) => world().ledger.put(scope, 0, { n })));
    expect(new Set(told.map(({ n }) => n)).size).toBe(1);
  });

  test('put, mark, lease: what was written is there for another process too', async () => {
    const scope = someScope();
    await world().ledger.put(scope, 0, { rows: 1 });
    await world().ledger.mark(scope, 0, 1);
    await world().ledger.lease(scope, 0, { owner: 'run-1', until: 200, now: 100 });
    const elsewhere = world().elsewhere();
    expect(await elsewhere.put(scope, 0, { rows: 2 })).toEqual({ rows: 1 });
    expect(await elsewhere.mark(scope, 0, 2)).toBe(2);
    expect(await elsewhere.lease(scope, 0, { owner: 'run-2', until: 300, now: 100 })).toBe(false);
  });

  test('get: nothing where nothing was put, nor from another attempt, step, kind or number', async () => {
    const scope = someScope();
    await world().ledger.put(scope, 0, { rows: 1 });
    const others = [{ attempt: 2 }, { step: 'backup-package' }, { kind: 'accounts' }, { jobId: randomUUID() }] as const;
    for (const other of others) expect(await world().ledger.get({ ...scope, ...other }, 0)).toBeUndefined();
    expect(await world().ledger.get(scope, 1)).toBeUndefined();
  });
};

const rangeTests = (world: World): void => {
  const putMany = async (scope: LedgerScope, numbers: readonly number[]) => {
    await Promise.all(numbers.map((n) => world().ledger.put(scope, n, { n })));
  };
  const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);

  test('range: the records in order, from where it is asked, at most as many', async () => {
    const scope = someScope();
    await putMany(scope, upTo(12));
    expect(await world().ledger.range(scope, 3, 4)).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]);
    expect(await world().ledger.range(scope, 10, 50)).toEqual([{ n: 10 }, { n: 11 }]);
  });

  test('range: ends at the first gap', async () => {
    const scope = someScope();
    await putMany(scope, [0, 1, 3, 4]);
    expect(await world().ledger.range(scope, 0, 10)).toEqual([{ n: 0 }, { n: 1 }]);
    expect(await world().ledger.range(scope, 2, 10)).toEqual([]);
  });

  test('range: hundreds of records come whole', async () => {
    const scope = someScope();
    await putMany(scope, upTo(250));
    expect(await world().ledger.range(scope, 0, 300)).toEqual(upTo(250).map((n) => ({ n })));
    expect(await world().ledger.range(scope, 0, 200)).toHaveLength(200);
  });
};

const markTests = (world: World): void => {
  test('mark: returns the size of the set; adding twice is adding once', async () => {
    const scope = someScope();
    expect(await world().ledger.mark(scope, 0, 5)).toBe(1);
    expect(await world().ledger.mark(scope, 0, 6)).toBe(2);
    expect(await world().ledger.mark(scope, 0, 5)).toBe(2);
  });

  test('mark: pages and root are apart', async () => {
    const scope = someScope();
    await world().ledger.mark(scope, 0, 1);
    expect(await world().ledger.mark(scope, 1, 1)).toBe(1);
    expect(await world().ledger.mark(scope, 'root', 1)).toBe(1);
    expect(await world().ledger.mark({ ...scope, attempt: 2 }, 0, 1)).toBe(1);
  });

  test('mark: of many at once, one sees the last size', async () => {
    const scope = someScope();
    const sizes = await Promise.all(Array.from({ length: 20 }, (_, n) => world().ledger.mark(scope, 0, n)));
    expect(sizes.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });
};

const leaseTests = (world: World): void => {
  const [mine, theirs] = ['run-1', 'run-2'];

  test("lease: false while another owner's lives, true when it is over", async () => {
    const scope = someScope();
    expect(await world().ledger.lease(scope, 0, { owner: mine, until: 200, now: 100 })).toBe(true);
    expect(await world().ledger.lease(scope, 0, { owner: theirs, until: 300, now: 150 })).toBe(false);
    expect(await world().ledger.lease(scope, 0, { owner: theirs, until: 300, now: 201 })).toBe(true);
    expect(await world().ledger.lease(scope, 0, { owner: mine, until: 400, now: 202 })).toBe(false);
  });

  test('lease: its owner renews it', async () => {
    const scope = someScope();
    await world().ledger.lease(scope, 0, { owner: mine, until: 200, now: 100 });
    expect(await world().ledger.lease(scope, 0, { owner: mine, until: 500, now: 150 })).toBe(true);
    expect(await world().ledger.lease(scope, 0, { owner: theirs, until: 600, now: 300 })).toBe(false);
  });

  test('lease: of many at once, one takes it', async () => {
    const scope = someScope();
    const owners = Array.from({ length: 10 }, (_, n) => `run-${n}`);
    const taken = await Promise.all(
      owners.map((owner) => world().ledger.lease(scope, 0, { owner, until: 200, now: 100 })),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test("release: gives one's own back, and is without effect on another's", async () => {
    const scope = someScope();
    await world().ledger.lease(scope, 0, { owner: mine, until: 200, now: 100 });
    await world().ledger.release(scope, 0, theirs);
    expect(await world().ledger.lease(scope, 0, { owner: theirs, until: 300, now: 100 })).toBe(false);
    await world().ledger.release(scope, 0, mine);
    await world().ledger.release(scope, 0, mine);
    expect(await world().ledger.lease(scope, 0, { owner: theirs, until: 300, now: 100 })).toBe(true);
  });
};

const leaseUntilTests = (world: World): void => {
  test('leaseUntil: until when a piece is leased, nothing where it is not or was given back', async () => {
    const scope = someScope();
    expect(await world().ledger.leaseUntil(scope, 0)).toBeUndefined();
    await world().ledger.lease(scope, 0, { owner: 'run-1', until: 200, now: 100 });
    await world().ledger.lease(scope, 0, { owner: 'run-1', until: 500, now: 150 });
    await world().ledger.lease(scope, 0, { owner: 'run-2', until: 900, now: 150 });
    expect(await world().ledger.leaseUntil(scope, 0)).toBe(500);
    expect(await world().ledger.leaseUntil(scope, 1)).toBeUndefined();
    expect(await world().ledger.leaseUntil({ ...scope, attempt: 2 }, 0)).toBeUndefined();
    await world().ledger.release(scope, 0, 'run-1');
    expect(await world().ledger.leaseUntil(scope, 0)).toBeUndefined();
  });
};

const tallyTests = (world: World): void => {
  test('tally: the sum over all pieces of the attempt, none of which ever falls', async () => {
    const jobId = randomUUID();
    expect(await world().ledger.tally(jobId, 1, 'transactions:0', 10)).toBe(10);
    expect(await world().ledger.tally(jobId, 1, 'accounts', 5)).toBe(15);
    expect(await world().ledger.tally(jobId, 1, 'transactions:0', 4)).toBe(15);
    expect(await world().ledger.tally(jobId, 1, 'transactions:0', 30)).toBe(35);
    expect(await world().ledger.tally(jobId, 1, 'jobId', 0)).toBe(35);
    expect(await world().ledger.tally(jobId, 2, 'accounts', 1)).toBe(1);
  });
};

const noteTests = (world: World): void => {
  test('remember: the last text of a name is recalled, of any other name none', async () => {
    const [name, other] = [randomUUID(), randomUUID()];
    await world().ledger.remember(name, 'first');
    await world().ledger.remember(name, '{"a":"ü"}');
    expect(await world().elsewhere().recall(name)).toBe('{"a":"ü"}');
    expect(await world().ledger.recall(other)).toBeUndefined();
  });
};

const turnTests = (world: World): void => {
  test('takeTurn: as many as are allowed in a window, each user and each window for itself', async () => {
    const [ann, bob] = [someUser(), someUser()];
    const taken: boolean[] = [];
    for (let n = 0; n < 4; n += 1) taken.push(await world().ledger.takeTurn(ann, 60_000, 3));
    expect(taken).toEqual([true, true, true, false]);
    expect(await world().ledger.takeTurn(bob, 60_000, 3)).toBe(true);
    expect(await world().ledger.takeTurn(ann, 120_000, 3)).toBe(true);
    expect(await world().ledger.takeTurn(someUser(), 60_000, 0)).toBe(false);
  });

  test('takeTurn: of many at once, never more than are allowed', async () => {
    const user = someUser();
    const taken = await Promise.all(Array.from({ length: 20 }, () => world().ledger.takeTurn(user, 60_000, 7)));
    expect(taken.filter(Boolean)).toHaveLength(7);
  });
};

const blameTests = (world: World): void => {
  test('blame: keeps why a step of a job failed last', async () => {
    const work = { jobId: randomUUID(), attempt: 1 };
    expect(await world().ledger.blamed(work, 'backup-collect')).toBeUndefined();
    await world().ledger.blame(work, 'backup-collect', 'first');
    await world().ledger.blame(work, 'backup-collect', 'last');
    expect(await world().ledger.blamed(work, 'backup-collect')).toBe('last');
    expect(await world().ledger.blamed(work, 'backup-package')).toBeUndefined();
    expect(await world().ledger.blamed({ ...work, attempt: 2 }, 'backup-collect')).toBeUndefined();
  });

  test('bury: keeps a message; putting twice is putting once', async () => {
    const letter: DeadLetter = { id: randomUUID(), step: 'backup-collect', body: '{"a":1}', at: 5, cause: 'broken' };
    await world().ledger.bury(letter);
    await world().ledger.bury({ ...letter, at: 6 });
    expect((await world().letters()).filter(({ id }) => id === letter.id)).toEqual([letter]);
  });

  test('findBuried, buried: what was buried, whole, by its id and among all of them; nothing for an unknown id', async () => {
    const letters: DeadLetter[] = Array.from({ length: 30 }, (_, n) => ({
      id: randomUUID(),
      step: 'backup-collect',
      body: `{"n":${n},"text":"${'ü'.repeat(20_000)}"}`,
      at: n,
      jobId: randomUUID(),
      attempt: 2,
      user: 'ann',
      cause: 'broken',
    }));
    for (const letter of letters) await world().ledger.bury(letter);
    expect(await world().ledger.findBuried(letters[7]?.id ?? '')).toEqual(letters[7]);
    expect(await world().ledger.findBuried(randomUUID())).toBeUndefined();
    const ids = new Set(letters.map(({ id }) => id));
    const found = (await all(world().ledger.buried())).filter(({ id }) => ids.has(id));
    expect(found.sort((one, other) => one.at - other.at)).toEqual(letters);
  });

  test('noteResent: the last time counts, burying again changes nothing, and what is not there is not made', async () => {
    const letter: DeadLetter = { id: randomUUID(), step: 'backup-collect', body: '{}', at: 5 };
    await world().ledger.bury(letter);
    await world().ledger.noteResent(letter.id, 7);
    await world().ledger.noteResent(letter.id, 9);
    await world().ledger.bury(letter);
    expect(await world().ledger.findBuried(letter.id)).toEqual({ ...letter, resentAt: 9 });
    const nobody = randomUUID();
    await world().ledger.noteResent(nobody, 7);
    expect(await world().ledger.findBuried(nobody)).toBeUndefined();
  });
};
