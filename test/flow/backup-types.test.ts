/** Each type of backup over HTTP, and the restore of its package by somebody else. */
import type { FzipClient } from '@fzip/api/client';
import { bufferSource, checkVolume, type EntityKind, entityKinds, openVolume } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { download, type World, world } from './fixture.ts';

type Asked = NonNullable<Parameters<FzipClient['createBackup']>[0]>;

const requests: Record<string, (on: World) => Promise<Asked>> = {
  complete: async () => ({ backupType: 'complete' }),
  accounts_only: async () => ({ backupType: 'accounts_only' }),
  transactions_only: async () => ({ backupType: 'transactions_only' }),
  categories_only: async () => ({ backupType: 'categories_only' }),
  date_range: async () => ({ backupType: 'date_range', dateRangeStart: '2024-06-01', dateRangeEnd: '2024-12-31' }),
  selective: async (on) => {
    const [account] = (await on.rows('alice')).accounts;
    return { backupType: 'selective', accountIds: [String(account?.accountId)], includeAnalytics: true };
  },
};

const counted = async (bytes: Buffer): Promise<Record<EntityKind, number>> => {
  const check = await checkVolume(await openVolume(bufferSource(bytes)));
  expect(check.errors).toEqual([]);
  return check.counts;
};

describe.each(Object.keys(requests))('a backup of type %s', (type) => {
  test('holds what it should, verified, and restores', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 120, files: 4, seed: 4 });
    const asked = await requests[type]?.(on);
    const { id, ended } = await on.backUp('alice', asked);
    expect(ended.type).toBe('backup.completed');
    const status = await on.client('alice').backupStatus(id);
    expect(status).toMatchObject({ backupType: type, validation: { data_integrity_score: 100 } });
    const { bytes } = await download(on, 'alice', id);
    const counts = await counted(bytes);
    expect(status.counts).toEqual(counts);
    expect(Object.values(counts).some((count) => count > 0)).toBe(true);

    const restored = await on.restore('bob', bytes);
    expect(restored.ended.type).toBe('restore.completed');
    const rows = await on.rows('bob');
    for (const kind of entityKinds) expect(rows[kind].length, kind).toBe(counts[kind]);

    const again = await on.backUp('bob');
    expect(await counted((await download(on, 'bob', again.id)).bytes)).toEqual(counts);
  });
});
