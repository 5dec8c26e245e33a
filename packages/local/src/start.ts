/** `npm start`: the embedded runtime, a sample profile, one main job; then it stays up. */
import { fzipClient } from '@fzip/api/client';
import { helpText, numberOf, type Options, parseArguments, UsageError } from './arguments.ts';
import { countsText, type Display, displayFor } from './display.ts';
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
import { runMainJob, showResult } from './main-job.ts';
import { onShutdown, type Shutdown } from './shutdown.ts';

const defaultPort = 8787;
const sampleUser = 'sample-user';
const options: Options = {
  reset: { type: 'boolean', help: 'begin anew: remove everything kept in the home folder' },
  port: { type: 'string', value: 'N', help: `port of the API (FZIP_PORT, ${defaultPort})` },
};
const about =
  'Starts FZIP on this machine, backs up a sample profile once, and stays up until Ctrl-C.\nState is kept in .fzip/ (FZIP_HOME).';

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
  const engine = await startEngine({ home, port }).catch(explainPort(port));
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
  const token = async () => (await engine.token(sampleUser)).token;
  const client = fzipClient({ baseUrl: engine.url, token });
  const { counts } = await client.profile();
  if (Object.values(counts).every((count) => count === 0)) await fillSample(engine, display);
  else display.line(`the profile of ${sampleUser}: ${countsText(counts)}`);
  const { signal } = shutdown;
  const job = runMainJob({ baseUrl: engine.url, token, folder: home.packages, display, signal });
  showResult(display, await Promise.race([job, engine.died.then(fail)]));
  const envFile = writeEnvironment(home, { ...engine.env, FZIP_API_URL: engine.url });
  display.fact('API', `${engine.url}/fzip  (described at /fzip/openapi.json)`);
  display.fact('user', sampleUser);
  display.fact('token', await token());
  display.fact('environment', `. ${envFile}  (for the AWS CLI and scripts)`);
  display.fact('logs', home.logs);
  display.end('Running. Ctrl-C stops it.');
  await Promise.race([shutdown.wanted, engine.died.then(fail)]);
  return 0;
};

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
