/** Batches of which a service takes a part and hands back the rest. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers in a row that handed everything back. */
const answersInVain = 10;

/**
 * Sends items, then those that `send` hands back, until none is left; each answer in vain makes the next wait longer.
 * @throws Error when ten answers in a row took nothing
 */
export const untilNoneLeft = async <T>(
  items: readonly T[],
  send: (left: readonly T[]) => Promise<readonly T[]>,
  pause: (ms: number) => Promise<unknown> = sleep,
): Promise<void> => {
  let left = items;
  let inVain = 0;
  while (left.length > 0) {
    const handedBack = await send(left);
    inVain = handedBack.length < left.length ? 0 : inVain + 1;
    left = handedBack;
    if (inVain === answersInVain) {
      throw new Error(`${left.length} of ${items.length} items were handed back ${answersInVain} times in a row`);
    }
    if (left.length > 0) await pause(Math.random() * Math.min(5_000, 100 * 2 ** inVain));
  }
};
