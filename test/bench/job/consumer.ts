/**
 * The consumers of one step in a process of their own: `consumer.ts STEP`, the environment being the runtime's. Tells by IPC that
 * it is ready; told "end", it tells its figures and the requests it made.
 */
import type { Step } from '@fzip/core';
import { startPollers } from '@fzip/local/pollers';
import { boundFunctions, pollingClient, wire } from '@fzip/local/wiring';
import { watchMemory } from '../format/figures.ts';
import { countRequests } from './requests.ts';

// What is measured here is measured here.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
const startBytes = process.memoryUsage.rss();
const env = process.env as Record<string, string>;
const step = process.argv[2] as Step;

const wiring = wire(env, { audit: () => {} });
const counter = countRequests(wiring.clients);
const functions = boundFunctions(wiring, { silent: true });
const handler = functions.consumers[step];
if (!handler) throw new Error(`"${step}" has no consumer`);
const failures: string[] = [];
const peak = watchMemory();
const [cpu, started] = [process.cpuUsage(), performance.now()];
const pollers = startPollers({
  sqs: pollingClient(env),
  env,
  functions: { ...functions, consumers: { [step]: handler } },
  sweepEveryMs: 0,
  retryDelaySeconds: 1,
  sideBySide: Number(process.env.FZIP_BENCH_CONSUMERS),
  // There is one user, who may have all of them.
  perUser: Number(process.env.FZIP_BENCH_CONSUMERS),
  onError: (error, where) => void failures.push(`${where}: ${String(error)}`),
});
process.on('disconnect', () => process.exit(1));
process.once('message', async () => {
  const { user, system } = process.cpuUsage(cpu);
  const figures = {
    step,
    wallSeconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: Math.max(0, peak() - startBytes),
    failures: failures.length,
  };
  await pollers.close();
  process.send?.({ figures, requests: counter.take() }, () => process.exit(0));
});
process.send?.('ready');
