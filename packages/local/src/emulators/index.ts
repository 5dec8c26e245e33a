import { credentialsFor, type EmulatorOptions, type Emulators } from './options.ts';
import { type Running, type StartOptions, starters } from './start.ts';

export type { EmulatorName, EmulatorOptions, Emulators } from './options.ts';
export type { Credentials } from './s3/signature.ts';
export { type SpawnedEmulators, spawnEmulators } from './spawn.ts';

/** Ends all, the last started first, even if one fails to end. */
const closeAll = async (running: readonly Running[]): Promise<void> => {
  for (const one of [...running].reverse()) await one.close();
};

/** All emulators in this process. Rejects if one does not start; the others are ended then. */
export const startEmulators = async (options: EmulatorOptions = {}): Promise<Emulators> => {
  const credentials = credentialsFor(options);
  const running: Running[] = [];
  const start = async (name: keyof typeof starters, more: Partial<StartOptions> = {}): Promise<string> => {
    const one = await starters[name]({ ...options, ...more, credentials });
    running.push(one);
    return one.url;
  };
  try {
    const messaging = await start('messaging');
    const dynamodb = await start('dynamodb');
    const s3 = await start('s3', { sqsEndpoint: messaging });
    return { s3, messaging, dynamodb, credentials, died: new Promise(() => {}), close: () => closeAll(running) };
  } catch (error) {
    await closeAll(running);
    throw error;
  }
};
