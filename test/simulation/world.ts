/** One simulated world: services in memory, queues, a clock, and the processes that use them. */
import type { Job, Limits, Step } from '@fzip/core';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import type { Bug } from './bug.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Faults } from './faults.ts';
import { deliver } from './invocations.ts';
import { createProcess, type Process } from './process.ts';
import { createQueues, type SimulatedQueues } from './queues.ts';
import { servicesOf } from './services.ts';
import { newStory, type Story } from './story.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { type Trace, traceLine } from './trace.ts';

export type World = {
  readonly seed: number;
  /** For what the world decides; faults and scenarios have chances of their own. */
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly start: number;
  readonly memory: MemoryPorts;
  /** The services as calls reach them: in memory, and looked at. */
  services: MemoryPorts;
  queues: SimulatedQueues;
  faults: Faults;
  readonly trace: Trace | undefined;
  readonly bug: Bug | undefined;
  /** What was not as it must be. */
  readonly violations: Set<string>;
  readonly processes: Set<Process>;
  /** Whether an invocation is ended when its time is over, as Lambda does, or goes on. */
  readonly endsAtDeadline: boolean;
  /** Users who have not done all they are going to do. */
  actors: number;
  readonly story: Story;
  /** Messages that were moved to a dead-letter queue. */
  readonly dead: { step: Step; messageId: string }[];
  /** Every job as it was last seen, deleted ones too. */
  readonly seen: Map<string, Job>;
  /** Begins a process that may run for so long. */
  begin(name: string, seconds: number, options?: Beginning): Process;
};

type Beginning = Partial<Pick<Process, 'isSafe' | 'works'>> & { endsAtDeadline?: boolean };

export type WorldOptions = {
  seed: number;
  faults: Faults;
  bug?: Bug | undefined;
  /** Hears of every line of the trace. */
  onTrace?: ((line: string) => void) | undefined;
  limits?: Partial<Limits> | undefined;
  endsAtDeadline?: boolean;
};

/** When every simulated world begins: ms since epoch. */
export const worldStart = Date.UTC(2026, 0, 1);

/** Everything small, so that there is more than one of it. */
const small = { chunkRows: 3, chunkFiles: 2, smallFileBytes: 200, filesAhead: 2 };

export const createWorld = (options: WorldOptions): World => {
  const { seed, faults, bug, onTrace } = options;
  const memory = memoryPorts({ now: worldStart, pageRows: 2, limits: { ...small, ...options.limits } });
  const timeline = createTimeline(worldStart, (now) => {
    memory.time.now = now;
  });
  const chance = chanceOf(seed);
  const workers = Array.from({ length: 4 }, () => chance.between(-4_000, 4_000));
  let begun = 0;
  const world = {
    seed,
    chance,
    timeline,
    start: worldStart,
    memory,
    services: memory,
    faults,
    bug,
    trace:
      onTrace &&
      ((who: string, what: string, note: string) => onTrace(traceLine(timeline.now() - worldStart, who, what, note))),
    violations: new Set<string>(),
    processes: new Set<Process>(),
    endsAtDeadline: options.endsAtDeadline ?? true,
    actors: 0,
    story: newStory(),
    dead: [],
    seen: new Map<string, Job>(),
    begin: (name: string, seconds: number, options: Beginning = {}) => {
      const { isSafe = false, works, endsAtDeadline = world.endsAtDeadline } = options;
      begun += 1;
      const skewMs = chance.pick(workers);
      const deadline = timeline.now() + skewMs + seconds * 1_000;
      const process = createProcess({
        name: `${name} ${begun}`,
        invocation: { id: `invocation-${begun}`, deadline },
        skewMs,
        isSafe,
        ...(works && { works }),
      });
      world.processes.add(process);
      const over = () => {
        if (process.state !== 'lives' || !endsAtDeadline) return;
        world.trace?.(process.name, 'is ended: its time is over', '');
        process.kill();
      };
      timeline.after(seconds * 1_000, over);
      return process;
    },
  } as unknown as World;
  world.queues = createQueues(world, (letters) => deliver(world, letters));
  const services = servicesOf(world);
  world.services = bug?.services?.(services, world) ?? services;
  return world;
};

/** Whether anything is under way: a message, a process, a user who is not done. */
export const isIdle = (world: World): boolean => {
  for (const process of world.processes) if (process.state !== 'lives') world.processes.delete(process);
  return world.processes.size === 0 && world.queues.left() === 0 && world.actors === 0;
};

export const violated = (world: World, what: string): void => {
  world.trace?.('!', what, '');
  world.violations.add(what);
};
