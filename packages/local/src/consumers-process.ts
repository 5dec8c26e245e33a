/** The consumers, in a process of their own: `fork` it with the environment of `makeResources`. Ends with SIGTERM or its parent. */
import { endLeases } from './leases.ts';
import { startPollers } from './pollers.ts';
import type { Environment } from './resources.ts';
import { boundFunctions, pollingClient, wire } from './wiring.ts';

const env = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
) satisfies Environment;

const log = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const main = async (): Promise<void> => {
  // The terminal sends Ctrl-C to every process; the parent decides when this one may go.
  process.on('SIGINT', () => {});
  const wiring = wire(env, { audit: (line) => log({ audit: line }) });
  await endLeases(wiring.clients, wiring.config);
  const sqs = pollingClient(env);
  const pollers = startPollers({
    sqs,
    env,
    functions: boundFunctions(wiring, {}),
    // In the cloud a failed message waits for its visibility to end, twelve minutes; nobody waits that long at a desk.
    retryDelaySeconds: 5,
    onError: (error, where) =>
      log({ level: 'ERROR', where, error: error instanceof Error ? error.stack : String(error) }),
  });
  // What a crash left behind is picked up now rather than at the next sweep.
  const firstSweep = pollers.sweepNow().catch(() => {});
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    await Promise.all([pollers.close(), firstSweep]);
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('disconnect', end);
  process.send?.('ready');
};

await main();
