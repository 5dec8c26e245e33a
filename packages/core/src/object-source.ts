/** A stored package as the reader's random-access source: ranged reads of large blocks, pinned to one version of the object. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { PackageSource } from '@fzip/format';
import type { ObjectStore } from './ports.ts';

/** Reading in blocks makes a volume of thousands of small entries cost as many requests as it has blocks. */
const blockBytes = 8 * 1024 * 1024;
/** The tail with the directory, and what is being read. */
const blocksKept = 3;

/** Blocks that are in memory, by object and place. Volumes that are read one after the other share them. */
export type Blocks = Map<string, Promise<Buffer>>;
export const sharedBlocks = (): Blocks => new Map();

export const objectSource = (
  store: Pick<ObjectStore, 'read'>,
  key: string,
  { size, etag }: { size: number; etag: string },
  kept: Blocks = sharedBlocks(),
): PackageSource => {
  const fetchBlock = async (n: number): Promise<Buffer> => {
    const [start, end] = [n * blockBytes, Math.min(size, (n + 1) * blockBytes)];
    const block = await buffer(await store.read(key, { start, end, etag }));
    if (block.length !== end - start) throw new Error(`${key}: ${block.length} of ${end - start} bytes came`);
    return block;
  };
  const blockAt = (n: number): Promise<Buffer> => {
    const place = `${n} ${etag} ${key}`;
    const found = kept.get(place) ?? fetchBlock(n);
    kept.delete(place);
    kept.set(place, found);
    // A block that failed must not be served again.
    found.catch(() => kept.get(place) === found && kept.delete(place));
    for (const oldest of kept.keys()) {
      if (kept.size <= blocksKept) break;
      kept.delete(oldest);
    }
    return found;
  };
  async function* range(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const n = Math.floor(at / blockBytes);
      const block = await blockAt(n);
      const from = at - n * blockBytes;
      const part = block.subarray(from, Math.min(block.length, from + (end - at)));
      at += part.length;
      yield part;
    }
  }
  return {
    size,
    read: async (start, length) => {
      const parts: Buffer[] = [];
      for await (const part of range(start, Math.min(size, start + length))) parts.push(part);
      const [only, ...more] = parts;
      return only && more.length === 0 ? only : Buffer.concat(parts);
    },
    stream: (start, end) => Readable.from(range(start, Math.min(size, end)), { objectMode: false }),
  };
};
