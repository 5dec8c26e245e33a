/** The story of a restore, on the embedded runtime: whole, or not at all. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { type Ports, uploadKey } from '@fzip/core';
import { type EntityKind, entityKinds, formatRow, type Row } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { download, expectWhole, type World, world } from './fixture.ts';

const sizes = { transactions: 150, files: 4, seed: 7 };

const filled = async (options: Parameters<typeof world>[0] = {}): Promise<{ on: World; bytes: Buffer }> => {
  const on = await world(options);
  await on.fillProfile({ user: 'alice', ...sizes });
  const { id } = await on.backUp('alice');
  return { on, bytes: (await download(on, 'alice', id)).bytes };
};

const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../compat/housef3/${name}`, import.meta.url));

const texts = async (on: World, user: string): Promise<string[]> =>
  Object.values(await on.rows(user))
    .flatMap((rows) => rows.map(formatRow))
    .sort();

const counts = async (on: World, user: string) =>
  Object.fromEntries(Object.entries(await on.rows(user)).map(([kind, rows]) => [kind, rows.length]));

/** Every version of every object of a user; the bucket is versioned, so an object may be gone and its bytes there. */
const versions = async (on: World, user: string): Promise<string[]> => {
  const { Versions = [], DeleteMarkers = [] } = await on.clients.s3.send(
    new ListObjectVersionsCommand({ Bucket: on.config.buckets.files, Prefix: `${user}/` }),
  );
  return [...Versions, ...DeleteMarkers].map(({ Key }) => Key ?? '').sort();
};

const expectEmpty = async (on: World, user: string): Promise<void> => {
  expect(await texts(on, user)).toEqual([]);
  expect(await versions(on, user)).toEqual([]);
};

/** A row without what a restore into another profile gives anew: ids, owner, key, hash. */
const content = (kind: EntityKind, row: Row): string => {
  const ids = /[Ii]d$|^s3Key$|^pk$|^ttl$|^transactionHash$|^sk$/;
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null || 'text' in value) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => (ids.test(key) ? [] : [[key, strip(inner)]])),
    );
  };
  return `${kind} ${formatRow(strip(row) as Row)}`;
};

const contents = async (on: World, user: string): Promise<string[]> => {
  const rows = await on.rows(user);
  return entityKinds.flatMap((kind) => rows[kind].map((row) => content(kind, row))).sort();
};

describe('a restore', () => {
  test('gives a second user the profile of the first, who notices nothing', async () => {
    const { on, bytes } = await filled();
    const [rows, objects] = [await texts(on, 'alice'), await versions(on, 'alice')];
    const { id, ended, job } = await on.restore('bob', bytes);
    expect(ended).toMatchObject({ type: 'restore.completed', data: { userId: 'bob' } });
    expect(job.writing?.idMode).toBe('remap');
    expect(await contents(on, 'bob')).toEqual(await contents(on, 'alice'));
    expect(await texts(on, 'alice')).toEqual(rows);
    expect(await versions(on, 'alice')).toEqual(objects);

    const status = await on.client('bob').restoreStatus(id);
    expect(status).toMatchObject({
      status: 'completed',
      progress: 100,
      restoreResults: { transactions_restored: sizes.transactions, files_restored: sizes.files },
    });
    for (const { s3Key } of (await on.rows('bob')).transaction_files) {
      const { Metadata, ContentType } = await on.clients.s3.send(
        new HeadObjectCommand({ Bucket: on.config.buckets.files, Key: String(s3Key) }),
      );
      expect(Metadata ?? {}).toEqual({});
      expect(ContentType).toBeTruthy();
    }

    // Backed up again it is the same package, up to the ids: the circle closes.
    const again = await on.backUp('bob');
    const volume = await expectWhole(on, 'bob', again.id);
    const hashes = async (user: string) =>
      (
        await Promise.all(
          (
            await on.rows(user)
          ).transaction_files.map(async ({ s3Key }) => buffer(await on.ports.files.read(String(s3Key)))),
        )
      )
        .map((body) => body.toString('base64'))
        .sort();
    expect(await hashes('bob')).toEqual(await hashes('alice'));
    expect(volume.manifest.failed_files).toEqual([]);
  });

  test.each([
    ['real-with-files.fzip', { accounts: 3, transactions: 8, categories: 4, file_maps: 2, transaction_files: 3 }],
    ['real-small-nofiles.fzip', { accounts: 3, transactions: 8, categories: 4, file_maps: 2 }],
    ['specified-format.fzip', { accounts: 1, transactions: 1, categories: 2, file_maps: 1, transaction_files: 1 }],
  ])('of another maker’s package %s works, with its warnings', async (name, expected) => {
    const on = await world();
    const { ended, job } = await on.restore('carol', await fixture(name));
    expect(job.error).toBeUndefined();
    expect(ended.type).toBe('restore.completed');
    expect(await counts(on, 'carol')).toMatchObject(expected);
    expect(job.validationResults?.warnings.length).toBeGreaterThan(0);
    await expectWhole(on, 'carol', (await on.backUp('carol')).id);
  });

  test('is refused while the profile holds anything', async () => {
    const { on } = await filled();
    await expect(on.client('alice').createRestore()).rejects.toMatchObject({ status: 409, code: 'PROFILE_NOT_EMPTY' });
  });

  test('of something else than a package is refused with the reason, and writes nothing', async () => {
    const on = await world();
    const { id, ended } = await on.restore('bob', Buffer.from('this is no package'));
    expect(ended.type).toBe('restore.validation_failed');
    const status = await on.client('bob').restoreStatus(id);
    expect(status).toMatchObject({ status: 'validation_failed', validationResults: { ready: false } });
    expect(status.validationResults?.errors.length).toBeGreaterThan(0);
    await expectEmpty(on, 'bob');
  });

  test('waits for its user when asked to, and goes on at a word', async () => {
    const { on, bytes } = await filled();
    const { id, ended } = await on.restore('bob', bytes, { requireConfirmation: true });
    expect(ended.type).toBe('restore.awaiting_confirmation');
    await expectEmpty(on, 'bob');
    await on.client('bob').confirmRestore(id);
    expect((await on.ended(id)).type).toBe('restore.completed');
    expect(await contents(on, 'bob')).toEqual(await contents(on, 'alice'));
  });

  test('that only validates writes nothing', async () => {
    const { on, bytes } = await filled();
    const { ended } = await on.restore('bob', bytes, { validateOnly: true });
    expect(ended.type).toBe('restore.validated');
    await expectEmpty(on, 'bob');
  });

  test.each([
    'accounts',
    'categories',
    'file_maps',
    'transaction_files',
    'transactions',
    'analytics',
    'verify',
  ] as const)('that keeps failing at %s is rolled back to an empty profile, with the cause', async (at) => {
    const breaking = (ports: Ports): Ports => ({
      ...ports,
      profiles: {
        ...ports.profiles,
        putFresh: async (kind, rows) => {
          await ports.profiles.putFresh(kind, rows);
          if (kind === at) throw new Error(`the table of ${kind} is on fire`);
        },
        get: async (kind, keys, attributes) => {
          if (at === 'verify' && attributes === undefined) throw new Error('nothing can be read');
          return ports.profiles.get(kind, keys, attributes);
        },
      },
    });
    const { on, bytes } = await filled({ wrapPorts: breaking, maxReceiveCount: 2 });
    const { ended, job } = await on.restore('bob', bytes);
    expect(ended.type).toBe('restore.failed');
    expect(job.error?.message).toMatch(/on fire|nothing can be read/);
    await expectEmpty(on, 'bob');
  });

  test('that is canceled while it writes leaves nothing behind, and its user may try again', async () => {
    let reached = (): void => undefined;
    const writing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let held = true;
    const slow = (ports: Ports): Ports => ({
      ...ports,
      profiles: {
        ...ports.profiles,
        putFresh: async (kind, rows) => {
          await ports.profiles.putFresh(kind, rows);
          if (kind !== 'transactions') return;
          reached();
          while (held) await new Promise((resolve) => setTimeout(resolve, 20));
        },
      },
    });
    const { on, bytes } = await filled({ wrapPorts: slow });
    const client = on.client('bob');
    const { restoreId, forms } = await client.createRestore();
    await client.uploadPackage(forms[0], new Blob([new Uint8Array(bytes)]));
    await writing;
    await client.cancelRestore(restoreId);
    held = false;
    expect((await on.ended(restoreId)).type).toBe('restore.canceled');
    await expectEmpty(on, 'bob');
    expect((await on.restore('bob', bytes)).ended.type).toBe('restore.completed');
  });

  test('of a set waits for all volumes and says which are missing', async () => {
    const on = await world({ limits: { volumeBytes: 8_000, chunkRows: 40 } });
    await on.fillProfile({ user: 'alice', ...sizes });
    const { id, job } = await on.backUp('alice');
    const count = job.packages?.length ?? 0;
    expect(count).toBeGreaterThan(2);
    const volumes = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const response = await on.client('alice').download(id, { volume: n + 1 });
        return new Blob([await response.arrayBuffer()]);
      }),
    );
    const client = on.client('bob');
    const { restoreId, forms } = await client.createRestore({ volumes: count });
    for (const [n, form] of [...forms.entries()].reverse()) {
      const { uploads, status } = await client.restoreStatus(restoreId);
      expect([status, uploads?.missing.at(-1)]).toEqual(['uploaded', n + 1]);
      await client.uploadPackage(form, volumes[n] as Blob);
    }
    expect((await on.ended(restoreId)).type).toBe('restore.completed');
    expect(await contents(on, 'bob')).toEqual(await contents(on, 'alice'));
    expect((await client.restoreStatus(restoreId)).summary).toMatchObject({
      volumes: count,
      idsTaken: expect.any(Number),
      ids: 'new',
    });
    const again = await on.backUp('bob');
    expect(again.ended.type).toBe('backup.completed');
    expect(again.job.summary?.counts).toEqual(job.summary?.counts);
  });

  test('that failed is run again at a word, with the package that was uploaded', async () => {
    let isBroken = true;
    const broken = (ports: Ports): Ports => ({
      ...ports,
      profiles: {
        ...ports.profiles,
        putFresh: (kind, rows) =>
          ports.profiles.putFresh(kind, isBroken ? rows.map((row) => ({ ...row, odd: true })) : rows),
      },
    });
    const { on, bytes } = await filled({ wrapPorts: broken });
    const { id, ended } = await on.restore('bob', bytes);
    expect(ended.type).toBe('restore.failed');
    await expectEmpty(on, 'bob');
    isBroken = false;
    const mallory = on.client('alice').retryRestore(id);
    await expect(mallory).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect((await on.client('bob').retryRestore(id)).status).toBe('validating');
    expect((await on.ended(id)).type).toBe('restore.completed');
    expect(await contents(on, 'bob')).toEqual(await contents(on, 'alice'));
    await expect(on.client('bob').retryRestore(id)).rejects.toMatchObject({ status: 409, code: 'NOT_RETRYABLE' });
    await expectWhole(on, 'bob', (await on.backUp('bob')).id);
  });

  test('is started once, however often it is told of', async () => {
    const { on, bytes } = await filled();
    const { id, ended, job } = await on.restore('bob', bytes);
    expect(ended.type).toBe('restore.completed');
    for (let n = 0; n < 3; n += 1) await on.client('bob').notifyUploaded(id);
    await on.ports.packages.put(uploadKey(job, 1), Buffer.from('something else entirely'));
    await on.ports.queues.send(
      'restore-start',
      [{ key: uploadKey(job, 1) }, { key: 'uploads/bob/../x/1.fzip' }],
      'bob',
    );
    await on.backUp('bob');
    expect((await on.ports.jobs.find(id))?.status).toBe('restore_completed');
    expect(await contents(on, 'bob')).toEqual(await contents(on, 'alice'));
  });

  test('belongs to its user alone', async () => {
    const { on, bytes } = await filled();
    const { id } = await on.restore('bob', bytes);
    const mallory = on.client('alice');
    const notFound = { status: 404, code: 'NOT_FOUND' };
    await expect(mallory.restoreStatus(id)).rejects.toMatchObject(notFound);
    await expect(mallory.cancelRestore(id)).rejects.toMatchObject(notFound);
    await expect(mallory.uploadForms(id)).rejects.toMatchObject(notFound);
    await expect(mallory.deleteRestore(id)).rejects.toMatchObject(notFound);
    expect((await mallory.listRestores()).restoreJobs).toEqual([]);
    await on.client('bob').deleteRestore(id);
    await expect(on.client('bob').restoreStatus(id)).rejects.toMatchObject(notFound);
  });
});
