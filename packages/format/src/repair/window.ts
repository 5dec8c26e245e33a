/** A source that may be damaged, read block by block, so that looking at a place twice costs nothing while it is near. */
import type { PackageSource } from '../source.ts';

const blockBytes = 256 * 1024;
const keptBlocks = 4;

/** More was read than the search may cost: a file made to be read over and over again. */
export class TooMuchRead extends Error {
  constructor() {
    super('the search for entries read its share of bytes');
    this.name = 'TooMuchRead';
  }
}

export type Window = {
  size: number;
  /** So many bytes from a place; fewer where the source ends. */
  at(start: number, length: number): Promise<Buffer>;
  /** The bytes between two places, as far as the source has them. */
  bytes(start: number, end: number): AsyncGenerator<Buffer>;
  /** Bytes that were read of the source so far. */
  bytesRead(): number;
};

/**
 * @param most bytes that may be read of the source; beyond them TooMuchRead is thrown
 * @param onRead hears of the bytes read so far
 */
export const openWindow = (
  source: PackageSource,
  { most = Number.POSITIVE_INFINITY, onRead }: { most?: number; onRead?: ((bytes: number) => void) | undefined } = {},
): Window => {
  const { size } = source;
  const blocks = new Map<number, Buffer>();
  let read = 0;

  const block = async (number: number): Promise<Buffer> => {
    const known = blocks.get(number);
    if (known) return known;
    if (read >= most) throw new TooMuchRead();
    const start = number * blockBytes;
    const expected = Math.min(blockBytes, size - start);
    const found = await source.read(start, expected);
    if (found.length < expected)
      throw new Error(`${found.length} of ${expected} bytes at ${start}: the source is shorter than it was`);
    read += found.length;
    onRead?.(read);
    blocks.set(number, found);
    const [oldest] = blocks.keys();
    if (blocks.size > keptBlocks && oldest !== undefined) blocks.delete(oldest);
    return found;
  };

  const bytes = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    const last = Math.min(end, size);
    for (let at = start; at < last; ) {
      const number = Math.floor(at / blockBytes);
      const from = at - number * blockBytes;
      const piece = (await block(number)).subarray(from, from + last - at);
      at += piece.length;
      yield piece;
    }
  };

  const at = async (start: number, length: number): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of bytes(start, start + length)) pieces.push(piece);
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  };

  return { size, at, bytes, bytesRead: () => read };
};
