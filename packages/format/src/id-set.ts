/** A set of ids that costs 21 to 43 bytes each, so that doubles are found among ten million of them. */
import { hash, randomBytes } from 'node:crypto';

const lanes = 4;
const hyphen = 0x2d;

export type IdSet = {
  /** Adds an id; false if it was there. */
  add(id: string): boolean;
  has(id: string): boolean;
};

/** UUIDs in lower case are kept as their 128 bits, other texts by 128 bits of their SHA-256. */
export const createIdSet = (): IdSet => {
  // A secret seed, so that no package can be made whose ids all meet in one slot.
  const seed = randomBytes(4).readUInt32LE();
  let capacity = 1024;
  let slots = new Uint32Array(capacity * lanes);
  let size = 0;
  let hasZero = false;
  const value = new Uint32Array(lanes);

  const insert = (into: Uint32Array, from: Uint32Array, at: number): boolean => {
    const [a = 0, b = 0, c = 0, d = 0] = [from[at], from[at + 1], from[at + 2], from[at + 3]];
    for (let slot = mix(seed, a, b, c, d); ; slot += 1) {
      const to = (slot & (capacity - 1)) * lanes;
      if (into[to] === a && into[to + 1] === b && into[to + 2] === c && into[to + 3] === d) return false;
      if (into[to] === 0 && into[to + 1] === 0 && into[to + 2] === 0 && into[to + 3] === 0) {
        into[to] = a;
        into[to + 1] = b;
        into[to + 2] = c;
        into[to + 3] = d;
        return true;
      }
    }
  };

  const stands = (sought: Uint32Array): boolean => {
    const [a = 0, b = 0, c = 0, d = 0] = sought;
    for (let slot = mix(seed, a, b, c, d); ; slot += 1) {
      const at = (slot & (capacity - 1)) * lanes;
      const found = [slots[at], slots[at + 1], slots[at + 2], slots[at + 3]];
      if (found[0] === a && found[1] === b && found[2] === c && found[3] === d) return true;
      if (!(found[0] || found[1] || found[2] || found[3])) return false;
    }
  };

  const grow = (): void => {
    const old = slots;
    capacity *= 2;
    slots = new Uint32Array(capacity * lanes);
    for (let at = 0; at < old.length; at += lanes) {
      if (old[at] || old[at + 1] || old[at + 2] || old[at + 3]) insert(slots, old, at);
    }
  };

  return {
    add: (id) => {
      toLanes(id, value);
      if (!(value[0] || value[1] || value[2] || value[3])) {
        if (hasZero) return false;
        hasZero = true;
        return true;
      }
      if (size >= capacity * 0.75) grow();
      const isNew = insert(slots, value, 0);
      if (isNew) size += 1;
      return isNew;
    },
    has: (id) => {
      toLanes(id, value);
      if (!(value[0] || value[1] || value[2] || value[3])) return hasZero;
      return stands(value);
    },
  };
};

/** A hash of ids, of 32 bits: under a secret seed, so that no package can be made whose ids all meet in one place. */
export const idHash = (): ((id: string) => number) => {
  const seed = randomBytes(4).readUInt32LE();
  const value = new Uint32Array(lanes);
  return (id) => {
    toLanes(id, value);
    const [a = 0, b = 0, c = 0, d = 0] = value;
    return mix(seed, a, b, c, d);
  };
};

/** Two hashes of ids at once, of 32 bits each. The list is the same every time. */
export const idHashes = (): ((id: string) => Uint32Array) => {
  const seeds = [randomBytes(4).readUInt32LE(), randomBytes(4).readUInt32LE()] as const;
  const [value, pair] = [new Uint32Array(lanes), new Uint32Array(2)];
  return (id) => {
    toLanes(id, value);
    const [a = 0, b = 0, c = 0, d = 0] = value;
    pair[0] = mix(seeds[0], a, b, c, d);
    pair[1] = mix(seeds[1], a, b, c, d);
    return pair;
  };
};

const toLanes = (id: string, value: Uint32Array): void => {
  if (uuidToLanes(id, value)) return;
  const digits = hash('sha256', id);
  for (let lane = 0; lane < lanes; lane += 1) value[lane] = Number.parseInt(digits.slice(lane * 8, lane * 8 + 8), 16);
};

/** False if the id is no UUID in lower case. By character, since a pattern and four numbers parsed cost ten times as much. */
const uuidToLanes = (id: string, value: Uint32Array): boolean => {
  if (id.length !== 36) return false;
  let [lane, bits, digits] = [0, 0, 0];
  for (let at = 0; at < 36; at += 1) {
    const code = id.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== hyphen) return false;
      continue;
    }
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (digit === -1) return false;
    bits = (bits << 4) | digit;
    digits += 1;
    if (digits % 8 !== 0) continue;
    value[lane] = bits;
    lane += 1;
  }
  return true;
};

const mix = (seed: number, a: number, b: number, c: number, d: number): number =>
  stir(stir(stir(stir(seed, a), b), c), d) >>> 0;

const stir = (mixed: number, value: number): number => {
  const product = Math.imul(mixed ^ value, 0x9e3779b1);
  return product ^ (product >>> 15);
};
