import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { type S3Options, startS3 } from '../../src/emulators/s3/server.ts';

export const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'a secret of the tests' };

export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fzip-emulators-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

export const clientOf = (url: string, more: S3ClientConfig = {}): S3Client =>
  new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials, ...more });

/** An S3 with the bucket `bucket`, ended when the test is. */
export const s3Fixture = async (options: Partial<S3Options> = {}) => {
  const folder = options.folder ?? (await temporaryFolder());
  const server = await startS3({ folder, credentials, ...options });
  const s3 = clientOf(server.url);
  onTestFinished(async () => {
    s3.destroy();
    await server.close();
  });
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  return { s3, url: server.url, folder, server };
};

/** The name of the error that a call is refused with, or the status where an answer has no body to name it. */
export const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      error.name === 'Unknown' ? String(error.$metadata?.httpStatusCode) : error.name,
  );

/** Status and error code of a plain answer. */
export const verdictOf = async (response: Response): Promise<[status: number, code: string]> => {
  const text = await response.text();
  return [response.status, /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? ''];
};

export const bytesOf = async (body: { transformToByteArray(): Promise<Uint8Array> } | undefined): Promise<Buffer> =>
  Buffer.from((await body?.transformToByteArray()) ?? []);
