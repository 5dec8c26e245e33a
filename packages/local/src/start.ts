/** `npm start`: the embedded runtime, a sample profile, a backup of it, its restore for another user; then it stays up. */
import { fzipClient } from '@fzip/api/client';
import { helpText, numberOf, type Options, parseArguments, UsageError } from './arguments.ts';
import { countsText, type Display, displayFor, phaseText } from './display.ts';
import { type Engine, startEngine } from './engine.ts';
import {
  type HeldHome,
  HomeLocked,
  holdHome,
  homeAt,
  homeFolder,
  isFresh,
  resetHome,
  writeEnvironment,
} from './home.ts';
import { type MainJobResult, runMainJob, showResult } from './main-job.ts';
import { runRestoreJob, showRestore } from './restore-job.ts';
import { onShutdown, type Shutdown } from './shutdown.ts';

const defaultPort = 8787;
const sampleUser = 'sample-user';
/** Gets the sample back out of its package. */
const restoredUser = `${sampleUser}-restored`;
const users = [
  { id: sampleUser, about: 'has a filled profile, and a backup of it' },
  { id: restoredUser, about: 'got that backup restored' },
  { id: 'new-user', about: 'has an empty profile' },
];
const options: Options = {
  reset: { type: 'boolean', help: 'begin anew: remove everything kept in the home folder' },
  port: { type: 'string', value: 'N', help: `port of the API (FZIP_PORT, ${defaultPort})` },
};
const about =
  'Starts FZIP on this machine, backs up a sample profile, restores it for\na second user if that has none yet, and stays up until Ctrl-C.\nState is kept in .fzip/ (FZIP_HOME).';

const main = async (): Promise<number> => {
  const args = parseArguments(options);
  if (args.help) {
    process.stdout.write(helpText('npm start -- [options]', about, options));
    return 0;
  }
  const asked = args.port ?? process.env.FZIP_PORT;
  const port = numberOf({ port: asked || undefined }, 'port', defaultPort, [0, 65_535]);
  const home = holdHome(homeAt(homeFolder()));
  try {
    if (args.reset) resetHome(home);
    return await run(home, port);
  } finally {
    home.release();
  }
};

const run = async (home: HeldHome, port: number): Promise<number> => {
  const display = displayFor();
  const shutdown = onShutdown(() => process.exit(1));
  display.title('FZIP');
  const isFirst = isFresh(home);
  const engine = await startEngine({ home, port, users }).catch(explainPort(port));
  try {
    home.tell(engine.url);
    display.line(`${isFirst ? 'a new store' : 'the store of the last time'} in ${home.folder}`);
    return await work(home, engine, display, shutdown);
  } catch (error) {
    if (shutdown.signal.aborted) return 0;
    throw error;
  } finally {
    display.line('stopping');
    await engine.close();
  }
};

const work = async (home: HeldHome, engine: Engine, display: Display, shutdown: Shutdown): Promise<number> => {
  const stage = { baseUrl: engine.url, display, signal: shutdown.signal };
  const both = async (): Promise<void> => restore(engine, stage, await backUp(engine, stage, home.packages));
  await Promise.race([both(), engine.died.then(fail)]);
  const envFile = writeEnvironment(home, { ...engine.env, FZIP_API_URL: engine.url });
  display.fact('web UI', `${engine.url}/  (sign in as ${users.map(({ id }) => id).join(', ')})`);
  display.fact('API', `${engine.url}/fzip  (described at /fzip/openapi.json)`);
  display.fact('user', sampleUser);
  display.fact('token', await tokenOf(engine, sampleUser)());
  display.fact('environment', `. ${envFile}  (for the AWS CLI and scripts)`);
  display.fact('logs', home.logs);
  display.end('Running. Ctrl-C stops it.');
  await Promise.race([shutdown.wanted, engine.died.then(fail)]);
  return 0;
};

type Stage = { baseUrl: string; display: Display; signal: AbortSignal };

const tokenOf = (engine: Engine, user: string) => async (): Promise<string> => (await engine.token(user)).token;

const backUp = async (engine: Engine, stage: Stage, folder: string): Promise<MainJobResult> => {
  const { display } = stage;
  const token = tokenOf(engine, sampleUser);
  const counts = await countsOf(engine, sampleUser);
  if (isEmpty(counts)) await fillSample(engine, display);
  else display.line(`the profile of ${sampleUser}: ${countsText(counts)}`);
  const result = await runMainJob({ ...stage, token, folder });
  showResult(display, result);
  return result;
};

const restore = async (engine: Engine, stage: Stage, { volumes }: MainJobResult): Promise<void> => {
  const { display } = stage;
  const token = tokenOf(engine, restoredUser);
  const counts = await countsOf(engine, restoredUser);
  if (!isEmpty(counts)) return sayRestored(engine, display, counts);
  display.line(`restoring into the empty profile of ${restoredUser}`);
  showRestore(display, await runRestoreJob({ ...stage, token, files: volumes.map(({ path }) => path) }));
};

/** A restore that the last run left in the middle goes on by itself. */
const sayRestored = async (engine: Engine, display: Display, counts: Counts): Promise<void> => {
  const client = fzipClient({ baseUrl: engine.url, token: tokenOf(engine, restoredUser) });
  const [last] = (await client.listRestores({ limit: 1 })).restoreJobs;
  const isWhole = last === undefined || last.status === 'completed';
  display.line(
    isWhole
      ? `the profile of ${restoredUser} is there already: ${countsText(counts)}`
      : `the restore into the profile of ${restoredUser} is ${phaseText(last.status)}, ${last.progress} %`,
  );
};

type Counts = Record<string, number>;

const countsOf = async (engine: Engine, user: string): Promise<Counts> =>
  (await fzipClient({ baseUrl: engine.url, token: tokenOf(engine, user) }).profile()).counts;

const isEmpty = (counts: Counts): boolean => Object.values(counts).every((count) => count === 0);

const fillSample = async (engine: Engine, display: Display): Promise<void> => {
  const response = await fetch(`${engine.url}/local/profile`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: sampleUser }),
  });
  const answer = (await response.json()) as { message?: string; counts?: Record<string, number> };
  if (!response.ok) throw new Error(`the sample profile could not be made: ${answer.message}`);
  display.line(`a sample profile for ${sampleUser}: ${countsText(answer.counts ?? {})}`);
};

const fail = (how: string): never => {
  throw new Error(how);
};

const explainPort =
  (port: number) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new UsageError(`port ${port} is taken by another program; set FZIP_PORT or give --port`);
  };

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof UsageError || error instanceof HomeLocked;
  process.stderr.write(
    `fzip: ${known || !(error instanceof Error) ? (error as Error).message : (error.stack ?? error.message)}\n`,
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
if (process.connected) process.disconnect();
