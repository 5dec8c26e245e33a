/**
 * The ports of one process. Every call travels to its service and back in virtual time, so that others come in between, and
 * something may go wrong with it on its way.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore, Ports } from '@fzip/core';
import type { MemoryObjectStore } from '@fzip/testing';
import type { Call, Fault } from './faults.ts';
import { halfOf } from './halves.ts';
import type { Process } from './process.ts';
import { inWords } from './trace.ts';
import { watchWork } from './watch-works.ts';
import type { World } from './world.ts';

const rows = {
  effects: ['putOwn', 'putFresh', 'deleteOwn', 'markAnalyticsStale'],
  reads: ['page', 'unindexed', 'count', 'span', 'get'],
};
const objects = {
  effects: ['put', 'copy', 'deleteVersion', 'delete', 'abort'],
  reads: ['head', 'read', 'presignGet', 'presignPost'],
};
const listings = ['versions', 'everyVersion', 'list', 'folders', 'unfinished'] as const;

/** Every call of every port but for what is listed or streamed. */
const methods: Readonly<Record<string, { effects: readonly string[]; reads: readonly string[] }>> = {
  jobs: {
    effects: ['create', 'change', 'report', 'announce', 'delete'],
    reads: ['find', 'list', 'count', 'withStatus'],
  },
  ledger: {
    effects: [
      'put',
      'mark',
      'lease',
      'release',
      'tally',
      'blame',
      'lockProfile',
      'unlockProfile',
      'takeTurn',
      'remember',
      'bury',
      'noteResent',
    ],
    reads: ['get', 'range', 'blamed', 'leaseUntil', 'recall', 'findBuried'],
  },
  profiles: rows,
  scratch: rows,
  packages: objects,
  files: objects,
  queues: { effects: ['send'], reads: [] },
  events: { effects: ['publish'], reads: [] },
};

type Method = (...parameters: unknown[]) => Promise<unknown>;

export const portsOf = (world: World, process: Process): Ports => {
  const ports: Record<string, unknown> = {
    ...world.services,
    clock: () => world.timeline.now() + process.skewMs,
    sleep: (ms: number) => waiting(world, process, ms),
    invocation: process.invocation,
  };
  for (const [port, { effects, reads }] of Object.entries(methods)) {
    const service = ports[port] as Record<string, Method>;
    const wrapped: Record<string, unknown> = {};
    for (const method of [...effects, ...reads]) {
      const isEffect = effects.includes(method);
      const isDivisible = halfOf(port, method) !== undefined || method === 'read';
      wrapped[method] = (...parameters: unknown[]) =>
        call(world, process, { port, method, isEffect, isDivisible }, parameters, service[method] as Method);
    }
    ports[port] = wrapped;
  }
  for (const port of ['packages', 'files'] as const) {
    const service = world.services[port];
    Object.assign(ports[port] as object, listed(world, process, port, service), {
      upload: uploading(world, process, port, service),
    });
  }
  return world.bug?.ports?.(ports as Ports, process, world) ?? (ports as Ports);
};

const waiting = (world: World, process: Process, ms: number): Promise<void> =>
  new Promise((resolve) => world.timeline.after(ms, () => process.state !== 'dead' && resolve()));

/** Milliseconds on the way: mostly few, now and then some seconds. */
const travelMs = ({ chance }: World): number => {
  const slow = chance.next();
  if (slow < 0.7) return chance.between(1, 8);
  return slow < 0.995 ? chance.between(8, 80) : chance.between(80, 5_000);
};

const call = (world: World, process: Process, what: Call, parameters: unknown[], method: Method): Promise<unknown> => {
  if (process.state === 'dead') return new Promise(() => undefined);
  watchWork(world, process, what, parameters);
  const { timeline } = world;
  const fault = process.isSafe ? undefined : world.faults.of(what, timeline.now(), process.name);
  return new Promise((resolve, reject) => {
    const then = (ms: number, go: () => void) => timeline.after(ms, () => process.state !== 'dead' && go());
    const told = (note: string) => world.trace?.(process.name, inWords(what, parameters), note);
    const perform = (given = parameters) => method(...given);
    const fail = (note: string) => then(travelMs(world), () => reject(new Broken(what, note)));
    const answer = (ms: number, result: Promise<unknown>) =>
      result.then(
        (value) => then(ms, () => resolve(value)),
        (error) => {
          told(`answers ${(error as Error).name}`);
          then(ms, () => reject(error));
        },
      );
    if (fault) told(noteOf(fault));
    timeline.after(travelMs(world), () => {
      if (!fault) told('');
      switch (fault?.kind) {
        case undefined:
          return void answer(travelMs(world), perform());
        case 'pauses':
          return void answer(fault.ms, perform());
        case 'fails before':
          return fail('before its effect');
        case 'fails after':
          perform().catch(() => undefined);
          return fail('after its effect');
        case 'lands late':
          timeline.after(fault.ms, () => void perform().catch(() => undefined));
          return fail('and lands late');
        case 'half':
          return void half(what, parameters, perform).then(
            (value) => (value === undefined ? fail('half-way') : then(travelMs(world), () => resolve(value))),
            reject,
          );
        case 'twice':
          perform().catch(() => undefined);
          return timeline.after(travelMs(world) + 20, () => void answer(travelMs(world), perform()));
        case 'dies before':
          return process.kill();
        case 'dies after':
          perform().catch(() => undefined);
          return process.kill();
      }
    });
  });
};

const noteOf = ({ kind, ms }: Fault): string =>
  kind === 'pauses' || kind === 'lands late' ? `✗ ${kind} (${(ms / 1_000).toFixed(1)} s)` : `✗ ${kind}`;

/** A body that breaks off in its middle; of everything else a part is done, and then it fails. */
const half = async (what: Call, parameters: unknown[], perform: (given?: unknown[]) => Promise<unknown>) => {
  if (what.method !== 'read') {
    const given = halfOf(what.port, what.method)?.(parameters);
    if (given) await perform(given);
    return undefined;
  }
  const bytes = await buffer((await perform()) as Readable);
  return Readable.from(breaking(bytes, what), { objectMode: false });
};

async function* breaking(bytes: Buffer, what: Call): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, Math.floor(bytes.length / 2));
  throw new Broken(what, 'half-way');
}

/** A call that failed by accident. */
class Broken extends Error {
  constructor({ port, method }: Call, how: string) {
    super(`${port}.${method} failed ${how}`);
    this.name = 'Broken';
  }
}

/** A listing is one call, whose pages come as they were then. */
const listed = (world: World, process: Process, port: string, service: ObjectStore) =>
  Object.fromEntries(
    listings.map((method) => [
      method,
      async function* (of: string) {
        const take = async () => {
          const found: unknown[] = [];
          for await (const one of service[method](of)) found.push(one);
          return found;
        };
        const what = { port, method, isEffect: false, isDivisible: false };
        yield* (await call(world, process, what, [of], take)) as unknown[];
      },
    ]),
  );

/** A multipart upload: begun, then the body's parts, then completed; a failure aborts it, if it can. */
const uploading =
  (world: World, process: Process, port: string, service: MemoryObjectStore): ObjectStore['upload'] =>
  async (key, body, options) => {
    const step = (method: string, perform: Method) =>
      call(world, process, { port, method, isEffect: true, isDivisible: false }, [key], perform);
    // Whoever destroys a stream that nobody reads must not bring the process down.
    body.on('error', () => undefined);
    let uploadId: string | undefined;
    try {
      const begun = (await step('upload (begin)', () => service.begin(key))) as string;
      uploadId = begun;
      const bytes = await buffer(body);
      await step('upload (parts)', async () => undefined);
      return (await step('upload (complete)', async () => {
        await service.abort(key, begun);
        return service.put(key, bytes, options);
      })) as Awaited<ReturnType<ObjectStore['upload']>>;
    } catch (error) {
      body.destroy();
      const begun = uploadId;
      if (begun !== undefined) await step('abort', () => service.abort(key, begun)).catch(() => undefined);
      throw error;
    }
  };
