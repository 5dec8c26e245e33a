/**
 * Tells whether ids stand twice, in 10 bytes a row: of each, 64 bits are kept, and in the end the same 64 bits are looked for. Which ids
 * they were, and whether it is no chance (three in a million for ten million rows), has to be found by reading the rows again.
 */
import { idHashes } from './id-set.ts';

/** By the first bits of their hash ids are dealt out, so that little is copied when a part grows. */
const parts = 256;
const firstPairs = 16;
const growth = 1.25;
/** Beyond these, ids that may stand twice are counted and not known. */
const mostSuspects = 200_000;

export type Suspects = {
  has(id: string): boolean;
  /** How many more there are than `has` knows. */
  more: number;
};

export type IdList = {
  add(id: string): void;
  /** Ids that may stand twice; undefined if none does. To be asked when all were added. */
  suspects(): Suspects | undefined;
};

export const createIdList = (): IdList => {
  // Secret seeds, so that no package can be made whose ids look alike.
  const hashes = idHashes();
  const words: (Uint32Array | undefined)[] = new Array<Uint32Array | undefined>(parts).fill(undefined);
  const used = new Uint32Array(parts);

  const add = (id: string): void => {
    const [low = 0, high = 0] = hashes(id);
    const part = high >>> 24;
    const at = (used[part] ?? 0) * 2;
    let held = words[part];
    if (held === undefined || at >= held.length) {
      const grown = new Uint32Array(held === undefined ? firstPairs * 2 : Math.ceil((held.length / 2) * growth) * 2);
      if (held) grown.set(held);
      words[part] = grown;
      held = grown;
    }
    held[at] = low;
    held[at + 1] = high;
    used[part] = at / 2 + 1;
  };

  const suspects = (): Suspects | undefined => {
    const found = new Set<bigint>();
    let more = 0;
    for (const [part, held] of words.entries()) {
      if (held === undefined) continue;
      const pairs = new BigUint64Array(held.buffer, 0, used[part]).sort();
      for (let n = 1; n < pairs.length; n += 1) {
        // By halves: a number of 64 bits is an object of its own.
        if (held[n * 2] !== held[n * 2 - 2] || held[n * 2 + 1] !== held[n * 2 - 1]) continue;
        const double = pairs[n] as bigint;
        if (found.has(double)) continue;
        if (found.size < mostSuspects) found.add(double);
        else more += 1;
      }
    }
    if (found.size === 0) return undefined;
    // As the two halves stand in memory, whichever end comes first.
    const key = new BigUint64Array(1);
    const halves = new Uint32Array(key.buffer);
    const has = (id: string): boolean => {
      halves.set(hashes(id));
      return found.has(key[0] as bigint);
    };
    return { has, more };
  };

  return { add, suspects };
};
