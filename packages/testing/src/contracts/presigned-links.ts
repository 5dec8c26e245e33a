/** The promises of `ObjectStore` about links for whoever holds them. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ObjectStoreWorld } from './object-store.ts';

const someKey = (): string => `contract/${randomUUID()}/1.fzip`;
const terms = { expiresInSeconds: 60, largestBytes: 10, contentType: 'application/zip' };

export const presignTests = (world: () => ObjectStoreWorld): void => {
  test('presignGet: gives the bytes, saved under the name that was asked for', async () => {
    const [{ store, visit }, key] = [world(), someKey()];
    await store.put(key, Buffer.from('the bytes'));
    const answer = await visit(await store.presignGet(key, { expiresInSeconds: 60, fileName: 'backup ü.fzip' }));
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('the bytes') });
    expect(answer.headers['content-disposition']).toMatch(/^attachment; .*filename\*=UTF-8''backup%20%C3%BC\.fzip$/);
  });

  test('presignPost: takes what is asked for, under exactly the key', async () => {
    const [{ store, submit }, key] = [world(), someKey()];
    const { url, fields } = await store.presignPost(key, terms);
    expect(await submit(url, fields, Buffer.alloc(10, 'x'))).toBe(204);
    expect(await store.head(key)).toMatchObject({ size: 10, contentType: 'application/zip' });
  });

  test.each([
    ['more bytes than allowed', {}, 11],
    ['no bytes', {}, 0],
    ['another key', { key: 'contract/another' }, 5],
    ['another content type', { 'Content-Type': 'text/html' }, 5],
  ])('presignPost: refuses %s', async (_, but, size) => {
    const [{ store, submit }, key] = [world(), someKey()];
    const { url, fields } = await store.presignPost(key, terms);
    expect(await submit(url, { ...fields, ...but }, Buffer.alloc(size, 'x'))).toBeGreaterThanOrEqual(400);
    expect(await store.head(key)).toBeUndefined();
  });
};
