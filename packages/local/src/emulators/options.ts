import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Credentials } from './s3/signature.ts';

/** The three emulators, and the folder of each below the common one. */
export const emulatorNames = ['s3', 'messaging', 'dynamodb'] as const;
export type EmulatorName = (typeof emulatorNames)[number];

/**
 * `folder` holds everything; without it, everything is gone at the end. Ports are any free ones unless given.
 * Credentials are made at the first start and kept in the folder unless given: any web page can call loopback, so
 * they must not be guessable.
 */
export type EmulatorOptions = {
  folder?: string;
  ports?: Partial<Record<EmulatorName, number>>;
  credentials?: Credentials;
};

/** Running emulators, by URL. `died` says which one ended unasked and how; it stays pending otherwise. */
export type Emulators = Record<EmulatorName, string> & {
  credentials: Credentials;
  died: Promise<string>;
  close(): Promise<void>;
};

const newCredentials = (): Credentials => ({
  accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
});

/** The given credentials, else those of the folder, else new ones, which the folder keeps. */
export const credentialsFor = ({ folder, credentials }: EmulatorOptions): Credentials => {
  if (credentials) return credentials;
  if (folder === undefined) return newCredentials();
  const file = path.join(folder, 'credentials.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const made = newCredentials();
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
};

/** The folder of one emulator, if there is a common one. */
export const folderOf = (options: EmulatorOptions, name: EmulatorName): { folder?: string } =>
  options.folder === undefined ? {} : { folder: path.join(options.folder, name) };

/** The port of one emulator, if it is given. */
export const portOf = (options: EmulatorOptions, name: EmulatorName): { port?: number } => {
  const port = options.ports?.[name];
  return port === undefined ? {} : { port };
};
