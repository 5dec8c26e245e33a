/** What deliberate bugs are made of. */
import type { Ports } from '@fzip/core';
import type { Bug } from '../bug.ts';
import type { Faults } from '../faults.ts';
import { isOf, type Process } from '../process.ts';
import type { StoryName } from '../scenarios.ts';
import type { Mode } from '../simulate.ts';

/** `within`: so many seeds, from 1 on, see it. */
export type SeenBug = Bug & {
  within: number;
  mode: Mode;
  stories: readonly StoryName[];
  /** Instead of what the seed chooses. */
  faults?: (seed: number) => Faults;
};

/** Changes the ports of the processes of some step, or of all. */
export const inProcesses =
  (change: (ports: Ports, process: Process) => Partial<Ports>, ...of: readonly string[]): NonNullable<Bug['ports']> =>
  (ports, process) =>
    of.length > 0 && !of.some((name) => isOf(process, name)) ? ports : { ...ports, ...change(ports, process) };

export const swallowed = async (work: Promise<unknown>): Promise<void> => {
  await work.catch(() => undefined);
};

export const strict = { mode: 'strict' } as const;
export const wild = { mode: 'wild' } as const;
