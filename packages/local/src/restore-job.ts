/** A restore, as any client would do it: asked for over HTTP, the package uploaded by the presigned form, followed to its end. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FzipClient, fzipClient } from '@fzip/api/client';
import { bytesText, countsText, type Display, phaseText, type Task } from './display.ts';

const pollEveryMs = 200;
const mostWarnings = 20;
/** Percent of the upload between two figures. */
const uploadStep = 10;

export type RestoreStatus = Awaited<ReturnType<FzipClient['restoreStatus']>>;
type UploadForm = Parameters<FzipClient['uploadPackage']>[0];

/** A restore that did not become what it should be. The message says why. */
export class RestoreFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RestoreFailed';
  }
}

export type RestoreResult = {
  status: RestoreStatus;
  /** bytes uploaded */
  size: number;
  /** ms from the request to the end */
  took: number;
};

export type RestoreJob = {
  baseUrl: string;
  token: () => string | Promise<string>;
  /** Paths of the volumes of one package. */
  files: readonly string[];
  display: Display;
  signal?: AbortSignal;
};

/** @throws RestoreFailed; FzipApiError */
export const runRestoreJob = async (job: RestoreJob): Promise<RestoreResult> => {
  const { baseUrl, token, files, display, signal } = job;
  const client = fzipClient({ baseUrl, token });
  const began = performance.now();
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  const { restoreId, forms } = await client.createRestore({ size, volumes: files.length });
  for (const [n, file] of files.entries()) {
    // Forms are good for 15 minutes, and volumes before this one may have taken longer.
    const form = n === 0 ? forms[0] : (await client.uploadForms(restoreId))[n];
    if (!form) throw new RestoreFailed(`the restore ${restoreId} has no form for volume ${n + 1} of ${files.length}`);
    await upload(client, form, { file, size: sizes[n] ?? 0 }, display, signal);
  }
  const status = await follow(client, restoreId, display, signal);
  return { status, size, took: performance.now() - began };
};

const upload = async (
  client: FzipClient,
  form: UploadForm,
  { file, size }: { file: string; size: number },
  display: Display,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const task = display.begin('uploading the package');
  try {
    const stream = ReadableStream.from(metered(file, size, task));
    await client.uploadPackage(form, { stream, size }, signal === undefined ? {} : { signal });
  } catch (error) {
    task.failed('the upload failed');
    throw error;
  }
  task.done(`package uploaded, ${bytesText(size)}`);
};

/** The file's bytes; says now and then how many have gone. */
async function* metered(file: string, size: number, task: Task): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  let shown = 0;
  for await (const chunk of createReadStream(file)) {
    yield chunk as Uint8Array<ArrayBuffer>;
    sent += (chunk as Uint8Array).length;
    const percent = Math.floor((sent / size) * 100);
    if (percent < shown + uploadStep) continue;
    shown = percent;
    task.at(percent, `${bytesText(sent)} of ${bytesText(size)}`);
  }
}

const follow = async (
  client: FzipClient,
  restoreId: string,
  display: Display,
  signal: AbortSignal | undefined,
): Promise<RestoreStatus> => {
  const task = display.begin('restoring the profile');
  for (;;) {
    const status = await client.restoreStatus(restoreId);
    task.at(status.progress, phaseText(status.currentPhase ?? status.status));
    if (status.status === 'completed') {
      task.done('profile checked, written, read back and verified');
      return status;
    }
    if (ended.has(status.status)) {
      task.failed(`restore ${phaseText(status.status)}`);
      throw new RestoreFailed(`the restore ended with ${phaseText(status.status)}: ${causesOf(status)}`);
    }
    await sleep(pollEveryMs, undefined, signal === undefined ? {} : { signal });
  }
};

const ended: ReadonlySet<RestoreStatus['status']> = new Set([
  'validation_passed',
  'validation_failed',
  'failed',
  'canceled',
]);

const causesOf = ({ errorMessage = '', validationResults }: RestoreStatus): string => {
  const errors = (validationResults?.errors ?? []).filter((error) => !errorMessage.includes(error));
  return [errorMessage, ...errors].filter((cause) => cause !== '').join('; ') || 'no cause was given';
};

/** Says what was done. */
export const showRestore = (display: Display, { status, size, took }: RestoreResult): void => {
  const { restoreResults, validationResults, idMode } = status;
  if (restoreResults) display.fact('restored', countsText(restoredCounts(restoreResults)));
  display.fact('ids', idMode === 'remap' ? 'made anew: some of the package’s are taken' : 'kept');
  display.fact('size', bytesText(size));
  display.fact('time', `${(took / 1000).toFixed(1)} s`);
  const warnings = validationResults?.warnings ?? [];
  for (const warning of warnings.slice(0, mostWarnings)) display.warn(warning);
  if (warnings.length > mostWarnings) display.warn(`… and ${warnings.length - mostWarnings} more`);
};

const restoredCounts = (results: NonNullable<RestoreStatus['restoreResults']>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results)
      // Worth a word only where there are any.
      .filter(([name, count]) => name !== 'files_without_bytes' || count > 0)
      .map(([name, count]) => [name.replace(/_restored$/, ''), count]),
  );
