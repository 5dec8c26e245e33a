/** LZMA within a ZIP (method 14), as HouseF3 writes it above 50 MiB of files: decoded as it streams, in bounded memory. */
import { createRequire } from 'node:module';
import type { Transform } from 'node:stream';
import type { Entry } from './entry-table.ts';
import { PackageRefused } from './errors.ts';

// APPNOTE.TXT, section 5.8.8: two bytes of version, two of the properties' length, the properties, the stream.
const headBytes = 9;
const propertyBytes = 5;
/** The head of a `.lzma` file, which the library decodes: the properties, and the size or -1 where a marker ends the stream. */
const aloneBytes = propertyBytes + 8;
/** General purpose bit 1: an end marker closes the stream. Without it the stream ends with the entry's size. */
const endMarked = 0x2;
const largestDictionary = 64 * 2 ** 20;
/** The dictionary and what the decoder needs beside it. */
const mostMemory = largestDictionary + 16 * 2 ** 20;
/**
 * The decoder hands on all that a piece of input gives, whether it is taken or not. LZMA expands some seven thousand times
 * at most, so that small pieces keep what waits within a few MiB.
 */
const pieceBytes = 1024;

/** What the library's types lack of its streams. */
type Decoder = Transform & { cleanup(): void; totalIn(): number };

/**
 * Native code, which no bundler can take along: loaded when the first LZMA entry is met, so that a function which reads none
 * starts without it.
 */
const lzma = (): typeof import('lzma-native') => createRequire(import.meta.url)('lzma-native');

/** What is needed of an entry. */
type Packed = Pick<Entry, 'name' | 'flags' | 'size'>;

export type Unlzma = {
  /** Takes the entry's own bytes, gives the plain ones. @throws PackageRefused BAD_COMPRESSION or TOO_LARGE, or an LZMA error */
  plain(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
  /** Bytes of the entry that were read when its LZMA ended. */
  bytesRead(): number;
};

export const createUnlzma = (entry: Packed): Unlzma => {
  const options = { memlimit: mostMemory, synchronous: true };
  const decoder = lzma().createStream('aloneDecoder', options as object) as Transform as Decoder;
  return {
    plain: (packed) => decode(decoder, asAlone(packed, entry)),
    bytesRead: () => decoder.totalIn() - aloneBytes + headBytes,
  };
};

/** Feeds piece by piece, and only when all that came of the last piece was taken: the decoder itself does not wait. */
const decode = async function* (decoder: Decoder, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let plain: Buffer[] = [];
  let isOver = false;
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => undefined);
  decoder.on('error', over.reject);
  decoder.on('data', (chunk: Buffer) => plain.push(chunk));
  // At the end of the LZMA, which need not be the end of what is fed.
  decoder.on('end', () => {
    isOver = true;
    over.resolve();
  });
  try {
    for await (const piece of pieces) {
      // What stands behind the end is still taken, so that whatever follows the entry is judged; it is counted as unread.
      if (isOver) continue;
      const fed = new Promise<void>((resolve) => decoder.write(piece, () => resolve()));
      await Promise.race([fed, over.promise]);
      yield* plain.splice(0);
    }
    if (!isOver) decoder.end();
    await over.promise;
    yield* plain.splice(0);
  } finally {
    plain = [];
    decoder.cleanup();
  }
};

/** The stream of a ZIP as a `.lzma` file, in small pieces. @throws PackageRefused if its head is none that is allowed */
const asAlone = async function* (packed: AsyncIterable<Buffer>, entry: Packed): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of packed) {
    let data = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      if (head.length < headBytes) continue;
      yield aloneHead(head, entry);
      data = head.subarray(headBytes);
      head = undefined;
    }
    for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes);
  }
  if (head) {
    const message = `LZMA of ${head.length} bytes; its head alone has ${headBytes}`;
    throw new PackageRefused('BAD_COMPRESSION', message, entry.name);
  }
};

const aloneHead = (head: Buffer, { name, flags, size }: Packed): Buffer => {
  const length = head.readUInt16LE(2);
  if (length !== propertyBytes) {
    const message = `LZMA properties of ${length} bytes; allowed are ${propertyBytes}`;
    throw new PackageRefused('BAD_COMPRESSION', message, name);
  }
  const dictionary = head.readUInt32LE(5);
  if (dictionary > largestDictionary) {
    const message = `an LZMA dictionary of ${dictionary} bytes; allowed are ${largestDictionary}`;
    throw new PackageRefused('TOO_LARGE', message, name);
  }
  const alone = Buffer.alloc(aloneBytes);
  head.copy(alone, 0, 4, headBytes);
  alone.writeBigInt64LE((flags & endMarked) !== 0 ? -1n : BigInt(size), propertyBytes);
  return alone;
};

/** What the decoder says of a stream that is broken or ends too early. */
export const isLzmaError = (error: Error): boolean => error.name.startsWith('LZMA_');
