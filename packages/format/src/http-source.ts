/** A volume behind an https URL, read by ranges. */
import { Readable } from 'node:stream';
import { type HttpOptions, openRemote } from './http-range.ts';
import type { PackageSource } from './source.ts';

export { FetchFailed, type HttpOptions, shownUrl } from './http-range.ts';

/** As much as the reader wants of the end at first: the directory and, since it comes last, the manifest. */
const tailBytes = 1024 * 1024;
/** What is fetched for a small read; doubled while reads follow one another. */
const ahead = { first: 128 * 1024, most: 4 * 1024 * 1024 };
const keptBlocks = 3;

type Block = { start: number; bytes: Buffer };

/**
 * Opens a file behind a URL: https, or http on this machine. Small reads close to one another share a request.
 * The file is pinned by ETag or date: if it changes meanwhile, reads reject.
 * @throws FetchFailed with the reason, as do all reads; without the URL's query, which may hold a signature
 */
export const httpSource = async (url: string, options: HttpOptions = {}): Promise<PackageSource> => {
  const { size, tail, bytes } = await openRemote(url, tailBytes, options);
  const last: Block = { start: size - tail.length, bytes: tail };
  let blocks: Block[] = [];
  let length: number = ahead.first;

  /** From `start` on, as many bytes as one block holds; none if none does. */
  const held = (start: number, end: number): Buffer => {
    const block = [last, ...blocks].find((one) => one.start <= start && start < one.start + one.bytes.length);
    return block?.bytes.subarray(start - block.start, end - block.start) ?? Buffer.alloc(0);
  };

  /** Fetches what is wanted and some more; what the tail holds is not fetched again. */
  const fetchBlock = async (start: number, end: number): Promise<void> => {
    const newest = blocks.at(-1);
    const follows = newest !== undefined && start >= newest.start && start <= newest.start + newest.bytes.length;
    length = follows ? Math.min(2 * length, ahead.most) : ahead.first;
    const chunks: Buffer[] = [];
    for await (const chunk of bytes(start, Math.min(last.start, Math.max(end, start + length)))) chunks.push(chunk);
    blocks = [...blocks, { start, bytes: Buffer.concat(chunks) }].slice(-keptBlocks);
  };

  const read = async (start: number, end: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (let at = start; at < end; ) {
      if (held(at, end).length === 0) await fetchBlock(at, end);
      const part = held(at, end);
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  };

  const pieces = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    const far = Math.min(end, last.start);
    const isLarge = far - start > ahead.first && held(start, end).length === 0;
    if (isLarge) yield* bytes(start, far);
    const rest = isLarge ? far : start;
    if (rest < end) yield await read(rest, end);
  };

  const within = (at: number): number => Math.max(0, Math.min(at, size));
  return {
    size,
    read: async (start, wanted) => read(within(start), within(start + wanted)),
    stream: (start, end) => Readable.from(pieces(within(start), within(end)), { objectMode: false }),
  };
};
