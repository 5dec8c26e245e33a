/** `npm run demo`: backup and restore on a store of their own, and a comparison of every row, attribute and byte; then it exits. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type Arguments, helpText, numberOf, type Options, parseArguments, UsageError } from './arguments.ts';
import { type Comparison, comparePackage } from './compare.ts';
import type { RestoredComparison } from './compare-restored.ts';
import { type Restored, restoreGiven, restoreSummary, restoreTwin, type Stage } from './demo-restore.ts';
import { countsText, type Display, displayFor } from './display.ts';
import { DumpRefused, loadDump, readDump } from './dump.ts';
import { type Engine, startEngine } from './engine.ts';
import type { Findings } from './findings.ts';
import { type HeldHome, HomeLocked, holdHome, homeAt, homeFolder, resetHome } from './home.ts';
import { BackupFailed, type MainJobResult, runMainJob, showResult } from './main-job.ts';
import type { Counts } from './profile-loader.ts';
import { RestoreFailed } from './restore-job.ts';
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
  package: { type: 'string', value: 'FILE', help: 'restore this package into an empty profile; nothing is backed up' },
  transactions: { type: 'string', value: 'N', help: 'of the sample (1200)' },
  files: { type: 'string', value: 'N', help: 'of the sample (12)' },
  seed: { type: 'string', value: 'N', help: 'of the sample (1)' },
  json: { type: 'boolean', help: 'say the result as JSON, and nothing else' },
};
const about =
  'Backs up a profile on a fresh store, downloads the package, restores it for another user,\n' +
  'and compares package and restored profile with their source.\n' +
  'Exits with 1 if anything is missing or differs. State is kept in .fzip/demo/ until the next time.';

type Source = { userId: string; counts: Counts };
/** What the demo does once everything runs. Returns the exit code. */
type Work = (stage: Stage, home: HeldHome) => Promise<number>;

const main = async (): Promise<number> => {
  const args = parseArguments(options);
  if (args.help) {
    process.stdout.write(helpText('npm run demo -- [options]', about, options));
    return 0;
  }
  const display = displayFor({ json: args.json === true });
  const work = await workOf(args, display);
  const home = holdHome(homeAt(path.join(homeFolder(), 'demo')));
  try {
    resetHome(home);
    return await run(home, display, work);
  } finally {
    home.release();
  }
};

const run = async (home: HeldHome, display: Display, work: Work): Promise<number> => {
  const shutdown = onShutdown(() => process.exit(1));
  display.title('FZIP demo');
  const engine = await startEngine({ home, port: 0 });
  const stopped = shutdown.wanted.then(() => interrupted);
  const died = engine.died.then((how): never => {
    throw new BackupFailed(how);
  });
  try {
    return await Promise.race([work({ engine, display, signal: shutdown.signal }, home), stopped, died]);
  } finally {
    await engine.close();
  }
};

const workOf = async (args: Arguments, display: Display): Promise<Work> => {
  const { package: file } = args;
  const json = args.json === true;
  if (typeof file !== 'string') return backUpAndRestore(loaderOf(args, display), json);
  for (const name of ['tables', 'transactions', 'files', 'seed'])
    if (args[name] !== undefined) throw new UsageError(`--${name} is of a backup; with --package there is none`);
  await access(file).catch((error: Error) => {
    throw new UsageError(`--package: ${error.message}`);
  });
  return restoreOnly(file, json);
};

const backUpAndRestore =
  (load: (engine: Engine) => Promise<Source>, json: boolean): Work =>
  async (stage, home) => {
    const { engine, display, signal } = stage;
    const source = await load(engine);
    const token = async () => (await engine.token(source.userId)).token;
    const result = await runMainJob({ baseUrl: engine.url, token, folder: home.packages, display, signal });
    showResult(display, result);
    const comparison = await comparePackage(engine.wiring, source.userId, result);
    compareCounts(source, result, comparison);
    const { rows, attributes, files } = comparison;
    show(display, comparison, `${rows} rows, ${attributes} attributes, ${files.compared} files byte for byte`);
    if (files.failed > 0) display.fact('', `${files.failed} files without bytes at the source, as the package states`);
    const twin = await restoreTwin(stage, source.userId, result.volumes);
    const found = twin.comparison;
    show(display, found, `${found.rows} rows with all they refer to, ${found.files} files byte for byte`);
    const count = comparison.count + found.count;
    if (json) say({ ok: count === 0, ...summary(source, result, comparison), restore: restoreSummary(twin) });
    const whole = 'The package holds the profile, whole, and gave it back; the first user’s was not touched.';
    return endWith(display, count, whole);
  };

const restoreOnly =
  (file: string, json: boolean): Work =>
  async (stage) => {
    const { display } = stage;
    const restored: Restored<RestoredComparison> = await restoreGiven(stage, demoUser, file);
    const { rows, attributes, files, source, count } = restored.comparison;
    show(
      display,
      restored.comparison,
      `${rows} rows, ${attributes} attributes with ${source}, ${files} files byte for byte`,
    );
    if (json) say({ ok: count === 0, package: path.resolve(file), restore: restoreSummary(restored) });
    return endWith(display, count, 'The profile is what the package holds, whole.');
  };

const compareCounts = (source: Source, { status }: MainJobResult, comparison: Comparison): void => {
  for (const kind of Object.keys(source.counts) as (keyof Counts)[]) {
    const [loaded, packaged] = [source.counts[kind], status.counts?.[kind] ?? 0];
    if (loaded === packaged) continue;
    comparison.count += 1;
    comparison.differences.push(`${kind}: ${loaded} rows were loaded, ${packaged} are in the package`);
  }
};

const show = (display: Display, { differences }: Findings, compared: string): void => {
  for (const difference of differences) display.warn(difference);
  display.fact('compared', compared);
};

const say = (summary: object): void => void process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);

const endWith = (display: Display, differences: number, whole: string): number => {
  display.end(differences === 0 ? whole : `${differences} differences.`);
  return differences === 0 ? 0 : 1;
};

const summary = ({ userId, counts }: Source, { status, volumes, took }: MainJobResult, comparison: Comparison) => ({
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
  const known = [UsageError, HomeLocked, DumpRefused, BackupFailed, RestoreFailed].some(
    (kind) => error instanceof kind,
  );
  const { message, stack } = error as Error;
  process.stderr.write(`fzip: ${known ? message : (stack ?? message)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
if (process.connected) process.disconnect();
