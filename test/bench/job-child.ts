/**
 * One size of `npm run bench -- backup|restore` in a process of its own: `job-child.ts backup|restore JSON`, told by IPC.
 * The emulators and the consumers of each step have processes of their own; the API is in this one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fzipClient } from '@fzip/api/client';
import { type Job, type Step, steps } from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { spawnEmulators } from '@fzip/local';
import { startFront } from '@fzip/local/front';
import { startIssuer } from '@fzip/local/issuer';
import { connection, makeResources } from '@fzip/local/resources';
import { boundApi, clientsOf, profileFiller, wire } from '@fzip/local/wiring';
import type { Figures } from './format/figures.ts';
import { barePackage, bareWrites } from './job/bare.ts';
import type { Requests } from './job/requests.ts';
import { runSteps, type StepFigures } from './job/steps.ts';

// What is measured here is measured here.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';

export type Size = { transactions: number; files: number; idMode?: 'preserve' | 'remap' };
export type JobFigures = {
  size: Size;
  ended: string;
  rows: number;
  packageBytes: number;
  steps: { figures: StepFigures; requests: Requests }[];
  /** The same rows or bytes by bare calls or streams, and the step that they are held against. */
  bare: { step: Step; figures: Figures };
};

const backupSteps = steps.filter((step) => step.startsWith('backup-'));
const restoreSteps = steps.filter((step) => step.startsWith('restore-') && step !== 'restore-rollback');
const user = 'bench';
const longestMs = 60 * 60_000;

const [what = '', given = '{}'] = process.argv.slice(2);
const size = JSON.parse(given) as Size;
const folder = await mkdtemp(join(tmpdir(), 'fzip-bench-'));
const emulators = await spawnEmulators({ folder });
const making = clientsOf(connection(emulators));
const env = await makeResources(making, emulators).finally(() => making.destroy());
const wiring = wire(env, { audit: () => {} });
const { inspection: ports } = wiring;
const issuer = await startIssuer({ folder });
const front = await startFront({
  api: boundApi(wiring, { silent: true }),
  issuer,
  fillProfile: profileFiller(wiring),
  onError: (error, where) => console.error(where, error),
});
const world = { ...wiring, env, ports };
const client = (userId: string) =>
  fzipClient({ baseUrl: front.url, token: async () => (await issuer.issue(userId)).token });

const fill = async ({ transactions, files }: Size): Promise<void> => {
  const entry = fileURLToPath(new URL('./job/fill.ts', import.meta.url));
  const child = fork(entry, [JSON.stringify({ user, seed: 1, transactions, files })], {
    env: { ...process.env, ...env },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`filling ended with ${code}`);
};

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, one) => all + one, 0);

const completed = async (jobId: string): Promise<Job> => {
  const job = await ports.jobs.find(jobId);
  if (job?.status === 'backup_completed' || job?.status === 'restore_completed') return job;
  throw new Error(`job ${jobId} is ${job?.status}: ${job?.error?.message}`);
};

const runBackup = async (): Promise<JobFigures & { backupId: string }> => {
  const { backupId } = await client(user).createBackup();
  const ran = await runSteps(world, backupSteps);
  const job = await completed(backupId);
  const figures = await barePackage(world, backupId, user);
  return {
    backupId,
    size,
    ended: job.status,
    rows: sum(job.summary?.counts ?? {}),
    packageBytes: job.packageSize ?? 0,
    steps: ran,
    bare: { step: 'backup-package', figures },
  };
};

const runRestore = async (): Promise<JobFigures> => {
  const { idMode = 'remap' } = size;
  const { backupId, packageBytes, rows } = await runBackup();
  const bytes = await (await client(user).download(backupId)).blob();
  // Ids can be kept only where nobody has them.
  if (idMode === 'preserve') await clear();
  const { restoreId, uploadUrl } = await client('restored').createRestore({ idMode });
  if (!uploadUrl) throw new Error('no form to upload with');
  await client('restored').uploadPackage(uploadUrl, bytes);
  const ran = await runSteps(world, restoreSteps);
  const job = await completed(restoreId);
  const figures = await bareWrites(world, 'restored', idMode === 'remap' ? 'putFresh' : 'putOwn');
  return { size, ended: job.status, rows, packageBytes, steps: ran, bare: { step: 'restore-transactions', figures } };
};

/** Takes the first user's rows away. */
const clear = async (): Promise<void> => {
  for (const kind of entityKinds) {
    for (;;) {
      const { rows } = await ports.profiles.page({ userId: user, kind });
      if (rows.length === 0) break;
      await ports.profiles.deleteOwn(user, kind, rows);
    }
  }
};

const guard = setTimeout(() => process.exit(3), longestMs);
try {
  await fill(size);
  process.send?.(what === 'backup' ? await runBackup() : await runRestore());
} finally {
  clearTimeout(guard);
  await front.close();
  wiring.clients.destroy();
  await emulators.close();
  await rm(folder, { recursive: true, force: true });
}
