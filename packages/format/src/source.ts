/** Where a volume is read from: anything that gives ranges of bytes. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Random access to the bytes of one volume, which must not change meanwhile. */
export type PackageSource = {
  /** bytes */
  size: number;
  /** `length` bytes from `start`; fewer only where the source ends. Rejects if reading fails. */
  read(start: number, length: number): Promise<Buffer>;
  /** The bytes from `start` up to, not including, `end`. An error of the stream is an accident, not a verdict. */
  stream(start: number, end: number): Readable;
};

const chunkBytes = 256 * 1024;

/** A file on disk. Close it when done. */
export const fileSource = async (path: string): Promise<PackageSource & { close(): Promise<void> }> => {
  const file = await open(path);
  const { size } = await file.stat();
  const read = async (start: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - start)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
  const blocks = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += chunkBytes) {
      const block = await read(at, Math.min(chunkBytes, end - at));
      if (block.length === 0) return;
      yield block;
    }
  };
  return {
    size,
    read,
    // Not a stream of Node's file system: destroyed in the middle, that one closes the descriptor, which is the source's.
    stream: (start, end) => Readable.from(blocks(start, end), { objectMode: false }),
    close: () => file.close(),
  };
};

/** Bytes in memory. */
export const bufferSource = (buffer: Buffer): PackageSource => ({
  size: buffer.length,
  read: async (start, length) => buffer.subarray(start, start + length),
  stream: (start, end) => Readable.from(chunksOf(buffer.subarray(start, end)), { objectMode: false }),
});

const chunksOf = function* (buffer: Buffer): Generator<Buffer> {
  for (let at = 0; at < buffer.length; at += chunkBytes) yield buffer.subarray(at, at + chunkBytes);
};
