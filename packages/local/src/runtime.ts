/** The embedded runtime in one process, as tests use it: emulators, resources, pollers, HTTP front. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsClients, AwsConfig } from '@fzip/aws';
import type { Limits, Ports, Step } from '@fzip/core';
import { type Emulators, startEmulators } from './emulators/index.ts';
import { startFront } from './front.ts';
import { startIssuer } from './issuer.ts';
import { endLeases } from './leases.ts';
import type { ProfileRequest } from './local-routes.ts';
import { type Pollers, startPollers } from './pollers.ts';
import type { Counts } from './profile-loader.ts';
import { connection, type Environment, makeResources, type ResourceOptions } from './resources.ts';
import type { SampleUser } from './sign-in.ts';
import { type EventFilter, type Subscription, subscribe } from './subscription.ts';
import {
  boundApi,
  boundFunctions,
  clientsOf,
  pollingClient,
  profileFiller,
  type Wiring,
  type WiringOptions,
  wire,
} from './wiring.ts';

export type RuntimeOptions = ResourceOptions &
  Omit<WiringOptions, 'audit'> & {
    /** Where state is kept; without one it is in memory or in a folder for the time being. */
    folder?: string;
    /** Of the API; any that is free unless given. */
    port?: number;
    /** Emulators that are shared with others, and so are not closed with this runtime. */
    emulators?: Emulators;
    limits?: Partial<Limits>;
    /** When a failed message comes back, instead of when its visibility ends. */
    retryDelaySeconds?: number;
    /** Sweeps are run by `sweepNow` alone. */
    sweepEveryMs?: number;
    /** How long a token is good. */
    tokenSeconds?: number;
    /** Where the built web UI lies, if it is to be served. */
    web?: string;
    /** Whom the page to sign in offers. */
    users?: readonly SampleUser[];
    /** No logs and metrics on standard output. Failures of functions are kept in `failures` in any case. */
    silent?: boolean;
  };

export type Runtime = {
  /** Of the API. */
  url: string;
  env: Environment;
  config: AwsConfig;
  clients: AwsClients;
  /** For looking at what is there; never wrapped. */
  ports: Ports;
  token(userId: string): Promise<string>;
  fillProfile(request: ProfileRequest): Promise<Counts>;
  subscribe(filter?: EventFilter): Promise<Subscription>;
  /** Leaves a step's messages alone until `resume`; resolves when no invocation of it is in flight. */
  pause(step: Step): Promise<void>;
  resume(step: Step): void;
  sweepNow(): Promise<void>;
  /** What functions threw and polling met, oldest first. */
  failures: { where: string; error: unknown }[];
  close(): Promise<void>;
};

/** Starts everything; on emulators that are there already it takes some tens of ms. @throws what a part fails to start with */
export const startRuntime = async (options: RuntimeOptions = {}): Promise<Runtime> => {
  const { folder, emulators: shared, port = 0, silent = false } = options;
  // Metrics have no other switch, and they are written to standard output like the logs.
  if (silent) process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  const emulators = shared ?? (await startEmulators(folder === undefined ? {} : { folder }));
  const env = await makeEnvironment(emulators, options);
  const failures: Runtime['failures'] = [];
  const onError = (error: unknown, where: string): void => void failures.push({ where, error });
  const wiring = wire(env, { ...options, audit: silent ? () => {} : (line) => console.log(JSON.stringify(line)) });
  // Whoever worked on this folder before is dead: one process has it at a time.
  if (folder !== undefined && !shared) await endLeases(wiring.clients, wiring.config);
  const issuer = await startIssuer({ folder, seconds: options.tokenSeconds });
  const fillProfile = profileFiller(wiring);
  const front = await startFront({
    api: boundApi(wiring, { silent }),
    issuer,
    fillProfile,
    port,
    onError,
    users: options.users ?? [],
    web: options.web === undefined ? undefined : { folder: options.web, uploadOrigin: emulators.s3 },
  });
  const polling = pollingClient(env);
  const pollers = pollersOf(options, { env, wiring, polling, onError });
  const subscriptions = subscriptionsTo(wiring, polling, options.prefix ?? '');
  return {
    url: front.url,
    env,
    config: wiring.config,
    clients: wiring.clients,
    ports: wiring.inspection,
    failures,
    token: async (userId) => (await issuer.issue(userId)).token,
    fillProfile,
    subscribe: subscriptions.add,
    pause: pollers.pause,
    resume: pollers.resume,
    sweepNow: pollers.sweepNow,
    close: async () => {
      await front.close();
      await Promise.all([pollers.close(), subscriptions.close()]);
      polling.destroy();
      wiring.clients.destroy();
      if (!shared) await emulators.close();
    },
  };
};

type Parts = {
  env: Environment;
  wiring: Wiring;
  polling: SQSClient;
  onError: (error: unknown, where: string) => void;
};

const pollersOf = (options: RuntimeOptions, { env, wiring, polling, onError }: Parts): Pollers => {
  const { visibilitySeconds, retryDelaySeconds, sweepEveryMs = 0, silent = false } = options;
  return startPollers({
    ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
    ...(retryDelaySeconds === undefined ? {} : { retryDelaySeconds }),
    sweepEveryMs,
    sqs: polling,
    env,
    functions: boundFunctions(wiring, { silent }),
    onError,
  });
};

/** Subscriptions that end with the runtime, if they are not ended before. */
const subscriptionsTo = ({ clients, config }: Wiring, polling: SQSClient, prefix: string) => {
  const all: Subscription[] = [];
  const topicArn = config.eventsTopicArn;
  return {
    add: async (filter: EventFilter = {}): Promise<Subscription> => {
      const subscription = await subscribe({ clients, polling, topicArn, prefix, filter });
      all.push(subscription);
      return subscription;
    },
    close: () => Promise.all(all.map((subscription) => subscription.close())),
  };
};

const makeEnvironment = async (emulators: Emulators, options: ResourceOptions): Promise<Environment> => {
  const clients = clientsOf(connection(emulators));
  try {
    return await makeResources(clients, emulators, options);
  } finally {
    clients.destroy();
  }
};
