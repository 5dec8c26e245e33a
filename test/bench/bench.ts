/** `npm run bench -- [backup] [--transactions N] [--files N]`: what a backup and the restore of it cost on the embedded runtime. Bounded; ends by itself. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fzipClient } from '@fzip/api/client';
import { spawnEmulators, startRuntime } from '@fzip/local';

// What is measured here is measured here.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    transactions: { type: 'string', default: '100000' },
    files: { type: 'string', default: '200' },
  },
});
const size = { transactions: Number(values.transactions), files: Number(values.files) };

const MiB = 1024 * 1024;
const longestMs = 20 * 60_000;
const seconds = (micros: number): number => Math.round(micros / 10_000) / 100;

/** The largest resident set while something runs, in bytes. Sampled: the system's own maximum would include the filling. */
const watchMemory = () => {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  return () => {
    clearInterval(timer);
    return peak;
  };
};

const folder = await mkdtemp(join(tmpdir(), 'fzip-bench-'));
const emulators = await spawnEmulators({ folder });
const runtime = await startRuntime({ emulators, silent: true });
try {
  const filling = performance.now();
  await runtime.fillProfile({ user: 'bench', seed: 1, ...size });
  console.error(`filled in ${Math.round(performance.now() - filling) / 1000} s`);
  const ends = await runtime.subscribe({
    eventType: [
      'backup.completed',
      'backup.failed',
      'restore.completed',
      'restore.failed',
      'restore.validation_failed',
    ],
  });
  const client = fzipClient({ baseUrl: runtime.url, token: () => runtime.token('bench') });

  const measured = async (name: string, work: () => Promise<object>) => {
    const before = process.memoryUsage.rss();
    const peak = watchMemory();
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    const found = await work();
    const used = process.cpuUsage(cpu);
    const wall = performance.now() - started;
    const figures = {
      ...found,
      wallSeconds: Math.round(wall / 10) / 100,
      cpuSeconds: { user: seconds(used.user), system: seconds(used.system) },
      memoryMiB: { before: Math.round(before / MiB), peakAbove: Math.round((peak() - before) / MiB) },
      failures: runtime.failures.length,
    };
    console.log(JSON.stringify({ [name]: figures }, null, 2));
  };

  let backup = '';
  await measured('backup', async () => {
    const { backupId, estimatedSize, estimatedCompletion } = await client.createBackup();
    const asked = Date.now();
    const ended = await ends.next((event) => event.subject === backupId, longestMs);
    if (ended.type !== 'backup.completed') process.exitCode = 1;
    const status = await client.backupStatus(backupId);
    backup = backupId;
    return {
      ...size,
      ended: ended.type,
      quality: status.validation?.overall_quality,
      packageBytes: status.packageSize,
      estimatedBytes: estimatedSize,
      estimatedSeconds: (estimatedCompletion - asked) / 1000,
    };
  });

  const other = fzipClient({ baseUrl: runtime.url, token: () => runtime.token('bench-restored') });
  const bytes = await (await client.download(backup)).blob();
  await measured('restore', async () => {
    const { restoreId, uploadUrl } = await other.createRestore();
    if (!uploadUrl) throw new Error('no form to upload with');
    await other.uploadPackage(uploadUrl, bytes);
    const ended = await ends.next((event) => event.subject === restoreId, longestMs);
    if (ended.type !== 'restore.completed') process.exitCode = 1;
    const { restoreResults, idMode, error } = await other.restoreStatus(restoreId);
    return { ended: ended.type, idMode, restoreResults, error };
  });
} finally {
  await runtime.close();
  await emulators.close();
  await rm(folder, { recursive: true, force: true });
}
