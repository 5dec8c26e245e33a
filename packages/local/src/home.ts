/** The folder in which everything of the embedded runtime is kept, and the lock of whoever runs on it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Environment } from './resources.ts';

export type Home = {
  folder: string;
  /** Of the emulators. */
  store: string;
  logs: string;
  /** Where downloaded packages lie. */
  packages: string;
};

/** What a reset removes. The folder is the user's to choose, so nothing else in it is touched. */
const ours = ['store', 'logs', 'packages', 'env', 'issuer-key.json'];
const lockName = 'lock';

/** @param folder `FZIP_HOME`, or `.fzip` where the command runs */
export const homeAt = (folder: string): Home => {
  const absolute = path.resolve(folder);
  const below = (name: string): string => path.join(absolute, name);
  return { folder: absolute, store: below('store'), logs: below('logs'), packages: below('packages') };
};

export const homeFolder = (env: NodeJS.ProcessEnv = process.env): string => env.FZIP_HOME || '.fzip';

type Holder = { pid: number /** ms since epoch */; since: number; url?: string };

/** Another process works on this home. */
export class HomeLocked extends Error {
  constructor(folder: string, { pid, url }: Holder) {
    super(`another one runs already (process ${pid}${url ? `, ${url}` : ''}) and holds ${folder}; stop it first`);
    this.name = 'HomeLocked';
  }
}

export type HeldHome = Home & { tell(url: string): void; release(): void };

/** Takes the home for this process; a lock whose process is gone is taken over. @throws HomeLocked */
export const holdHome = (home: Home): HeldHome => {
  for (const folder of [home.folder, home.logs, home.packages]) mkdirSync(folder, { recursive: true });
  const file = path.join(home.folder, lockName);
  const mine: Holder = { pid: process.pid, since: Date.now() };
  while (!tryWrite(file, mine)) {
    const holder = readHolder(file);
    if (holder && isAlive(holder)) throw new HomeLocked(home.folder, holder);
    rmSync(file, { force: true });
  }
  return {
    ...home,
    tell: (url) => writeFileSync(file, JSON.stringify({ ...mine, url })),
    release: () => {
      if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
};

const tryWrite = (file: string, holder: Holder): boolean => {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

const readHolder = (file: string): Holder | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
};

/** A process id from before the machine started, or our own, is another process's by now. */
const isAlive = ({ pid, since }: Holder): boolean => {
  if (pid === process.pid || since < Date.now() - os.uptime() * 1000) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Removes everything that the runtime keeps in a home. Hold it first. */
export const resetHome = (home: Home): void => {
  for (const name of ours) rmSync(path.join(home.folder, name), { recursive: true, force: true });
  for (const folder of [home.logs, home.packages]) mkdirSync(folder, { recursive: true });
};

/** True if nothing was ever kept here. */
export const isFresh = (home: Home): boolean => !existsSync(home.store) || readdirSync(home.store).length === 0;

/** Writes the names and addresses of everything as a file to be sourced: `. .fzip/env`. It holds local credentials. */
export const writeEnvironment = (home: Home, env: Environment): string => {
  const file = path.join(home.folder, 'env');
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  return file;
};
