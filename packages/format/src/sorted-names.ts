/**
 * The names of an object's attributes, sorted. Rows come with their attributes in any order, millions of them in a few orders,
 * and sorting twenty names costs more than spelling the row; so each order is sorted once and found again name by name.
 */
type Step = { next: Map<string, Step>; sorted: readonly string[] | undefined };

const newStep = (): Step => ({ next: new Map(), sorted: undefined });

/** Beyond so many steps an order is not kept: rows can be made that are all unlike. */
const mostSteps = 20_000;
const longestName = 100;
const first = newStep();
let steps = 0;

/** By UTF-16 code unit. The list is shared: it must not be changed. */
export const sortedNames = (value: object): readonly string[] => {
  let step = first;
  for (const name in value) {
    const known = step.next.get(name);
    if (known !== undefined) {
      step = known;
      continue;
    }
    if (steps >= mostSteps || name.length > longestName) return Object.keys(value).sort();
    steps += 1;
    const made = newStep();
    step.next.set(name, made);
    step = made;
  }
  step.sorted ??= Object.keys(value).sort();
  return step.sorted;
};
