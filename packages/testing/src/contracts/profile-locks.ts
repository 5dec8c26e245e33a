/** The promises of `Ledger` about who holds a user's profile. */
import { randomUUID } from 'node:crypto';
import type { LockHolder } from '@fzip/core';
import { expect, test } from 'vitest';
import { someUser } from '../samples.ts';
import type { LedgerWorld } from './ledger.ts';

const someHolder = (attempt = 1): LockHolder => ({ jobId: randomUUID(), attempt });

export const profileLockTests = (world: () => LedgerWorld): void => {
  test('lockProfile: whoever comes first holds it, and another is told who', async () => {
    const [userId, first, second] = [someUser(), someHolder(), someHolder()];
    expect(await world().ledger.lockProfile(userId, first)).toEqual(first);
    expect(await world().ledger.lockProfile(userId, second)).toEqual(first);
    expect(await world().ledger.lockProfile(someUser(), second)).toEqual(second);
  });

  test('lockProfile: its holder takes it again, a newer attempt too, and an older one finds the newer', async () => {
    const [userId, first] = [someUser(), someHolder()];
    const second = { ...first, attempt: 2 };
    await world().ledger.lockProfile(userId, first);
    expect(await world().ledger.lockProfile(userId, first)).toEqual(first);
    expect(await world().ledger.lockProfile(userId, second)).toEqual(second);
    expect(await world().ledger.lockProfile(userId, first)).toEqual(second);
    expect(await world().ledger.lockProfile(userId, first, first.jobId)).toEqual(second);
    expect(await world().ledger.lockProfile(userId, someHolder())).toEqual(second);
  });

  test('lockProfile: is taken over from the job that is named, and from no other', async () => {
    const [userId, old, next] = [someUser(), someHolder(5), someHolder()];
    await world().ledger.lockProfile(userId, old);
    expect(await world().ledger.lockProfile(userId, next, randomUUID())).toEqual(old);
    expect(await world().ledger.lockProfile(userId, next, old.jobId)).toEqual(next);
    expect(await world().ledger.lockProfile(userId, someHolder(), old.jobId)).toEqual(next);
  });

  test('lockProfile: of many at once, all are told the same holder', async () => {
    const userId = someUser();
    const holders = Array.from({ length: 10 }, () => someHolder());
    const told = await Promise.all(holders.map((holder) => world().ledger.lockProfile(userId, holder)));
    expect(new Set(told.map(({ jobId }) => jobId)).size).toBe(1);
    expect(holders).toContainEqual(told[0]);
  });

  test("unlockProfile: gives one's own back, and is without effect on another's", async () => {
    const [userId, first, second] = [someUser(), someHolder(), someHolder()];
    await world().ledger.lockProfile(userId, first);
    await world().ledger.unlockProfile(userId, second.jobId);
    expect(await world().ledger.lockProfile(userId, second)).toEqual(first);
    await world().ledger.unlockProfile(userId, first.jobId);
    await world().ledger.unlockProfile(userId, first.jobId);
    expect(await world().ledger.lockProfile(userId, second)).toEqual(second);
  });
};
