/**
 * One emulator, or all, in a process of its own: `node process.ts '<options>'`, or with the options in
 * FZIP_EMULATOR_OPTIONS. They are those of `startEmulators` as JSON, and `only`, the name of one. The parent hears `{kind: 'ready', urls}` or `{kind: 'failed', message}`;
 * the process ends with SIGTERM or with its parent.
 */
import { startEmulators } from './index.ts';
import { credentialsFor, type EmulatorName } from './options.ts';
import { type StartOptions, starters } from './start.ts';

export type ProcessOptions = Partial<StartOptions> & { only?: EmulatorName };

export type Announcement =
  | { kind: 'ready'; urls: Partial<Record<EmulatorName, string>> }
  | { kind: 'failed'; message: string };

type Started = { urls: Partial<Record<EmulatorName, string>>; close(): Promise<void> };

const announce = (announcement: Announcement): void => {
  if (process.send) process.send(announcement);
  else process.stdout.write(`${JSON.stringify(announcement)}\n`);
};

const start = async ({ only, ...options }: ProcessOptions): Promise<Started> => {
  if (only === undefined) {
    const { s3, messaging, dynamodb, close } = await startEmulators(options);
    return { urls: { s3, messaging, dynamodb }, close };
  }
  const { url, close } = await starters[only]({ ...options, credentials: credentialsFor(options) });
  return { urls: { [only]: url }, close };
};

const main = async (): Promise<void> => {
  // The terminal sends Ctrl-C to every process; the parent decides when its emulators may go.
  process.on('SIGINT', () => {});
  let closing = false;
  const started = await start(
    JSON.parse(process.argv[2] ?? process.env.FZIP_EMULATOR_OPTIONS ?? '{}') as ProcessOptions,
  );
  const end = (): void => {
    if (closing) return;
    closing = true;
    void started.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end);
  process.on('disconnect', end);
  announce({ kind: 'ready', urls: started.urls });
};

await main().catch((error: unknown) => {
  announce({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
});
