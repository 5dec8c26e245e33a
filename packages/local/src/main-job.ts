/** The main job, as any client would do it: a complete backup asked for over HTTP, followed to its end, downloaded. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupStatus } from '@fzip/api';
import { type FzipClient, fzipClient } from '@fzip/api/client';
import { bytesText, countsText, type Display, phaseText } from './display.ts';

const pollEveryMs = 200;

/** A backup that did not become what it should be. The message says why. */
export class BackupFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupFailed';
  }
}

export type Downloaded = { path: string; size: number; sha256: string };
export type MainJobResult = {
  status: BackupStatus;
  /** One for each volume, in their order. */
  volumes: Downloaded[];
  /** ms from the request to the last byte */
  took: number;
};

export type MainJob = {
  baseUrl: string;
  token: () => string | Promise<string>;
  /** The folder for the downloaded package. */
  folder: string;
  display: Display;
  signal?: AbortSignal;
};

/** @throws BackupFailed; FzipApiError */
export const runMainJob = async ({ baseUrl, token, folder, display, signal }: MainJob): Promise<MainJobResult> => {
  const client = fzipClient({ baseUrl, token });
  const began = performance.now();
  const { backupId } = await client.createBackup({ description: 'sample backup' });
  const status = await follow(client, backupId, display, signal);
  const volumes: Downloaded[] = [];
  for (const { number } of status.volumes) volumes.push(await download(client, status, number, folder));
  return { status, volumes, took: performance.now() - began };
};

const follow = async (
  client: FzipClient,
  backupId: string,
  display: Display,
  signal: AbortSignal | undefined,
): Promise<BackupStatus> => {
  const task = display.begin('backing up the profile');
  for (;;) {
    const status = await client.backupStatus(backupId);
    task.at(status.progress, phaseText(status.currentPhase ?? status.status));
    if (status.status === 'completed') {
      task.done('backup collected, packaged, read back and validated');
      return status;
    }
    if (status.status !== 'initiated' && status.status !== 'processing') {
      task.failed(`backup ${status.status}`);
      throw new BackupFailed(`the backup is ${status.status}: ${status.error?.message ?? 'no cause was given'}`);
    }
    await sleep(pollEveryMs, undefined, signal === undefined ? {} : { signal });
  }
};

/** Downloads one volume through its presigned URL; it has its name only when its size and sha256 are the stated ones. */
const download = async (
  client: FzipClient,
  { backupId, volumes }: BackupStatus,
  volume: number,
  folder: string,
): Promise<Downloaded> => {
  const stated = volumes.find(({ number }) => number === volume);
  const response = await client.download(backupId, { volume });
  const file = path.join(folder, nameOf(response) ?? `backup_${backupId}_${volume}.fzip`);
  const part = `${file}.part`;
  const { meter, measured } = measure();
  try {
    await pipeline(
      Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
      meter,
      createWriteStream(part),
    );
    const { size, sha256 } = measured();
    if (size !== stated?.size || sha256 !== stated.sha256) {
      throw new BackupFailed(
        `volume ${volume} came as ${size} bytes with sha256 ${sha256}; stated are ${stated?.size} with ${stated?.sha256}`,
      );
    }
    await rename(part, file);
    return { path: file, size, sha256 };
  } finally {
    await rm(part, { force: true });
  }
};

/** The name that the storage gives the download; never a path. */
const nameOf = (response: Response): string | undefined => {
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  return name === undefined ? undefined : path.basename(name).replaceAll(/[^\w.@-]/g, '_');
};

const measure = () => {
  const hash = createHash('sha256');
  let size = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      size += chunk.length;
      done(undefined, chunk);
    },
  });
  return { meter, measured: () => ({ size, sha256: hash.digest('hex') }) };
};

/** Says what was done. */
export const showResult = (display: Display, { status, volumes, took }: MainJobResult): void => {
  display.fact('rows', countsText(status.counts ?? {}));
  display.fact('files', filesText(status));
  display.fact('size', bytesText(volumes.reduce((sum, volume) => sum + volume.size, 0)));
  if (status.validation)
    display.fact('quality', `${status.validation.score} of 100, ${status.validation.overall_quality}`);
  for (const [entry, checksum] of Object.entries(status.manifest_checksums ?? {}))
    display.fact('checksum', `${entry}  ${checksum}`);
  for (const { path: file, sha256 } of volumes) {
    display.fact('package', file);
    display.fact('sha256', sha256);
  }
  display.fact('time', `${(took / 1000).toFixed(1)} s`);
};

const filesText = ({ validation, failedFilesCount, failedFiles }: BackupStatus): string => {
  const processed = `${validation?.files_processed ?? 0} with their bytes`;
  if (failedFilesCount === 0) return processed;
  const [first] = failedFiles;
  return `${processed}, ${failedFilesCount} without (${first?.fileName}: ${first?.reason})`;
};
