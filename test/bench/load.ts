/**
 * `npm run bench -- load [--users N] [--restores N] [--transactions N] [--files N] [--json]`: 50 users request backups at once, ten restores
 * beside, on the embedded runtime as `npm start` has it, in a home of its own; what the API's answers took meanwhile. Exit code 1 if a
 * job did not complete or the API failed. Bounded; ends by itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEngine } from '@fzip/local/engine';
import { holdHome, homeAt } from '@fzip/local/home';
import { profileFiller } from '@fzip/local/wiring';
import { runLoad } from './load/run.ts';

const longestMs = 30 * 60_000;
const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '50' },
    restores: { type: 'string', default: '10' },
    transactions: { type: 'string', default: '500' },
    files: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});

const whole = (name: 'users' | 'restores' | 'transactions' | 'files', [least, most]: [number, number]): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  console.error(`bench: --${name} is "${values[name]}"; allowed are ${least} to ${most}`);
  process.exit(2);
};
const size = {
  users: whole('users', [1, 500]),
  restores: whole('restores', [0, 100]),
  transactions: whole('transactions', [1, 100_000]),
  files: whole('files', [0, 1_000]),
};

// What is measured here is measured here.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
const folder = await mkdtemp(join(tmpdir(), 'fzip-load-'));
const home = holdHome(homeAt(folder));
const engine = await startEngine({ home, port: 0 });
try {
  const target = {
    url: engine.url,
    token: async (user: string) => (await engine.token(user)).token,
    fillProfile: profileFiller(engine.wiring),
  };
  const figures = await runLoad(target, size, longestMs);
  const { ended, took, api, failures } = figures;
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`;
  if (values.json) console.log(JSON.stringify({ machine, size, ...figures }, undefined, 2));
  else {
    console.log(
      `${machine}\n${size.users} backups of ${size.transactions} transactions and ${size.files} files at once, ${size.restores} restores beside`,
    );
    for (const [status, count] of Object.entries(ended)) console.log(`  ${String(count).padStart(4)} ${status}`);
    console.log(`  all ended after ${(took / 1_000).toFixed(1)} s`);
    const [p50, p99, longest] = [api.p50, api.p99, api.longest].map((ms) => `${ms.toFixed(0)} ms`);
    console.log(
      `  the API meanwhile: ${api.calls} requests, p50 ${p50}, p99 ${p99}, longest ${longest}, ${failures} failures of its own`,
    );
  }
  const whole = ended['backup completed'] === size.users && (ended['restore completed'] ?? 0) === size.restores;
  if (!whole || failures > 0) process.exitCode = 1;
} finally {
  await engine.close();
  home.release();
  await rm(folder, { recursive: true, force: true });
}
