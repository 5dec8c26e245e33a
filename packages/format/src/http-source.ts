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

  const holding = (start: number, end: number): Buffer | undefined => {
    const block = [last, ...blocks].find((held) => held.start <= start && end <= held.start + held.bytes.length);
    return block?.bytes.subarray(start - block.start, end - block.start);
  };

  const fetched = async (start: number, end: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of bytes(start, end)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  const read = async (start: number, end: number): Promise<Buffer> => {
    const held = holding(start, end);
    if (held) return held;
    const newest = blocks.at(-1);
    const follows = newest !== undefined && start >= newest.start && start <= newest.start + newest.bytes.length;
    length = follows ? Math.min(2 * length, ahead.most) : ahead.first;
    // What the tail holds is not fetched again.
    const reach = start < last.start && end <= last.start ? last.start : size;
    const block = { start, bytes: await fetched(start, Math.min(reach, Math.max(end, start + length))) };
    blocks = [...blocks, block].slice(-keptBlocks);
    return block.bytes.subarray(0, end - start);
  };

  const pieces = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    if (end - start > ahead.first && !holding(start, end)) yield* bytes(start, end);
    else if (end > start) yield await read(start, end);
  };

  const within = (at: number): number => Math.max(0, Math.min(at, size));
  return {
    size,
    read: async (start, wanted) => read(within(start), within(start + wanted)),
    stream: (start, end) => Readable.from(pieces(within(start), within(end)), { objectMode: false }),
  };
};
