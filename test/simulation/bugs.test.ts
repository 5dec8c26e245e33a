/** The simulator sees: each of many deliberate bugs breaks a promise within some seeds, which are kept without the bug. */
import { describe, expect, test } from 'vitest';
import { bugs, type SeenBug } from './bugs/index.ts';
import { simulate } from './simulate.ts';

type Caught = { seed: number; violations: string[] };

const howOf = ({ mode, stories, faults }: SeenBug, seed: number) => ({
  seed,
  mode,
  stories,
  ...(faults && { faults: faults(seed) }),
});

const firstSeen = async (bug: SeenBug): Promise<Caught | undefined> => {
  const { within } = bug;
  for (let seed = 1; seed <= within; seed += 1) {
    const { violations } = await simulate({ ...howOf(bug, seed), bug });
    if (violations.length > 0) return { seed, violations };
  }
  return undefined;
};

describe('a deliberate bug', () => {
  test.each(bugs.map((bug) => [bug.name, bug] as const))('is seen: %s', { timeout: 300_000 }, async (_, bug) => {
    const caught = await firstSeen(bug);
    expect(caught, `${bug.name} was not seen within ${bug.within} seeds`).toBeDefined();
    const { violations } = await simulate(howOf(bug, caught?.seed ?? 0));
    expect(violations).toEqual([]);
  });

  test('is one of fifteen at least, each with a name of its own', () => {
    expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
    expect(bugs.length).toBeGreaterThanOrEqual(15);
  });
});
