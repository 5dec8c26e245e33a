import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDynamo } from './dynamodb.ts';
import { startMessaging } from './messaging.ts';
import { type EmulatorName, type EmulatorOptions, folderOf, portOf } from './options.ts';
import { startS3 } from './s3/server.ts';
import type { Credentials } from './s3/signature.ts';

export type Running = { url: string; close(): Promise<void> };

/** What starting one emulator needs; `sqsEndpoint` is where S3 sends its notifications. */
export type StartOptions = EmulatorOptions & { credentials: Credentials; sqsEndpoint?: string };

const startS3In = async (options: StartOptions): Promise<Running> => {
  const { folder } = folderOf(options, 's3');
  const temporary = folder === undefined ? await mkdtemp(path.join(tmpdir(), 'fzip-s3-')) : undefined;
  const { credentials, sqsEndpoint } = options;
  const endpoint = sqsEndpoint === undefined ? {} : { sqsEndpoint };
  const s3 = await startS3({
    folder: folder ?? (temporary as string),
    ...portOf(options, 's3'),
    credentials,
    ...endpoint,
  });
  return {
    url: s3.url,
    close: async () => {
      await s3.close();
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    },
  };
};

/** How each emulator is started in this process. */
export const starters: Record<EmulatorName, (options: StartOptions) => Promise<Running>> = {
  s3: startS3In,
  messaging: (options) => startMessaging({ ...folderOf(options, 'messaging'), ...portOf(options, 'messaging') }),
  dynamodb: (options) => startDynamo({ ...folderOf(options, 'dynamodb'), ...portOf(options, 'dynamodb') }),
};
