import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { type ObjectStoreWorld, objectStoreContract } from '@fzip/testing';
import { objectStore } from '../src/object-store.ts';
import { startAws } from './world.ts';

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
  const { clients, config, close } = await startAws();
  const Bucket = config.buckets.packages;
  return {
    store: objectStore(clients.s3, Bucket),
    begin: async (Key) => {
      const { UploadId } = await clients.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      return UploadId ?? '';
    },
    visit,
    submit,
    close,
  };
});
