/** The embedded runtime as `npm start` has it: emulators and consumers in child processes, the API in this one. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnEmulators } from './emulators/index.ts';
import { startFront } from './front.ts';
import type { Home } from './home.ts';
import { type IssuedToken, startIssuer } from './issuer.ts';
import { connection, type Environment, makeResources } from './resources.ts';
import type { SampleUser } from './sign-in.ts';
import { boundApi, clientsOf, profileFiller, type Wiring, wire } from './wiring.ts';

/** How long the consumers may take to finish what they are at, in ms. What is cut off is done again at the next start. */
const patience = 10_000;
/** Where the web UI is built; scripts/fzip.mjs sees to it. */
const webFolder = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const entry = fileURLToPath(new URL('./consumers-process.ts', import.meta.url));

export type Engine = {
  /** Of the API. */
  url: string;
  env: Environment;
  wiring: Wiring;
  token(userId: string): Promise<IssuedToken>;
  /** Says which part ended unasked, and how. */
  died: Promise<string>;
  /** Ends everything in order: first what works, last what keeps the work. */
  close(): Promise<void>;
};

export type EngineOptions = {
  home: Home;
  /** Of the API; 0 for any that is free. */
  port: number;
  /** Whom the page to sign in offers. */
  users?: readonly SampleUser[];
};

/** @throws Error with code EADDRINUSE if the port is taken; whatever a part fails to start with. Nothing is left running then */
export const startEngine = async (options: EngineOptions): Promise<Engine> => {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    return await startParts(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
};

const startParts = async (
  { home, port, users = [] }: EngineOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Engine> => {
  const log = createWriteStream(path.join(home.logs, 'api.log'), { flags: 'a' });
  closers.push(async () => log.end());
  const sink = (line: string): void => void log.write(`${line}\n`);

  const emulators = await spawnEmulators({ folder: home.store });
  closers.push(emulators.close);
  const clients = clientsOf(connection(emulators));
  const env = await makeResources(clients, emulators).finally(() => clients.destroy());
  const wiring = wire(env, { audit: (line) => sink(JSON.stringify({ audit: line })) });
  closers.push(async () => wiring.clients.destroy());

  const issuer = await startIssuer({ folder: home.folder });
  const front = await startFront({
    api: boundApi(wiring, { sink }),
    issuer,
    fillProfile: profileFiller(wiring),
    port,
    users,
    web: { folder: webFolder, uploadOrigin: emulators.s3 },
    onError: (error, where) => sink(JSON.stringify({ level: 'ERROR', where, error: String(error) })),
  });
  closers.push(front.close);
  const consumers = await startConsumers(env, home.logs);
  closers.push(consumers.close);
  return {
    url: front.url,
    env,
    wiring,
    token: issuer.issue,
    died: Promise.race([emulators.died, consumers.died]),
    close,
  };
};

const startConsumers = async (env: Environment, logs: string) => {
  const file = path.join(logs, 'consumers.log');
  const log = openSync(file, 'a');
  const child = fork(entry, [], {
    env: { ...process.env, ...env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let closing = false;
  const ended = once(child, 'exit');
  const died = ended.then(([code, signal]) =>
    closing ? new Promise<string>(() => {}) : `the consumers ended with ${signal ?? `code ${code}`}; see ${file}`,
  );
  const ready = once(child, 'message').then(() => undefined);
  const failure = await Promise.race([ready, died]);
  if (failure !== undefined) throw new Error(failure);
  const close = async (): Promise<void> => {
    closing = true;
    await endChild(child, ended);
  };
  return { died, close };
};

const endChild = async (child: ChildProcess, ended: Promise<unknown>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(impatience);
};
