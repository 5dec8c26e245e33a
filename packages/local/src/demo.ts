/** `npm run demo`: the main job on a store of its own, and a comparison of every row, attribute and byte; then it exits. */
import path from 'node:path';
import { type Arguments, helpText, numberOf, type Options, parseArguments, UsageError } from './arguments.ts';
import { type Comparison, comparePackage } from './compare.ts';
import { countsText, type Display, displayFor } from './display.ts';
import { DumpRefused, loadDump, readDump } from './dump.ts';
import { type Engine, startEngine } from './engine.ts';
import { type HeldHome, HomeLocked, holdHome, homeAt, homeFolder, resetHome } from './home.ts';
import { BackupFailed, type MainJobResult, runMainJob, showResult } from './main-job.ts';
import type { Counts } from './profile-loader.ts';
import { onShutdown } from './shutdown.ts';

const demoUser = 'demo-user';
/** What a shell shows for a command that Ctrl-C ended. */
const interrupted = 130;
const options: Options = {
  tables: {
    type: 'string',
    value: 'FILE',
    help: 'back up the rows of a dump of HouseF3 tables (FILE.tables.json) instead of a sample',
  },
  transactions: { type: 'string', value: 'N', help: 'of the sample (1200)' },
  files: { type: 'string', value: 'N', help: 'of the sample (12)' },
  seed: { type: 'string', value: 'N', help: 'of the sample (1)' },
  json: { type: 'boolean', help: 'say the result as JSON, and nothing else' },
};
const about =
  'Backs up a profile on a fresh store, downloads the package and compares it with its source.\n' +
  'Exits with 1 if anything is missing or differs. State is kept in .fzip/demo/ until the next time.';

type Source = { userId: string; counts: Counts };

const main = async (): Promise<number> => {
  const args = parseArguments(options);
  if (args.help) {
    process.stdout.write(helpText('npm run demo -- [options]', about, options));
    return 0;
  }
  const display = displayFor({ json: args.json === true });
  const load = loaderOf(args, display);
  const home = holdHome(homeAt(path.join(homeFolder(), 'demo')));
  try {
    resetHome(home);
    return await run(home, display, load, args.json === true);
  } finally {
    home.release();
  }
};

const run = async (
  home: HeldHome,
  display: Display,
  load: (engine: Engine) => Promise<Source>,
  json: boolean,
): Promise<number> => {
  const shutdown = onShutdown(() => process.exit(1));
  display.title('FZIP demo');
  const engine = await startEngine({ home, port: 0 });
  const stopped = shutdown.wanted.then(() => interrupted);
  const died = engine.died.then((how): never => {
    throw new BackupFailed(how);
  });
  try {
    return await Promise.race([work(home, engine, display, load, json, shutdown.signal), stopped, died]);
  } finally {
    await engine.close();
  }
};

const work = async (
  home: HeldHome,
  engine: Engine,
  display: Display,
  load: (engine: Engine) => Promise<Source>,
  json: boolean,
  signal: AbortSignal,
): Promise<number> => {
  const source = await load(engine);
  const token = async () => (await engine.token(source.userId)).token;
  const result = await runMainJob({ baseUrl: engine.url, token, folder: home.packages, display, signal });
  showResult(display, result);
  const comparison = await comparePackage(engine.wiring, source.userId, result);
  for (const kind of Object.keys(source.counts) as (keyof Counts)[]) {
    const [loaded, packaged] = [source.counts[kind], result.status.counts?.[kind] ?? 0];
    if (loaded !== packaged) {
      comparison.count += 1;
      comparison.differences.push(`${kind}: ${loaded} rows were loaded, ${packaged} are in the package`);
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(summary(source, result, comparison), undefined, 2)}\n`);
  show(display, comparison);
  return comparison.count === 0 ? 0 : 1;
};

const show = (display: Display, { differences, count, rows, attributes, files }: Comparison): void => {
  for (const difference of differences) display.warn(difference);
  display.fact('compared', `${rows} rows, ${attributes} attributes, ${files.compared} files byte for byte`);
  if (files.failed > 0) display.fact('', `${files.failed} files without bytes at the source, as the package states`);
  display.end(count === 0 ? 'The package holds the profile, whole.' : `${count} differences.`);
};

const summary = ({ userId, counts }: Source, { status, volumes, took }: MainJobResult, comparison: Comparison) => ({
  ok: comparison.count === 0,
  userId,
  backupId: status.backupId,
  counts,
  packages: volumes,
  qualityScore: status.validation?.score,
  quality: status.validation,
  checksums: status.manifest_checksums,
  failedFiles: status.failedFiles,
  tookMs: Math.round(took),
  compared: { rows: comparison.rows, attributes: comparison.attributes, files: comparison.files },
  differenceCount: comparison.count,
  differences: comparison.differences,
});

const loaderOf = (args: Arguments, display: Display): ((engine: Engine) => Promise<Source>) => {
  const { tables } = args;
  if (typeof tables !== 'string') return sampleLoader(args, display);
  for (const name of ['transactions', 'files', 'seed']) {
    if (args[name] !== undefined) throw new UsageError(`--${name} is of the sample; with --tables there is none`);
  }
  return async ({ wiring }) => {
    const dump = await readDump(tables);
    const counts = await loadDump(wiring, dump);
    display.line(`${tables}, the profile of ${dump.userId}: ${countsText(counts)}`);
    for (const key of dump.ignored) display.line(`${key} is left out: jobs belong to no profile`);
    return { userId: dump.userId, counts };
  };
};

const sampleLoader = (args: Arguments, display: Display): ((engine: Engine) => Promise<Source>) => {
  const transactions = numberOf(args, 'transactions', 1_200, [0, 10_000_000]);
  const files = numberOf(args, 'files', Math.min(12, transactions), [0, 1_000_000]);
  const seed = numberOf(args, 'seed', 1, [0, Number.MAX_SAFE_INTEGER]);
  if (files === 0 && transactions > 0) throw new UsageError('--files is 0; every transaction comes from a file');
  return async ({ url }) => {
    const response = await fetch(`${url}/local/profile`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: demoUser, transactions, files, seed }),
    });
    const answer = (await response.json()) as { message?: string; counts: Counts };
    if (!response.ok) throw new Error(`the sample profile could not be made: ${answer.message}`);
    display.line(`a sample profile for ${demoUser}: ${countsText(answer.counts)}`);
    return { userId: demoUser, counts: answer.counts };
  };
};

try {
  process.exitCode = await main();
} catch (error) {
  const known = [UsageError, HomeLocked, DumpRefused, BackupFailed].some((kind) => error instanceof kind);
  const { message, stack } = error as Error;
  process.stderr.write(`fzip: ${known ? message : (stack ?? message)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
if (process.connected) process.disconnect();
