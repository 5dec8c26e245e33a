/** The story of a completed backup that is looked at once more, on the embedded runtime. */
import { buffer } from 'node:stream/consumers';
import type { ValidateBackupRequest, ValidationStatus } from '@fzip/api';
import { bufferSource, entityKinds, exact, openVolume } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { download, expectWhole, type World, world } from './fixture.ts';

/** Asks for a validation and for its status until it rests. */
const validated = async (
  on: World,
  user: string,
  backupId: string,
  mode: ValidateBackupRequest['mode'],
): Promise<ValidationStatus> => {
  const client = on.client(user);
  const { validationId } = await client.validateBackup(backupId, { mode });
  for (;;) {
    const status = await client.validationStatus(backupId, validationId);
    if (status.status !== 'processing') return status;
  }
};

describe('a comparison', () => {
  test('finds nothing right after the backup, and later exactly what was done since', async () => {
    const on = await world({ limits: { chunkRows: 120, handOverMs: 900_000, volumeBytes: 40_000 } });
    await on.fillProfile({ user: 'alice', transactions: 250, files: 3, seed: 2 });
    await on.fillProfile({ user: 'bob', transactions: 30, files: 1, seed: 3 });
    const { id } = await on.backUp('alice');
    const before = await validated(on, 'alice', id, 'compare');
    expect(before).toMatchObject({ status: 'completed', result: { ok: true, issues: [], differencesCount: 0 } });

    const { transactions, categories } = await on.rows('alice');
    const [changed, removed, copied] = transactions;
    const category = categories.find(({ name }) => name !== 'Transfers');
    if (!changed || !removed || !copied || !category) throw new Error('too few rows');
    const added = '00000000-0000-4000-9000-000000000001';
    await on.ports.profiles.putOwn('alice', 'transactions', [
      { ...changed, amount: exact('12.34'), memo: 'another' },
      { ...copied, transactionId: added },
    ]);
    await on.ports.profiles.deleteOwn('alice', 'transactions', [removed]);
    await on.ports.profiles.putOwn('alice', 'categories', [{ ...category, color: '#123456' }]);

    const { result, validationId } = await validated(on, 'alice', id, 'compare');
    const found = result?.differences?.map(({ change, id: row, fields }) => [
      change,
      row,
      ...(fields ?? []).toSorted(),
    ]);
    expect(found?.toSorted()).toEqual(
      [
        ['changed', category.categoryId, 'color'],
        ['changed', changed.transactionId, 'amount', 'memo'],
        ['removed', removed.transactionId],
        ['added', added],
      ].toSorted(),
    );
    expect(result).toMatchObject({
      ok: false,
      damaged: false,
      differencesCount: 4,
      differencesByKind: { transactions: { added: 1, removed: 1, changed: 1, same: 248 } },
    });
    const status = await on.client('alice').backupStatus(id);
    expect(status.validations?.compare).toMatchObject({ validationId, ok: false, damaged: false, issueCount: 2 });
    // A profile that went on is no damage.
    expect(status).toMatchObject({ status: 'completed', validation: { overall_quality: 'excellent' } });
    expect(status.damaged).toBeUndefined();
  });
});

describe('a round trip', () => {
  test('proves that a package restores, apart from every profile, and leaves nothing', async () => {
    const on = await world({ limits: { chunkRows: 100, chunkFiles: 2 } });
    const counts = await on.fillProfile({ user: 'alice', transactions: 300, files: 5, seed: 4 });
    await on.fillProfile({ user: 'bob', transactions: 30, files: 1, seed: 3 });
    const { id } = await on.backUp('alice');
    const others = { alice: await on.rows('alice'), bob: await on.rows('bob') };
    const found = await validated(on, 'alice', id, 'round_trip');
    expect(found).toMatchObject({ status: 'completed', progress: 100 });
    expect(found.result).toMatchObject({
      ok: true,
      issues: [],
      counts,
      files: 5,
      differences: [],
      differencesCount: 0,
      differencesByKind: { transactions: { same: 300, added: 0, removed: 0, changed: 0 } },
    });
    const client = on.client('alice');
    expect((await client.backupStatus(id)).validations?.round_trip).toMatchObject({ ok: true });
    expect({ alice: await on.rows('alice'), bob: await on.rows('bob') }).toEqual(others);
    for (const kind of entityKinds) {
      expect((await on.ports.scratch.page({ userId: 'alice', kind })).rows, kind).toEqual([]);
    }
    for await (const { key } of on.ports.packages.list('scratch/')) expect.fail(`${key} was left`);
    expect((await client.listBackups()).backups.map(({ backupId }) => backupId)).toEqual([id]);
    expect((await client.listRestores()).restoreJobs).toEqual([]);
    await expectWhole(on, 'alice', id);
  });

  test('is refused for a backup of more rows or volumes than it restores', async () => {
    const on = await world({ limits: { roundTripRows: 50, volumeBytes: 20_000 } });
    await on.fillProfile({ user: 'alice', transactions: 60, files: 1 });
    const { id } = await on.backUp('alice');
    const refused = on.client('alice').validateBackup(id, { mode: 'round_trip' });
    await expect(refused).rejects.toMatchObject({
      status: 409,
      code: 'TOO_LARGE',
      message: expect.stringMatching(/has \d+ rows; round_trip restores 50 at most/),
    });
  });
});

describe('a deep validation', () => {
  test('finds an intact package intact, of one volume and of several', async () => {
    for (const volumeBytes of [1 << 30, 20_000]) {
      const on = await world({ limits: { volumeBytes, chunkRows: 50 } });
      const counts = await on.fillProfile({ user: 'alice', transactions: 400, files: 5, seed: 2 });
      const { id, job } = await on.backUp('alice');
      const found = await validated(on, 'alice', id, 'deep');
      expect(found).toMatchObject({ status: 'completed', progress: 100 });
      expect(found.result).toMatchObject({ ok: true, issues: [], counts, files: 5, bytes: job.packageSize });
      const status = await on.client('alice').backupStatus(id);
      expect(status.validations?.deep).toMatchObject({ validationId: found.validationId, ok: true });
      expect(status.damaged).toBeUndefined();
      if ((job.packages?.length ?? 0) === 1) await expectWhole(on, 'alice', id);
    }
  });

  test('names the entry of which a byte was flipped, and the backup looks good no longer', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 200, files: 4, seed: 2 });
    const { id, job } = await on.backUp('alice');
    const key = job.packages?.[0]?.key ?? '';
    const bytes = await buffer(await on.ports.packages.read(key));
    const { entries } = await openVolume(bufferSource(bytes));
    const entry = entries.find(({ name }) => name === 'data/transactions.json');
    if (!entry) throw new Error('no transactions');
    const at = entry.offset + 30 + entry.name.length + 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await on.ports.packages.put(key, bytes, { contentType: 'application/zip' });

    const { result } = await validated(on, 'alice', id, 'deep');
    expect(result?.ok).toBe(false);
    expect(result?.issues.some((issue) => issue.includes('data/transactions.json'))).toBe(true);
    expect(result?.issues.some((issue) => issue.startsWith('volume 1: has the sha256'))).toBe(true);
    const status = await on.client('alice').backupStatus(id);
    expect(status).toMatchObject({ status: 'completed', damaged: true, validation: { overall_quality: 'poor' } });
    expect((await on.client('alice').listBackups()).backups).toMatchObject([{ backupId: id, damaged: true }]);
    // It was looked at and not touched.
    const now = await on.client('alice').download(id);
    expect(Buffer.from(await now.arrayBuffer())).toEqual(bytes);
  });

  test("is refused for another user's backup", async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 10, files: 1 });
    const { id } = await on.backUp('alice');
    await expect(on.client('bob').validateBackup(id, { mode: 'deep' })).rejects.toMatchObject({ status: 404 });
    await download(on, 'alice', id);
  });
});
