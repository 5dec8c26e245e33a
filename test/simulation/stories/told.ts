/** What every story is told with. */
import type { Chance } from '../chance.ts';

export const hour = 3_600_000;

/** From at once to as long as a job takes, now and then longer. */
export const someTime = (chance: Chance): number =>
  chance.pick([
    chance.between(0, 500),
    chance.between(0, 5_000),
    chance.between(0, 20_000),
    chance.between(0, 2 * hour),
  ]);

export type Told = {
  user: string;
  chance: Chance;
  /** Nothing is done but what the story is named after. */
  isPlain: boolean;
};
