/** Work side by side, bounded. */

/** Runs `work` on each item, `atOnce` of them at a time. The first failure begins no more, waits for what runs, and is thrown. */
export const sideBySide = async <T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  // All lanes take from one generator, which a lane that throws ends for every other.
  const waiting = eachOf(items);
  const lane = async () => {
    for (const item of waiting) await work(item);
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  for (const end of lanes) if (end.status === 'rejected') throw end.reason;
};

function* eachOf<T>(items: readonly T[]): Generator<T> {
  yield* items;
}

/** Slices of at most `size`. */
export const inSlices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
