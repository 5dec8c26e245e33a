/** The deployments that are looked at, each evaluated once. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hostTables, tableVariables } from '@fzip/core';
import type { Evaluation } from './evaluate.ts';
import { type View, viewOf } from './view.ts';

const root = join(import.meta.dirname, '../..');

export const hostEnvironment: Record<string, string> = {
  ...Object.fromEntries(hostTables.map((table) => [tableVariables[table], `housef3-${table}`])),
  FILE_STORAGE_BUCKET: 'housef3-files',
  FZIP_HOST_KEY_ARN: 'arn:aws:kms:eu-west-1:111122223333:key/housef3',
  FZIP_USER_POOL_ID: 'eu-west-1_HouseF3pool',
  FZIP_USER_POOL_CLIENT_IDS: 'webclient,mobileclient',
};
const production = { FZIP_WEB_ORIGINS: 'https://backup.example.com', FZIP_ALARM_EMAIL: 'on-call@example.com' };

export const deployments = {
  'a development stage, alone': { stage: 'dev', env: {} },
  'production, alone': { stage: 'production', env: production },
  'production beside HouseF3': { stage: 'production', env: { ...production, ...hostEnvironment } },
} as const satisfies Record<string, { stage: string; env: Record<string, string> }>;

export type Deployment = keyof typeof deployments;

export const evaluate = async (stage: string, env: Record<string, string>, mode?: 'dev'): Promise<View> => {
  const args = ['--disable-warning=ExperimentalWarning', 'test/infra/evaluate.ts', stage, ...(mode ? [mode] : [])];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
    // Nothing of the caller's own account or settings.
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
  });
  return viewOf(JSON.parse(stdout) as Evaluation);
};
