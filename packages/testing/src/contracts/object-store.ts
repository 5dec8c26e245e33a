/** The promises of `ObjectStore`, one test each. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ObjectGone, type ObjectStore } from '@fzip/core';
import { expect, test } from 'vitest';
import { all, contract, type Make } from './contract.ts';
import { copyTests, versionTests } from './object-copies.ts';
import { presignTests } from './presigned-links.ts';

export type ObjectStoreWorld = {
  store: ObjectStore;
  /** The same bucket as another process has it. */
  elsewhere(): ObjectStore;
  /** Begins an upload that nobody ends; its upload id. */
  begin(key: string): Promise<string>;
  /** Follows a presigned link, as whoever holds it would. */
  visit(url: string): Promise<{ status: number; headers: Readonly<Record<string, string>>; body: Buffer }>;
  /** Sends a presigned form; the answer's status. */
  submit(url: string, fields: Readonly<Record<string, string>>, body: Buffer): Promise<number>;
};

type World = () => ObjectStoreWorld;

export const objectStoreContract = (name: string, make: Make<ObjectStoreWorld>): void =>
  contract(`the object store ${name}`, make, (world) => {
    putTests(world);
    uploadTests(world);
    readTests(world);
    copyTests(world);
    versionTests(world);
    listTests(world);
    deleteTests(world);
    unfinishedTests(world);
    presignTests(world);
  });

const somePrefix = (): string => `contract/${randomUUID()}/`;
const bytesOf = async (store: ObjectStore, key: string): Promise<Buffer> => buffer(await store.read(key));

/** Bytes of which no two neighbouring pieces are alike. */
const pattern = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  return bytes;
};

function* inPieces(bytes: Buffer, size = 100_000): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const putTests = (world: World): void => {
  test('put: a read after it sees it, and head tells the same', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a file (1) ü+%.csv`];
    const info = await store.put(key, Buffer.from('a,b\n'), { contentType: 'text/csv' });
    expect(info).toEqual({ size: 4, etag: expect.stringMatching(/./), contentType: 'text/csv' });
    expect(await store.head(key)).toEqual(info);
    expect((await bytesOf(store, key)).toString()).toBe('a,b\n');
  });

  test('put: what was written is there for another process too', async () => {
    const [{ store, elsewhere }, key] = [world(), `${somePrefix()}a`];
    const info = await store.put(key, Buffer.from('bytes'), { contentType: 'text/csv' });
    expect(await elsewhere().head(key)).toEqual(info);
    expect((await bytesOf(elsewhere(), key)).toString()).toBe('bytes');
  });

  test('put: of many at once one is there, whole', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    const bodies = Array.from({ length: 8 }, (_, n) => Buffer.alloc(20_000 + n, n));
    const infos = await Promise.all(bodies.map((body) => store.put(key, body)));
    const last = await store.head(key);
    const winner = infos.findIndex(({ etag }) => etag === last?.etag);
    expect(bodies[winner]?.equals(await bytesOf(store, key))).toBe(true);
  });

  test('put: replaces what was there', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    const before = await store.put(key, Buffer.from('before'));
    const after = await store.put(key, Buffer.from('after'));
    expect(after.etag).not.toBe(before.etag);
    expect((await bytesOf(store, key)).toString()).toBe('after');
  });

  test('head: nothing where there is no object', async () => {
    expect(await world().store.head(`${somePrefix()}nothing`)).toBeUndefined();
  });
};

/** Of a multipart upload, bytes: no part but the last may be smaller than 5 MiB. */
const part = 8 * 1024 * 1024;

const uploadTests = (world: World): void => {
  const nothingUnfinished = async (prefix: string) => expect(await all(world().store.unfinished(prefix))).toEqual([]);

  test.each([
    ['nothing', 0],
    ['a few bytes', 10],
    ['a part', part],
    ['a part and a byte', part + 1],
    ['two parts', 2 * part],
    ['several parts', 2 * part + 1024 * 1024 + 5],
  ])('upload: stores a stream of %s whole', async (_, length) => {
    const [{ store }, prefix, bytes] = [world(), somePrefix(), pattern(length)];
    const key = `${prefix}volume.fzip`;
    const info = await store.upload(key, Readable.from(inPieces(bytes)), { contentType: 'application/zip' });
    expect(info).toEqual({ size: length, etag: expect.stringMatching(/./), contentType: 'application/zip' });
    expect(await store.head(key)).toEqual(info);
    expect(bytes.equals(await bytesOf(store, key))).toBe(true);
    await nothingUnfinished(prefix);
  });

  test.each([
    ['at once', 0],
    ['within the first part', 1_000_000],
    ['after some parts', 20 * 1024 * 1024],
  ])('upload: a stream that fails %s leaves neither object nor unfinished upload', async (_, length) => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const failing = async function* () {
      yield* inPieces(pattern(length));
      throw new Error('the source broke');
    };
    await expect(store.upload(`${prefix}a`, Readable.from(failing()))).rejects.toThrow('the source broke');
    expect(await store.head(`${prefix}a`)).toBeUndefined();
    await nothingUnfinished(prefix);
  });

  test('upload: nobody sees an object before it is whole', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const looked = Promise.withResolvers<void>();
    const slow = async function* () {
      yield* inPieces(pattern(2 * part));
      await looked.promise;
      yield Buffer.from('end');
    };
    const uploading = store.upload(`${prefix}a`, Readable.from(slow()));
    expect(await store.head(`${prefix}a`)).toBeUndefined();
    expect(await all(store.list(prefix))).toEqual([]);
    looked.resolve();
    expect((await uploading).size).toBe(2 * part + 3);
    expect((await store.head(`${prefix}a`))?.size).toBe(2 * part + 3);
  });

  test('upload: a stream that fails leaves the object that was there', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    await store.put(key, Buffer.from('before'));
    const broken = new Readable({ read: () => undefined });
    const uploading = store.upload(key, broken);
    broken.push('half');
    broken.destroy(new Error('the source broke'));
    await expect(uploading).rejects.toThrow('the source broke');
    expect((await bytesOf(store, key)).toString()).toBe('before');
  });
};

const readTests = (world: World): void => {
  test.each([
    [{}, '0123456789'],
    [{ start: 3 }, '3456789'],
    [{ start: 3, end: 6 }, '345'],
    [{ end: 2 }, '01'],
    [{ start: 8, end: 100 }, '89'],
    [{ start: 4, end: 4 }, ''],
    [{ start: 10 }, ''],
    [{ start: 50, end: 60 }, ''],
  ])('read: of %j come exactly these bytes', async (range, expected) => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    const { etag } = await store.put(key, Buffer.from('0123456789'));
    expect((await buffer(await store.read(key, range))).toString()).toBe(expected);
    expect((await buffer(await store.read(key, { ...range, etag }))).toString()).toBe(expected);
  });

  test.each([{}, { end: 5 }, { start: 0, end: 0 }])('read: of an empty object and %j come no bytes', async (range) => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    await store.put(key, Buffer.alloc(0));
    expect(await buffer(await store.read(key, range))).toHaveLength(0);
  });

  test('read: ObjectGone if the object is missing', async () => {
    const reading = world().store.read(`${somePrefix()}nothing`, { start: 1, end: 2 });
    await expect(reading).rejects.toThrow(ObjectGone);
    await expect(reading).rejects.toMatchObject({ reason: 'missing' });
  });

  test('read: ObjectGone if the object is not the one that was meant', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    const { etag } = await store.put(key, Buffer.from('one'));
    await store.put(key, Buffer.from('two'));
    const reading = store.read(key, { etag });
    await expect(reading).rejects.toThrow(ObjectGone);
    await expect(reading).rejects.toMatchObject({ reason: 'changed' });
  });

  test('read: a reader may stop early', async () => {
    const [{ store }, key] = [world(), `${somePrefix()}a`];
    await store.put(key, pattern(1_000_000));
    for await (const chunk of await store.read(key)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await store.head(key))?.size).toBe(1_000_000);
  });
};

const listTests = (world: World): void => {
  test('list: every key under a prefix, with its size and time', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    for (const name of ['b', 'a/1', 'a/2']) await store.put(prefix + name, Buffer.from(name));
    await store.put(`${prefix.slice(0, -1)}-beside`, Buffer.from('x'));
    const listed = await all(store.list(prefix));
    expect(listed).toEqual(
      ['a/1', 'a/2', 'b'].map((name) => ({ key: prefix + name, size: name.length, modifiedAt: expect.any(Number) })),
    );
    expect(await all(store.list(`${prefix}nothing`))).toEqual([]);
  });

  test('folders: those right under a prefix, each with its slash', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    for (const name of ['top', 'a/1', 'a/2', 'b/c/d']) await store.put(prefix + name, Buffer.from('x'));
    expect(await all(store.folders(prefix))).toEqual([`${prefix}a/`, `${prefix}b/`]);
  });
};

const deleteTests = (world: World): void => {
  test('delete: what it names is gone, the rest stays, and what is not there is no error', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    for (const name of ['a', 'b', 'c']) await store.put(prefix + name, Buffer.from('x'));
    await store.delete([`${prefix}a`, `${prefix}c`, `${prefix}nothing`]);
    await store.delete([]);
    expect((await all(store.list(prefix))).map(({ key }) => key)).toEqual([`${prefix}b`]);
  });

  test('delete and list: more than a thousand', async () => {
    const [{ store }, prefix] = [world(), somePrefix()];
    const keys = Array.from({ length: 1_005 }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`);
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, Buffer.from('x'))));
    }
    expect((await all(store.list(prefix))).map(({ key }) => key)).toEqual(keys);
    await store.delete(keys);
    expect(await all(store.list(prefix))).toEqual([]);
  }, 120_000);
};

const unfinishedTests = (world: World): void => {
  test('abort: what was uploaded so far never becomes an object', async () => {
    const [{ store, begin }, prefix] = [world(), somePrefix()];
    await store.abort(`${prefix}a`, await begin(`${prefix}a`));
    expect(await store.head(`${prefix}a`)).toBeUndefined();
    expect(await all(store.unfinished(prefix))).toEqual([]);
  });

  test('unfinished: uploads under a prefix that were begun and not ended; abort ends one, twice is once', async () => {
    const [{ store, begin }, prefix] = [world(), somePrefix()];
    const one = { key: `${prefix}a`, uploadId: await begin(`${prefix}a`), startedAt: expect.any(Number) };
    const two = { key: `${prefix}b`, uploadId: await begin(`${prefix}b`), startedAt: expect.any(Number) };
    await begin(`${somePrefix()}elsewhere`);
    expect(await all(store.unfinished(prefix))).toEqual([one, two]);
    await store.abort(one.key, one.uploadId);
    await store.abort(one.key, one.uploadId);
    expect(await all(store.unfinished(prefix))).toEqual([two]);
  });
};
