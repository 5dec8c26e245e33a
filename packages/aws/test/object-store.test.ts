import { CreateMultipartUploadCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { all, type ObjectStoreWorld, objectStoreContract } from '@fzip/testing';
import { expect, test } from 'vitest';
import { objectStore } from '../src/object-store.ts';
import { makeBucket, startAws } from './world.ts';

const visit: ObjectStoreWorld['visit'] = async (url) => {
  const answer = await fetch(url);
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  };
};

const submit: ObjectStoreWorld['submit'] = async (url, fields, body) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob([new Uint8Array(body)]), 'volume.fzip');
  return (await fetch(url, { method: 'POST', body: form })).status;
};

objectStoreContract('on S3', async () => {
  const { clients, elsewhere, config, close } = await startAws({ buckets: ['packages'] });
  const Bucket = config.buckets.packages;
  return {
    store: objectStore(clients.s3, Bucket),
    elsewhere: () => objectStore(elsewhere().s3, Bucket),
    begin: async (Key) => {
      const { UploadId } = await clients.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      return UploadId ?? '';
    },
    visit,
    submit,
    close,
  };
});

test('in a versioned bucket every version and delete marker of one key is told, page by page, and deleted for good', async () => {
  const world = await startAws({});
  const { clients, close } = world;
  const Bucket = `${world.prefix}-versioned`;
  await makeBucket(world, Bucket);
  await clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const store = objectStore(clients.s3, Bucket);
  const many = 1_002;
  for (let n = 0; n < many; n += 1) await store.put('a', Buffer.from(String(n)));
  await store.delete(['a']);
  await store.put('a.csv', Buffer.from('stays'));
  const versions = await all(store.versions('a'));
  expect(new Set(versions.map(({ versionId }) => versionId)).size).toBe(many + 1);
  for (const { versionId } of versions) await store.deleteVersion('a', versionId);
  expect(await all(store.versions('a'))).toEqual([]);
  await store.deleteVersion('a', versions[0]?.versionId ?? '');
  expect(await all(store.versions('a.csv'))).toHaveLength(1);
  await close();
}, 120_000);
