/** One run of the simulator, which follows from its seed alone. */
import type { JobStatus } from '@fzip/core';
import { chanceOf } from './chance.ts';
import { checkAtEnd, checkAtRest } from './endings.ts';
import { type Faults, randomFaults } from './faults.ts';
import { makePackages } from './packages.ts';
import { makeZlibSynchronous } from './quiet.ts';
import { runToEnd, runToRest } from './run.ts';
import { beginStories, type StoryName } from './scenarios.ts';
import { type Bug, createWorld, type World, worldStart } from './world.ts';

export type RunOptions = {
  seed: number;
  /** Instead of those that the seed chooses. */
  stories?: readonly StoryName[];
  faults?: Faults;
  bug?: Bug;
  onTrace?: (line: string) => void;
  /** Users do nothing but what the story is named after, and everything is of its usual size. */
  isPlain?: boolean;
};

export type Run = {
  seed: number;
  stories: string[];
  /** What was not as it must be. */
  violations: string[];
  /** How each job ended, before anything expired. */
  endings: JobStatus[];
  world: World;
};

export const simulate = async ({ seed, stories, faults, bug, onTrace, isPlain = false }: RunOptions): Promise<Run> => {
  makeZlibSynchronous();
  await makePackages();
  // Chances apart from one another: what the one decides does not change what the other does.
  const chance = chanceOf(seed * 7 + 1);
  const world = createWorld({
    seed,
    faults: faults ?? randomFaults(chanceOf(seed * 7 + 2), worldStart),
    bug,
    onTrace,
    endsAtDeadline: chance.happens(0.6),
    limits: isPlain
      ? {}
      : {
          handOverMs: chance.pick([60_000, 60_000, 899_900]),
          volumeBytes: chance.pick([1_000_000, 1_000_000, 900]),
          rangeRows: chance.pick([100, 3]),
        },
  });
  const told = beginStories(world, chance, { only: stories, isPlain });
  await runToRest(world);
  const endings = world.memory.jobs.all().map(({ status }) => status);
  if (world.violations.size === 0) await checkAtRest(world);
  if (world.violations.size === 0) await runToEnd(world);
  if (world.violations.size === 0) await checkAtEnd(world);
  return { seed, stories: told, violations: [...world.violations], endings, world };
};
