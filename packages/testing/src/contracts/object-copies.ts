/** The promises of `ObjectStore` about copies and versions. */
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ObjectGone } from '@fzip/core';
import { expect, test } from 'vitest';
import { all } from './contract.ts';
import type { ObjectStoreWorld } from './object-store.ts';

type World = () => ObjectStoreWorld;

const somePrefix = (): string => `contract/${randomUUID()}/`;

export const copyTests = (world: World): void => {
  test('copy: bytes and content type, whatever the key, and what was copied stays', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const [from, to] = [`${prefix}uploads/a b+ü%20?versionId=1&c#1.fzip`, `${prefix}staging/ü+.fzip`];
    const { etag } = await store.put(from, Buffer.from('bytes'), { contentType: 'application/zip' });
    const copied = await store.copy(from, to, { etag });
    expect(copied).toEqual({ size: 5, etag: expect.stringMatching(/./), contentType: 'application/zip' });
    expect(await store.head(to)).toEqual(copied);
    expect((await buffer(await store.read(to, { etag: copied.etag }))).toString()).toBe('bytes');
    expect(await store.head(from)).toMatchObject({ size: 5, etag });
  });

  test('copy: replaces what was there, and doing it twice is doing it once', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const { etag } = await store.put(`${prefix}a`, Buffer.from('new'));
    await store.put(`${prefix}b`, Buffer.from('before'));
    const first = await store.copy(`${prefix}a`, `${prefix}b`, { etag });
    expect(await store.copy(`${prefix}a`, `${prefix}b`, { etag })).toEqual(first);
    expect((await buffer(await store.read(`${prefix}b`))).toString()).toBe('new');
  });

  test('copy: ObjectGone if the object is missing', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const copying = store.copy(`${prefix}nothing`, `${prefix}b`, { etag: '"0"' });
    await expect(copying).rejects.toThrow(ObjectGone);
    await expect(copying).rejects.toMatchObject({ reason: 'missing' });
  });

  test('copy: ObjectGone, and nothing copied, if the object is not the one that was meant', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const { etag } = await store.put(`${prefix}a`, Buffer.from('one'));
    await store.put(`${prefix}a`, Buffer.from('two'));
    const copying = store.copy(`${prefix}a`, `${prefix}b`, { etag });
    await expect(copying).rejects.toThrow(ObjectGone);
    await expect(copying).rejects.toMatchObject({ reason: 'changed' });
    expect(await store.head(`${prefix}b`)).toBeUndefined();
  });
};

export const versionTests = (world: World): void => {
  test('versions: the object itself in an unversioned bucket, of exactly this key, and none where there is none', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    for (const each of [key, `${key}/b`, `${key}.csv`]) await store.put(each, Buffer.from('x'));
    await store.put(key, Buffer.from('again'));
    expect(await all(store.versions(key))).toEqual([{ versionId: 'null', modifiedAt: expect.any(Number) }]);
    expect(await all(store.versions(`${key}/`))).toEqual([]);
  });

  test('everyVersion: of every key under the prefix and of no other', async () => {
    const [{ store }, prefix] = [world(), `${somePrefix()}user`];
    for (const key of [`${prefix}/a`, `${prefix}/b/c`, `${prefix}2/a`, prefix]) await store.put(key, Buffer.from('x'));
    expect(await all(store.everyVersion(`${prefix}/`))).toEqual([
      { key: `${prefix}/a`, versionId: 'null' },
      { key: `${prefix}/b/c`, versionId: 'null' },
    ]);
  });

  test('deleteVersion: the version is gone for good, other keys stay, and what is not there is no error', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    await store.put(key, Buffer.from('x'));
    await store.put(`${key}b`, Buffer.from('x'));
    for (const { versionId } of await all(store.versions(key))) {
      await store.deleteVersion(key, versionId);
      await store.deleteVersion(key, versionId);
    }
    expect(await store.head(key)).toBeUndefined();
    expect(await all(store.versions(key))).toEqual([]);
    expect(await store.head(`${key}b`)).toBeDefined();
  });
};
