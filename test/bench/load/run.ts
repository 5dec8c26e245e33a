/** Many users at once: each requests a backup, some others begin restores beside, all follow their job to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FzipClient, fzipClient } from '@fzip/api/client';

export type LoadSize = { users: number; restores: number; transactions: number; files: number };

/** Where the load is put. */
export type LoadTarget = {
  url: string;
  token(user: string): Promise<string>;
  fillProfile(request: { user: string; transactions: number; files: number; seed: number }): Promise<unknown>;
};

export type LoadFigures = {
  /** How many jobs ended how: `backup completed`, … */
  ended: Record<string, number>;
  /** From the first request to the last end, ms; preparations are not in it. */
  took: number;
  /** Of every request to the API meanwhile, ms. */
  api: { calls: number; p50: number; p99: number; longest: number };
  /** Answers of the API that were failures of its own. */
  failures: number;
};

/** Between two looks of one user at their job, ms: as the web UI does it. */
const lookEvery = 500;

/** Every job is followed to its end, whatever that is. @throws after `longestMs`, naming what has not ended */
export const runLoad = async (
  target: LoadTarget,
  { users, restores, transactions, files }: LoadSize,
  longestMs: number,
): Promise<LoadFigures> => {
  const meter = makeMeter();
  const client = (user: string): FzipClient =>
    fzipClient({ baseUrl: target.url, token: () => target.token(user), fetch: meter.fetchOf(target.url) });
  const names = Array.from({ length: users }, (_, n) => `load-${n + 1}`);
  for (const [seed, user] of names.entries()) await target.fillProfile({ user, transactions, files, seed });
  const bytes = await packageOf(client(names[0] ?? ''), AbortSignal.timeout(longestMs));

  meter.begin();
  const began = performance.now();
  const signal = AbortSignal.timeout(longestMs);
  const jobs = [
    ...names.map((user) => backUp(client(user), signal)),
    ...Array.from({ length: restores }, (_, n) => restore(client(`load-restored-${n + 1}`), bytes, signal)),
  ];
  const ended: Record<string, number> = {};
  for (const status of await Promise.all(jobs)) ended[status] = (ended[status] ?? 0) + 1;
  return { ended, took: performance.now() - began, ...meter.end() };
};

const packageOf = async (client: FzipClient, signal: AbortSignal): Promise<Blob> => {
  const { backupId } = await client.createBackup();
  await backupEnd(client, backupId, signal);
  return (await client.download(backupId)).blob();
};

const backUp = async (client: FzipClient, signal: AbortSignal): Promise<string> => {
  const { backupId } = await client.createBackup();
  return backupEnd(client, backupId, signal);
};

const backupEnd = async (client: FzipClient, id: string, signal: AbortSignal): Promise<string> => {
  for (;;) {
    const { status, progress } = await client.backupStatus(id);
    if (status !== 'initiated' && status !== 'processing') return `backup ${status}`;
    await pause(signal, `backup ${id} is ${status}, ${progress} %`);
  }
};

const restore = async (client: FzipClient, bytes: Blob, signal: AbortSignal): Promise<string> => {
  const { restoreId, forms } = await client.createRestore();
  for (const form of forms) await client.uploadPackage(form, bytes);
  for (;;) {
    const { status, progress } = await client.restoreStatus(restoreId);
    if (['completed', 'failed', 'canceled', 'validation_failed'].includes(status)) return `restore ${status}`;
    await pause(signal, `restore ${restoreId} is ${status}, ${progress} %`);
  }
};

const pause = async (signal: AbortSignal, standing: string): Promise<void> => {
  await sleep(lookEvery);
  if (signal.aborted) throw new Error(`the load has not ended in time: ${standing}`);
};

/** Times every request to the API; those to the storage are not among them. */
const makeMeter = () => {
  let times: number[] = [];
  let failures = 0;
  return {
    fetchOf:
      (api: string): typeof fetch =>
      async (input, init) => {
        const began = performance.now();
        const response = await fetch(input, init);
        if (!String(input).startsWith(api)) return response;
        times.push(performance.now() - began);
        if (response.status >= 500) failures += 1;
        return response;
      },
    begin: () => {
      times = [];
      failures = 0;
    },
    end: (): Pick<LoadFigures, 'api' | 'failures'> => {
      const sorted = times.sort((one, other) => one - other);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { api: { calls: sorted.length, p50: at(0.5), p99: at(0.99), longest: sorted.at(-1) ?? 0 }, failures };
    },
  };
};
