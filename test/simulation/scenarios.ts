/** Stories of users, chosen by a seed. */
import type { Chance } from './chance.ts';
import { backup, backupThenRestore, removed } from './stories/backups.ts';
import { clearing, retried, samePackage, twoRestores } from './stories/races.ts';
import { canceled, canceledLate, filled, restore } from './stories/restores.ts';
import { act } from './users.ts';
import type { World } from './world.ts';

const stories = {
  backup,
  restore,
  twoRestores,
  clearing,
  backupThenRestore,
  canceled,
  canceledLate,
  removed,
  filled,
  retried,
  samePackage,
} as const;
export type StoryName = keyof typeof stories;

/** Begins what the users of a run do: one of them, or several at once. Gives the names of the stories. */
export const beginStories = (
  world: World,
  chance: Chance,
  { only, isPlain }: { only?: readonly StoryName[] | undefined; isPlain: boolean },
): string[] => {
  const names = only ?? chosen(chance);
  names.forEach((name, n) => {
    const user = ['bob', 'carol', 'dave'][n] ?? `user-${n}`;
    act(world, () => stories[name](world, { user, chance, isPlain }));
  });
  return [...names];
};

const chosen = (chance: Chance): StoryName[] => {
  const one = (): StoryName =>
    chance.weighed({
      backup: 5,
      restore: 7,
      twoRestores: 1,
      clearing: 2,
      backupThenRestore: 2,
      canceled: 3,
      canceledLate: 0,
      removed: 1,
      filled: 1,
      retried: 2,
      samePackage: 1,
    });
  return Array.from({ length: chance.weighed({ one: 6, two: 3, three: 1 }) === 'one' ? 1 : chance.between(2, 3) }, one);
};
