/** A process with the embedded runtime that can be told to die, and be started again on the same home. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type FzipClient, fzipClient } from '@fzip/api/client';
import type { Ports } from '@fzip/core';
import type { Environment } from '@fzip/local/resources';
import { type Wiring, wire } from '@fzip/local/wiring';

/** At the nth call of a port from now on: before it, after it was answered, or some ms into it. */
export type Moment = { call: number; when: 'before' | 'after' | 'during'; afterMs: number };

export type ParentMessage =
  | { kind: 'die-at'; moment?: Moment }
  | { kind: 'count' }
  | { kind: 'sweep' }
  | { kind: 'close' };
export type ChildMessage =
  | { kind: 'ready'; url: string; env: Environment }
  | { kind: 'armed' }
  | { kind: 'counted'; calls: number }
  | { kind: 'swept'; failures: string[] };

export type Victim = {
  url: string;
  wiring: Wiring;
  ports: Ports;
  client(user: string): FzipClient;
  /** Counts calls anew, and dies at one of them if there is a moment. */
  dieAt(moment?: Moment): Promise<void>;
  /** Calls of ports since `dieAt`. */
  calls(): Promise<number>;
  sweep(): Promise<void>;
  /** At once, with SIGKILL. */
  kill(): void;
  /** Resolves with how the process ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** In order. Without effect if it is dead. */
  close(): Promise<void>;
};

const entry = fileURLToPath(new URL('./child.ts', import.meta.url));

export const startVictim = async (folder: string): Promise<Victim> => {
  const child = fork(entry, [folder], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4_000);
  });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const answerOf = <K extends ChildMessage['kind']>(kind: K): Promise<Extract<ChildMessage, { kind: K }>> =>
    Promise.race([
      answer(child, kind),
      ended.then(({ code, signal }) => {
        throw new Error(`the process ended with ${signal ?? `code ${code}`}: ${complaint}`);
      }),
    ]);
  const ask = <K extends ChildMessage['kind']>(message: ParentMessage, kind: K) => {
    const answered = answerOf(kind);
    child.send(message);
    return answered;
  };
  const { url, env } = await answerOf('ready');
  const wiring = wire(env, { audit: () => undefined });
  return {
    url,
    wiring,
    ports: wiring.inspection,
    client: (user) => fzipClient({ baseUrl: url, token: () => tokenOf(url, user) }),
    dieAt: async (moment) => {
      await ask({ kind: 'die-at', ...(moment && { moment }) }, 'armed');
    },
    calls: async () => (await ask({ kind: 'count' }, 'counted')).calls,
    sweep: async () => {
      await ask({ kind: 'sweep' }, 'swept');
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
    close: async () => {
      wiring.clients.destroy();
      if (child.connected) child.send({ kind: 'close' });
      await ended;
    },
  };
};

const answer = <K extends ChildMessage['kind']>(child: ChildProcess, kind: K) =>
  new Promise<Extract<ChildMessage, { kind: K }>>((resolve) => {
    const listen = (message: unknown): void => {
      if ((message as ChildMessage).kind !== kind) return;
      child.off('message', listen);
      resolve(message as Extract<ChildMessage, { kind: K }>);
    };
    child.on('message', listen);
  });

const tokenOf = async (url: string, user: string): Promise<string> => {
  const response = await fetch(`${url}/local/token`, { method: 'POST', body: JSON.stringify({ user }) });
  return ((await response.json()) as { token: string }).token;
};
