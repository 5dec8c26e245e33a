/** What an operator's commands work on: the job table and the queues, by the adapters that FZIP itself uses. */
import { awsClients, type ClientOptions, jobLedger, jobStore, sqsQueues, tableVariables } from '@fzip/aws';
import { type OperatorPorts, queueVariable, type Step, steps } from '@fzip/core';
import type { Io } from '../io.ts';
import { dim } from '../terminal.ts';
import { type Environment, operatedEnvironment } from './environment.ts';

/** Somebody waits at the terminal: what does not answer is said soon. */
const maxAttempts = 3;

/** @throws UsageError if no FZIP is named; whatever `work` throws, told with where that FZIP is */
export const withFzip = async <T>(io: Io, work: (ports: OperatorPorts) => Promise<T>): Promise<T> => {
  const { env, from } = operatedEnvironment(io.env);
  const clients = awsClients({ ...clientOptions(env), maxAttempts });
  const { documents, sqs } = clients;
  const table = env[tableVariables.jobs] ?? '';
  try {
    return await work({
      jobs: jobStore({ documents, table }),
      ledger: jobLedger({ documents, table }),
      queues: sqsQueues({ sqs, urls: queueUrls(env) }),
      clock: Date.now,
      audit: (line) => io.note(dim(`audit ${JSON.stringify(line)}`)),
    });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    throw new Error(`FZIP of ${from} does not answer (${error.code}); is it running?`, { cause: error });
  } finally {
    clients.destroy();
  }
};

/** What the environment does not say, the SDK finds by itself: a profile, a role. */
const clientOptions = (env: Environment): ClientOptions => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const session = AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {};
  const endpoint = (service: string) => env[`AWS_ENDPOINT_URL_${service}`] ?? env.AWS_ENDPOINT_URL;
  const [sqs, dynamodb] = [endpoint('SQS'), endpoint('DYNAMODB')];
  return {
    ...(region ? { region } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey, ...session } } : {}),
    endpoints: { ...(sqs ? { sqs } : {}), ...(dynamodb ? { dynamodb } : {}) },
  };
};

/** Only a redrive needs them, and it names the one that is missing. */
const queueUrls = (env: Environment): Partial<Record<Step, string>> =>
  Object.fromEntries(
    steps.flatMap((step) => {
      const url = env[queueVariable(step)];
      return url ? [[step, url]] : [];
    }),
  );

const isUnreachable = (error: unknown): error is NodeJS.ErrnoException =>
  ['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'ETIMEDOUT'].includes((error as NodeJS.ErrnoException).code ?? '');
