/** LZMA without an end marker, as 7-Zip writes it: literals alone, since the library's encoder always writes the marker. */
import { crc32 } from 'node:zlib';
import type { RawEntry } from './packing.ts';

// "LZMA specification" of the LZMA SDK: chances of 11 bits that move by a 32nd; literals go by the three highest bits of the byte before.
const [even, scale, pace, lowest] = [1024, 2 ** 11, 5, 2 ** 24];
const positions = 4;
const literalCodes = 0x300;
const unmarkedHead = Buffer.from([9, 4, 5, 0, 93, 0, 0, 1, 0]);

/** Codes bits by their chances; five more bytes end it. */
const rangeCoder = (): { bit(chances: Uint16Array, at: number, bit: number): void; end(): Buffer } => {
  const out: number[] = [];
  let [low, range, cached, waiting] = [0, 2 ** 32 - 1, 0, 1];
  const shift = (): void => {
    if (low < 0xff000000 || low >= 2 ** 32) {
      const carry = low >= 2 ** 32 ? 1 : 0;
      for (let next = cached; waiting > 0; waiting -= 1, next = 0xff) out.push((next + carry) & 0xff);
      cached = Math.floor(low / lowest) & 0xff;
    }
    waiting += 1;
    low = (low % lowest) * 256;
  };
  return {
    bit: (chances, at, bit) => {
      const chance = chances[at] as number;
      const bound = Math.floor(range / scale) * chance;
      if (bit === 0) range = bound;
      else [low, range] = [low + bound, range - bound];
      chances[at] = bit === 0 ? chance + ((scale - chance) >> pace) : chance - (chance >> pace);
      for (; range < lowest; range *= 256) shift();
    },
    end: () => {
      for (let more = 0; more < 5; more += 1) shift();
      return Buffer.from(out);
    },
  };
};

export const unmarkedEntry = (name: string, plain: Buffer): RawEntry => {
  const coder = rangeCoder();
  const isMatch = new Uint16Array(positions).fill(even);
  const literals = new Uint16Array(8 * literalCodes).fill(even);
  for (const [at, byte] of plain.entries()) {
    coder.bit(isMatch, at % positions, 0);
    const codes = ((plain[at - 1] ?? 0) >> 5) * literalCodes;
    for (let symbol = 1, place = 7; place >= 0; place -= 1) {
      const bit = (byte >> place) & 1;
      coder.bit(literals, codes + symbol, bit);
      symbol = symbol * 2 + bit;
    }
  }
  const bytes = Buffer.concat([unmarkedHead, coder.end()]);
  return { name, bytes, method: 14, flags: 0x800, size: plain.length, crc: crc32(plain) };
};
