/** The embedded runtime on a home, in a process that kills itself at a call of its ports when it is told to. */
import type { Ports } from '@fzip/core';
import { startRuntime } from '@fzip/local/runtime';
import type { ChildMessage, Moment, ParentMessage } from './victim.ts';

let moment: Moment | undefined;
let calls = 0;

const tell = (message: ChildMessage): void => void process.send?.(message);

/** The kernel ends the process before it comes back from this. */
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const watched = <T extends object>(port: T): T =>
  new Proxy(port, {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name);
      if (typeof call !== 'function') return call;
      return (...args: unknown[]) => {
        calls += 1;
        const isMoment = moment?.call === calls;
        if (isMoment && moment?.when === 'before') die();
        if (isMoment && moment?.when === 'during') setTimeout(die, moment.afterMs);
        const result: unknown = Reflect.apply(call, target, args);
        if (!isMoment || moment?.when !== 'after') return result;
        return result instanceof Promise ? result.finally(die) : result;
      };
    },
  });

/** Whatever has an effect, or reads what had one. */
const wrapPorts = (ports: Ports): Ports => ({
  ...ports,
  jobs: watched(ports.jobs),
  ledger: watched(ports.ledger),
  profiles: watched(ports.profiles),
  packages: watched(ports.packages),
  files: watched(ports.files),
  queues: watched(ports.queues),
  events: watched(ports.events),
});

const runtime = await startRuntime({
  folder: process.argv[2] ?? '',
  silent: true,
  retryDelaySeconds: 0,
  limits: { chunkRows: 40, chunkFiles: 2, smallFileBytes: 2_000 },
  wrapPorts,
});

process.on('message', (message: ParentMessage) => {
  if (message.kind === 'die-at') {
    calls = 0;
    moment = message.moment;
    tell({ kind: 'armed' });
  }
  if (message.kind === 'count') tell({ kind: 'counted', calls });
  if (message.kind === 'sweep') {
    void runtime
      .sweepNow()
      .then(() => tell({ kind: 'swept', failures: runtime.failures.map(({ where, error }) => `${where}: ${error}`) }));
  }
  if (message.kind === 'close') void runtime.close().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready', url: runtime.url, env: runtime.env });
