/**
 * Objects with their attributes in order. Rows come with their attributes in any order, millions of them in a few orders,
 * and sorting twenty names costs more than spelling the row; so each order is sorted once and found again name by name.
 */
export type Order = {
  /** By UTF-16 code unit. */
  names: readonly string[];
  /** An object that is given these attributes in this order also names them in it. */
  isKept: boolean;
};

type Step = { next: Map<string, Step>; order: Order | undefined };

const newStep = (): Step => ({ next: new Map(), order: undefined });

/** Beyond so many steps an order is not kept: rows can be made that are all unlike. */
const mostSteps = 20_000;
const longestName = 100;
const first = newStep();
let steps = 0;

/** The order is shared: it must not be changed. */
export const orderOf = (value: object): Order => {
  let step = first;
  for (const name in value) {
    const known = step.next.get(name);
    if (known !== undefined) {
      step = known;
      continue;
    }
    if (steps >= mostSteps || name.length > longestName) return sorted(value);
    steps += 1;
    const made = newStep();
    step.next.set(name, made);
    step = made;
  }
  step.order ??= sorted(value);
  return step.order;
};

const sorted = (value: object): Order => {
  const names = Object.keys(value).sort();
  return { names, isKept: !names.some((name) => movesAhead.test(name) || name === '__proto__') };
};

/** Names like an array's places come first in every object, by their number. */
const movesAhead = /^\d/;
