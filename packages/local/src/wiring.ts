/** The functions as they run in the cloud, bound to what an environment names. */
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  type AwsClients,
  type AwsConfig,
  awsClients,
  awsPorts,
  configFromEnvironment,
  limitsFromEnvironment,
} from '@fzip/aws';
import {
  type AuditLine,
  type FunctionName,
  type Invocation,
  type Limits,
  type Ports,
  type Step,
  steps,
} from '@fzip/core';
import { api, type Binding, consumers, deadLetterConsumer, sweep, telemetry } from '@fzip/functions';
import type { ApiHandler } from './front.ts';
import type { FillProfile } from './local-routes.ts';
import { region } from './names.ts';
import type { Functions } from './pollers.ts';
import { fillFromSample, type Store } from './profile-loader.ts';
import type { Environment } from './resources.ts';

export type Wiring = Store & {
  clients: AwsClients;
  config: AwsConfig;
  /** The world of one run of a function. */
  ports: (invocation: Invocation, name: FunctionName) => Ports;
  /** For looking at what is there, outside any function; never wrapped. */
  inspection: Ports;
};

export type WiringOptions = {
  limits?: Partial<Limits>;
  /** Around the ports of every function: faults, delays, counters. */
  wrapPorts?: (ports: Ports, name: FunctionName) => Ports;
  audit?: (line: AuditLine) => void;
};

/** Clients from the AWS variables of an environment alone, so that nothing of the caller's own AWS account is touched. */
export const clientsOf = (env: Environment): AwsClients => awsClients({ ...identity(env), endpoints: endpoints(env) });

/** For long polls, which are silent for longer than other calls may be, each on a connection of its own. */
export const pollingClient = (env: Environment): SQSClient =>
  new SQSClient({
    ...identity(env),
    endpoint: env.AWS_ENDPOINT_URL_SQS ?? '',
    useQueueUrlAsEndpoint: false,
    requestHandler: { requestTimeout: 60_000, httpAgent: { keepAlive: true, maxSockets: 512 } },
  });

const identity = (env: Environment) => ({
  region: env.AWS_REGION ?? region,
  credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
});

const endpoints = (env: Environment) => ({
  s3: env.AWS_ENDPOINT_URL_S3 ?? '',
  sqs: env.AWS_ENDPOINT_URL_SQS ?? '',
  sns: env.AWS_ENDPOINT_URL_SNS ?? '',
  dynamodb: env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
});

export const wire = (env: Environment, options: WiringOptions = {}): Wiring => {
  const clients = clientsOf(env);
  const config = configFromEnvironment(env);
  const { audit, wrapPorts = (ports) => ports } = options;
  const limits = { ...limitsFromEnvironment(), ...options.limits };
  const shared = awsPorts(config, clients, {
    limits,
    ...(audit === undefined ? {} : { audit }),
  });
  return {
    clients,
    config,
    ports: (invocation, name) => wrapPorts({ ...shared, invocation }, name),
    inspection: { ...shared, invocation: { id: 'inspection', deadline: Number.MAX_SAFE_INTEGER } },
  };
};

export type TelemetryOptions = { silent?: boolean; sink?: (line: string) => void };

/** Every function that a queue or the schedule invokes. */
export const boundFunctions = ({ ports }: Pick<Wiring, 'ports'>, options: TelemetryOptions): Functions => {
  const binding = (name: FunctionName, service: string = name): Binding => ({
    ports: (invocation) => ports(invocation, name),
    telemetry: telemetry(service, options),
  });
  const bound = steps.map((step) => [step, consumers[step](binding(step))] as const);
  return {
    consumers: Object.fromEntries(bound),
    deadLetters: (step: Step) => deadLetterConsumer(step)(binding('dead-letter', step)),
    sweep: sweep(binding('sweep')),
  };
};

export const boundApi = ({ ports }: Pick<Wiring, 'ports'>, options: TelemetryOptions): ApiHandler =>
  api({ ports: (invocation) => ports(invocation, 'api'), telemetry: telemetry('api', options) });

/** Fills profiles one request of a user after the other, so that two at once do not both find it empty. */
export const profileFiller = (wiring: Wiring): FillProfile => {
  const last = new Map<string, Promise<unknown>>();
  return async ({ user, ...sample }) => {
    const before = last.get(user) ?? Promise.resolve();
    const filled = before.then(() => fillFromSample(wiring, wiring.inspection, { userId: user, ...sample }));
    const settled = filled
      .catch(() => {})
      .then(() => {
        if (last.get(user) === settled) last.delete(user);
      });
    last.set(user, settled);
    return filled;
  };
};
