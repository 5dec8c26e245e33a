/** A source of which some bytes cannot be read, as of a failing disk: what surrounds them is read all the same. */
import { Readable } from 'node:stream';
import type { PackageSource } from '../source.ts';

/** Half-open, in bytes of the source. */
export type Gap = { start: number; end: number };

export type ReadableSource = PackageSource & {
  /** What could not be read so far, in order; zeros were given for it. */
  gaps(): Gap[];
};

/** What disks call a sector today; a smaller read is not tried. */
const sectorBytes = 4096;
const streamedBytes = 256 * 1024;

/** Failures of the medium become gaps; any other is thrown as it is: a source that is gone altogether is no damaged package. */
export const readableSource = (source: PackageSource): ReadableSource => {
  const bad = new Set<number>();

  const read = async (start: number, length: number): Promise<Buffer> => {
    const end = Math.min(start + length, source.size);
    if (end <= start) return Buffer.alloc(0);
    try {
      return await source.read(start, length);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    const [first, last] = [Math.floor(start / sectorBytes), Math.floor((end - 1) / sectorBytes)];
    if (first === last) {
      bad.add(first);
      return Buffer.alloc(end - start);
    }
    const middle = Math.ceil((first + last) / 2) * sectorBytes;
    return Buffer.concat([await half(start, middle), await half(middle, end)]);
  };

  /** A sector that failed is not asked for again: each time takes a failing disk seconds. */
  const half = (start: number, end: number): Promise<Buffer> => {
    const sector = Math.floor(start / sectorBytes);
    const isKnown = sector === Math.floor((end - 1) / sectorBytes) && bad.has(sector);
    return isKnown ? Promise.resolve(Buffer.alloc(end - start)) : read(start, end - start);
  };

  const blocks = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += streamedBytes) yield await read(at, Math.min(streamedBytes, end - at));
  };

  const gaps = (): Gap[] => {
    const found: Gap[] = [];
    for (const sector of [...bad].sort((a, b) => a - b)) {
      const [start, end] = [sector * sectorBytes, Math.min((sector + 1) * sectorBytes, source.size)];
      const before = found.at(-1);
      if (before?.end === start) before.end = end;
      else found.push({ start, end });
    }
    return found;
  };

  return {
    size: source.size,
    read,
    stream: (start, end) => Readable.from(blocks(start, end), { objectMode: false }),
    gaps,
  };
};

/** "Input/output error", as the operating system says of a medium that it cannot read. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EIO';
