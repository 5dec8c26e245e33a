/** One run of the simulator, which follows from its seed alone. */
import type { JobStatus } from '@fzip/core';
import type { Bug } from './bug.ts';
import { type Chance, chanceOf } from './chance.ts';
import { checkAtEnd, checkAtRest } from './endings.ts';
import { type Faults, faultAt, faultKinds, randomFaults } from './faults.ts';
import { makePackages } from './packages.ts';
import { makeZlibSynchronous } from './quiet.ts';
import { runToEnd, runToRest } from './run.ts';
import { beginStories, type StoryName } from './scenarios.ts';
import { createWorld, violated, type World, worldStart } from './world.ts';

/**
 * - wild: users do what they like, and whatever may go wrong does, again and again
 * - strict: one story, in which one call goes wrong: it must come to its good end, and without the sweep's help
 */
export type Mode = 'wild' | 'strict';

export type RunOptions = {
  seed: number;
  /** Instead of what the seed chooses. */
  mode?: Mode;
  stories?: readonly StoryName[];
  faults?: Faults;
  /** Whether functions are ended when their time is over. */
  endsAtDeadline?: boolean;
  /** Everything of its usual size, instead of sizes that the seed chooses. */
  isUsual?: boolean;
  bug?: Bug;
  onTrace?: (line: string) => void;
};

export type Run = {
  seed: number;
  mode: Mode;
  stories: string[];
  /** What was not as it must be. */
  violations: string[];
  /** How each job ended, before anything expired. */
  endings: JobStatus[];
  world: World;
};

export const simulate = async (options: RunOptions): Promise<Run> => {
  const { seed, bug, onTrace } = options;
  makeZlibSynchronous();
  await makePackages();
  // Chances apart from one another: what the one decides does not change what the other does.
  const [chance, faultChance] = [chanceOf(seed * 7 + 1), chanceOf(seed * 7 + 2)];
  const mode = options.mode ?? (chance.happens(0.25) ? 'strict' : 'wild');
  const isPlain = mode === 'strict';
  const world = createWorld({
    seed,
    faults: options.faults ?? (isPlain ? oneFault(faultChance) : randomFaults(faultChance, worldStart)),
    bug,
    onTrace,
    endsAtDeadline: options.endsAtDeadline ?? chance.happens(0.6),
    limits: options.isUsual ? {} : someLimits(chance),
  });
  const only = options.stories ?? (isPlain ? [chance.pick(good)] : undefined);
  const stories = beginStories(world, chance, { only, isPlain });
  await runToRest(world);
  const endings = world.memory.jobs.all().map(({ status }) => status);
  if (world.violations.size === 0) await checkAtRest(world);
  if (isPlain) checkGood(world);
  if (world.violations.size === 0) await runToEnd(world);
  if (world.violations.size === 0) await checkAtEnd(world);
  return { seed, mode, stories, violations: [...world.violations], endings, world };
};

/** Stories that come to a good end if nothing goes wrong for long. */
const good: readonly StoryName[] = ['backup', 'restore', 'restore', 'backupThenRestore', 'clearing'];

const oneFault = (chance: Chance): Faults =>
  faultAt(chance.between(1, 300), chance.pick(faultKinds), chance.between(60_000, 1_500_000));

const someLimits = (chance: Chance) => ({
  // By the last of these every piece of a backup is handed over at once.
  handOverMs: chance.pick([60_000, 60_000, 899_900]),
  volumeBytes: chance.pick([1_000_000, 1_000_000, 900]),
  rangeRows: chance.pick([100, 3]),
});

const isGood = (status: JobStatus): boolean => status.endsWith('_completed');

/** Of one call that went wrong, redelivery repairs everything: no job fails, and none needs to be sent on. */
const checkGood = (world: World): void => {
  for (const { jobId, status, redrives, error } of world.memory.jobs.all()) {
    if (!isGood(status))
      violated(world, `job ${jobId} is ${status} (${error?.code}: ${error?.message}) for one call that went wrong`);
    if (redrives > 0) violated(world, `job ${jobId} had to be sent on by the sweep for one call that went wrong`);
  }
};
