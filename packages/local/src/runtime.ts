/** The embedded runtime in one process, as tests use it: emulators, resources, pollers, HTTP front. */
import type { AwsClients, AwsConfig } from '@fzip/aws';
import type { Limits, Ports, Step } from '@fzip/core';
import { type Emulators, startEmulators } from './emulators/index.ts';
import { startFront } from './front.ts';
import { startIssuer } from './issuer.ts';
import type { ProfileRequest } from './local-routes.ts';
import { startPollers } from './pollers.ts';
import type { Counts } from './profile-loader.ts';
import { connection, type Environment, makeResources, type ResourceOptions } from './resources.ts';
import { type EventFilter, type Subscription, subscribe } from './subscription.ts';
import {
  boundApi,
  boundFunctions,
  clientsOf,
  pollingClient,
  profileFiller,
  type TelemetryOptions,
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
    /** No logs and metrics on standard output. Failures of functions are kept in `failures` in any case. */
    silent?: boolean;
  };

export type Runtime = {
  /** Of the API. */
  url: string;
  env: Environment;
  config: AwsConfig;
  clients: AwsClients;
  /** For looking at what is there; without `wrapPorts`. */
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

/** Starts everything; on emulators that are there already it takes some tens of ms. */
export const startRuntime = async (options: RuntimeOptions = {}): Promise<Runtime> => {
  const { folder, emulators: shared, prefix = '' } = options;
  const emulators = shared ?? (await startEmulators(folder === undefined ? {} : { folder }));
  const env = await makeEnvironment(emulators, options);
  const failures: Runtime['failures'] = [];
  const onError = (error: unknown, where: string): void => void failures.push({ where, error });
  // Metrics have no other switch, and they are written to standard output like the logs.
  if (options.silent) process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  const audited: TelemetryOptions = { silent: options.silent ?? false };
  const wiring = wire(env, {
    ...options,
    audit: options.silent ? () => {} : (line) => console.log(JSON.stringify(line)),
  });
  const polling = pollingClient(env);
  const pollers = startPollers({
    ...(options.visibilitySeconds === undefined ? {} : { visibilitySeconds: options.visibilitySeconds }),
    ...(options.retryDelaySeconds === undefined ? {} : { retryDelaySeconds: options.retryDelaySeconds }),
    sweepEveryMs: options.sweepEveryMs ?? 0,
    sqs: polling,
    env,
    functions: boundFunctions(wiring, audited),
    onError,
  });
  const issuer = await startIssuer(folder);
  const fillProfile = profileFiller(wiring);
  const front = await startFront({
    api: boundApi(wiring, audited),
    issuer,
    fillProfile,
    port: options.port ?? 0,
    onError,
  });
  const subscriptions: Subscription[] = [];
  return {
    url: front.url,
    env,
    config: wiring.config,
    clients: wiring.clients,
    ports: wiring.inspection,
    failures,
    token: async (userId) => (await issuer.issue(userId)).token,
    fillProfile,
    subscribe: async (filter) => {
      const topicArn = wiring.config.eventsTopicArn;
      const subscription = await subscribe({
        clients: wiring.clients,
        polling,
        topicArn,
        prefix,
        ...(filter && { filter }),
      });
      subscriptions.push(subscription);
      return subscription;
    },
    pause: pollers.pause,
    resume: pollers.resume,
    sweepNow: pollers.sweepNow,
    close: async () => {
      await front.close();
      await Promise.all([pollers.close(), ...subscriptions.map((subscription) => subscription.close())]);
      polling.destroy();
      wiring.clients.destroy();
      if (!shared) await emulators.close();
    },
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
