/** Which FZIP an operator means: that of the environment, or the embedded runtime of the home folder. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tableVariables } from '@fzip/aws';
import { UsageError } from '../command.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the environment itself if it names a job table, else what `npm start` wrote. @throws UsageError if there is neither */
export const operatedEnvironment = (env: Environment): { env: Environment; from: string } => {
  if (env[tableVariables.jobs]) return { env, from: 'the environment' };
  const file = path.resolve(env.FZIP_HOME || '.fzip', 'env');
  const text = readIfThere(file);
  if (text === undefined) {
    throw new UsageError(
      `neither does the environment name a job table (${tableVariables.jobs}) nor is there ${file}, which \`npm start\` writes; ` +
        'set the variables of the deployment, or FZIP_HOME to the folder of the embedded runtime',
    );
  }
  // What the caller has set for another FZIP must not go together with this one's.
  return { env: parseEnvironment(text), from: file };
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Lines as `export NAME='value'`, in which `'\''` stands for a quote. */
const parseEnvironment = (text: string): Environment =>
  Object.fromEntries(
    [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll("'\\''", "'"),
    ]),
  );
