/** Millions of keys in typed arrays: how often each stands on either side, and what was first found with it. 40 to 90 bytes a key. */
import { hash } from 'node:crypto';

export type Side = 'a' | 'b';

/** What is known of a pair: that its rows differ, that somebody was told so. */
export type Mark = 'changed' | 'told';
const bits: Readonly<Record<Mark, number>> = { changed: 1, told: 2 };

export type KeyTable = {
  /** Counts a key on a side; gives its place, which stays. */
  count(side: Side, key: string): number;
  /** The place of a key; -1 if it was never counted. */
  find(key: string): number;
  /** How often the key at a place was counted on a side. */
  counted(side: Side, place: number): number;
  /** Keeps the digest of a text at a place. */
  keep(place: number, text: string): void;
  /** Whether a text is the one kept there. */
  isKept(place: number, text: string): boolean;
  mark(place: number, what: Mark): void;
  isMarked(place: number, what: Mark): boolean;
  places(): number;
};

const lanes = 4;

/** 128 bits of SHA-256. */
const digest = (text: string, into: Uint32Array): void => {
  const bytes = hash('sha256', text, 'binary');
  for (let lane = 0; lane < lanes; lane += 1) {
    const at = lane * 4;
    into[lane] =
      (bytes.charCodeAt(at) << 24) |
      (bytes.charCodeAt(at + 1) << 16) |
      (bytes.charCodeAt(at + 2) << 8) |
      bytes.charCodeAt(at + 3);
  }
};

const same = (table: Uint32Array, place: number, value: Uint32Array): boolean => {
  const at = place * lanes;
  return (
    table[at] === value[0] && table[at + 1] === value[1] && table[at + 2] === value[2] && table[at + 3] === value[3]
  );
};

export const createKeyTable = (): KeyTable => {
  let capacity = 1024;
  // Places by slot, from 1 on; every other array is by place.
  let slots = new Int32Array(capacity * 2);
  let keys = new Uint32Array(capacity * lanes);
  let kept = new Uint32Array(0);
  let counts = new Uint32Array(capacity * 2);
  let marks = new Uint8Array(capacity);
  let size = 0;
  const value = new Uint32Array(lanes);

  const slotOf = (of: Uint32Array, at: number): number => {
    const mask = slots.length - 1;
    return ((of[at] ?? 0) ^ Math.imul(of[at + 1] ?? 0, 0x9e3779b1)) & mask;
  };

  const larger = <T extends Uint32Array | Uint8Array>(array: T, made: T): T => {
    made.set(array);
    return made;
  };

  const grow = (): void => {
    capacity *= 2;
    slots = new Int32Array(capacity * 2);
    keys = larger(keys, new Uint32Array(capacity * lanes));
    counts = larger(counts, new Uint32Array(capacity * 2));
    marks = larger(marks, new Uint8Array(capacity));
    if (kept.length > 0) kept = larger(kept, new Uint32Array(capacity * lanes));
    for (let place = 0; place < size; place += 1) {
      let slot = slotOf(keys, place * lanes);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = place + 1;
    }
  };

  /** The place of `value`, or where in `slots` it would stand, as a number below zero. */
  const seek = (): number => {
    for (let slot = slotOf(value, 0); ; slot = (slot + 1) & (slots.length - 1)) {
      const place = (slots[slot] ?? 0) - 1;
      if (place < 0) return -1 - slot;
      if (same(keys, place, value)) return place;
    }
  };

  const sideOf = (side: Side, place: number): number => place * 2 + (side === 'a' ? 0 : 1);

  return {
    count: (side, key) => {
      if (size === capacity) grow();
      digest(key, value);
      let place = seek();
      if (place < 0) {
        slots[-1 - place] = size + 1;
        place = size;
        keys.set(value, place * lanes);
        size += 1;
      }
      const at = sideOf(side, place);
      counts[at] = (counts[at] ?? 0) + 1;
      return place;
    },
    find: (key) => {
      digest(key, value);
      return Math.max(-1, seek());
    },
    counted: (side, place) => counts[sideOf(side, place)] ?? 0,
    keep: (place, text) => {
      if (kept.length < capacity * lanes) kept = larger(kept, new Uint32Array(capacity * lanes));
      digest(text, value);
      kept.set(value, place * lanes);
    },
    isKept: (place, text) => {
      digest(text, value);
      return same(kept, place, value);
    },
    mark: (place, what) => {
      marks[place] = (marks[place] ?? 0) | bits[what];
    },
    isMarked: (place, what) => ((marks[place] ?? 0) & bits[what]) !== 0,
    places: () => size,
  };
};
