/** Chance without state: every draw follows from a key, an index and a purpose, so that any row can be made on its own. */
import { hash } from 'node:crypto';

const scramble = (bits: number): number => {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

/** What a draw is for: two purposes never share a draw of the same index. */
export const purpose = {
  payee: 1,
  amount: 2,
  number: 3,
  day: 4,
  memo: 5,
  status: 6,
  assignment: 7,
  second: 8,
  optional: 9,
  upload: 10,
  analytics: 11,
} as const;

/** A number from 0 up to, not including, 1. Equal arguments give equal numbers. */
export const draw = (key: number, index: number, of: number): number =>
  scramble(scramble(key ^ Math.imul(index, 0x9e3779b1)) ^ Math.imul(of, 0x27d4eb2f)) / 2 ** 32;

/** A whole number from 0 up to, not including, `below`. */
export const drawBelow = (key: number, index: number, of: number, below: number): number =>
  Math.floor(draw(key, index, of) * below);

/** The key of all draws of one seed and user: 32 bits. */
export const chanceKey = (seed: number, userId: string): number =>
  Number.parseInt(hash('sha256', `${seed}|${userId}`).slice(0, 8), 16);

/** A UUID in the shape of version 4 that follows from seed, user, sort and index; another user of the same seed gets others. */
export const uuidOf = (seed: number, userId: string, sort: string, index: number): string => {
  const hex = hash('sha256', `${seed}|${sort}|${index}|${userId}`);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
