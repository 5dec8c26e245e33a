import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { credentialsFor, type EmulatorName, type EmulatorOptions, type Emulators } from './options.ts';
import type { Announcement, ProcessOptions } from './process.ts';

type Child = { name: EmulatorName; process: ChildProcess; url: string };

/** Emulators in children, whose process ids say which of them to look at. */
export type SpawnedEmulators = Emulators & { pids: Record<EmulatorName, number> };

/** How long a child may take to end before it is killed, in ms. Nothing that was acknowledged is lost by that. */
const patience = 5000;

const entry = fileURLToPath(new URL('./process.ts', import.meta.url));

const ending = (name: EmulatorName, code: number | null, signal: string | null, complaint: string): string => {
  const how = signal ? `by ${signal}` : `with code ${code}`;
  return `the ${name} emulator ended ${how}${complaint.trim() === '' ? '' : `: ${complaint.trim().slice(-2000)}`}`;
};

/** Starts one emulator in a child, and resolves when it listens. `onDeath` hears of an end that comes later. */
const startChild = (name: EmulatorName, options: ProcessOptions, onDeath: (how: string) => void): Promise<Child> => {
  // The options hold the credentials, which a command line would show to every user of the machine.
  const env = { ...process.env, FZIP_EMULATOR_OPTIONS: JSON.stringify({ ...options, only: name }) };
  const child = fork(entry, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`the ${name} emulator did not start: ${error.message}`)));
    child.once('close', (code, signal) => {
      const how = ending(name, code, signal, complaint);
      reject(new Error(how));
      onDeath(how);
    });
    child.once('message', (message) => {
      const announcement = message as Announcement;
      const url = announcement.kind === 'ready' ? announcement.urls[name] : undefined;
      if (url !== undefined) resolve({ name, process: child, url });
      else
        reject(
          new Error(
            `the ${name} emulator did not start: ${announcement.kind === 'failed' ? announcement.message : 'no URL'}`,
          ),
        );
    });
  });
};

const endChild = async ({ process: child }: Child): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(impatience);
};

/** Each emulator in a child of its own. Rejects, naming the emulator and its complaint, if one does not start. */
export const spawnEmulators = async (options: EmulatorOptions = {}): Promise<SpawnedEmulators> => {
  const credentials = credentialsFor(options);
  const children: Child[] = [];
  let closing = false;
  let report: (how: string) => void = () => {};
  const died = new Promise<string>((resolve) => {
    report = resolve;
  });
  const start = async (name: EmulatorName, more: ProcessOptions = {}): Promise<string> => {
    const child = await startChild(name, { ...options, ...more, credentials }, (how) => {
      if (!closing) report(how);
    });
    children.push(child);
    return child.url;
  };
  const close = async (): Promise<void> => {
    closing = true;
    await Promise.all(children.map(endChild));
  };
  const s3AfterMessaging = async (): Promise<[string, string]> => {
    const messaging = await start('messaging');
    return [messaging, await start('s3', { sqsEndpoint: messaging })];
  };
  const [pair, dynamo] = await Promise.allSettled([s3AfterMessaging(), start('dynamodb')]);
  if (pair.status === 'rejected' || dynamo.status === 'rejected') {
    await close();
    throw pair.status === 'rejected' ? pair.reason : (dynamo as PromiseRejectedResult).reason;
  }
  const [messaging, s3] = pair.value;
  const pids = Object.fromEntries(children.map((child) => [child.name, child.process.pid])) as SpawnedEmulators['pids'];
  return { s3, messaging, dynamodb: dynamo.value, credentials, died, pids, close };
};
