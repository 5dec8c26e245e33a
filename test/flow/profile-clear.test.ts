/** The story of a profile that is cleared and restored again, on the embedded runtime. */
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { formatRow } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { download, expectWhole, type World, world } from './fixture.ts';

const texts = async (on: World, user: string): Promise<string[]> =>
  Object.values(await on.rows(user))
    .flatMap((rows) => rows.map(formatRow))
    .sort();

const versions = async (on: World, user: string): Promise<string[]> => {
  const { Versions = [], DeleteMarkers = [] } = await on.clients.s3.send(
    new ListObjectVersionsCommand({ Bucket: on.config.buckets.files, Prefix: `${user}/` }),
  );
  return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => `${Key} ${VersionId}`).sort();
};

describe('a profile', () => {
  test('is cleared to the last version of its files, and comes back from its backup', async () => {
    const on = await world();
    for (const user of ['alice', 'bob']) await on.fillProfile({ user, transactions: 120, files: 3, seed: 3 });
    const [file] = (await on.rows('alice')).transaction_files;
    await on.ports.files.put(String(file?.s3Key), Buffer.from('an older version comes to be'));
    await on.ports.files.put('alice/gone/a.csv', Buffer.from('deleted, and still there'));
    await on.ports.files.delete(['alice/gone/a.csv']);
    const { id } = await on.backUp('alice');
    const { bytes } = await download(on, 'alice', id);
    const [before, others] = [await texts(on, 'alice'), [await texts(on, 'bob'), await versions(on, 'bob')]];
    const client = on.client('alice');

    await expect(client.createRestore()).rejects.toMatchObject({ status: 409, code: 'PROFILE_NOT_EMPTY' });
    await expect(client.clearProfile({ confirm: 'bob' })).rejects.toMatchObject({ status: 422, code: 'NOT_CONFIRMED' });
    const { clearId } = await client.clearProfile({ confirm: 'alice' });
    expect(await on.ended(clearId)).toMatchObject({ type: 'profile.cleared', data: { userId: 'alice' } });
    expect(await client.clearStatus(clearId)).toMatchObject({ status: 'completed', progress: 100 });
    expect([await texts(on, 'alice'), await versions(on, 'alice')]).toEqual([[], []]);
    expect(await client.profile()).toMatchObject({ empty: true });
    expect([await texts(on, 'bob'), await versions(on, 'bob')]).toEqual(others);

    const { job } = await on.restore('alice', bytes);
    expect(job).toMatchObject({ status: 'restore_completed', writing: { idMode: 'preserve' } });
    // A TTL belongs to the table alone: it would delete the restored row.
    expect(await texts(on, 'alice')).toEqual(before.map((row) => row.replace(/"ttl":\d+,/, '')).sort());
    await expectWhole(on, 'alice', (await on.backUp('alice')).id);
  });

  test('of which there is no backup is cleared only where that is said', async () => {
    const on = await world();
    await on.fillProfile({ user: 'alice', transactions: 20, files: 1 });
    const client = on.client('alice');
    await expect(client.clearProfile({ confirm: 'alice' })).rejects.toMatchObject({ status: 409, code: 'NO_BACKUP' });
    const { clearId } = await client.clearProfile({ confirm: 'alice', withoutBackup: true });
    expect((await on.ended(clearId)).type).toBe('profile.cleared');
    expect([await texts(on, 'alice'), await versions(on, 'alice')]).toEqual([[], []]);
    await expect(on.client('bob').clearStatus(clearId)).rejects.toMatchObject({ status: 404 });
  });
});
