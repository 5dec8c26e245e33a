/** Packed bytes made plain, up to the very place where they end or break: nothing that came before is dropped. */
import { createInflateRaw } from 'node:zlib';
import { PackageRefused } from '../errors.ts';
import { createUnlzma, isLzmaError } from '../unlzma.ts';

type Bytes = AsyncIterable<Buffer>;

/** Why packed bytes gave no more: there are none (`cut`), or they are no such stream (`broken`). */
export class Unpackable extends Error {
  readonly isCut: boolean;

  constructor(isCut: boolean, message: string) {
    super(message);
    this.name = 'Unpackable';
    this.isCut = isCut;
  }
}

export type Unpacking = {
  /** @throws Unpackable, and whatever the packed bytes fail with */
  plain: AsyncGenerator<Buffer>;
  /** Packed bytes that were taken, once it is over. */
  taken(): number;
};

/** A piece expands a thousand times at most, so small ones keep what waits within a few MiB. */
const pieceBytes = 16 * 1024;
/** What the piece with the damage gave is lost with it. */
const finePieceBytes = 16;

/**
 * A deflate stream, read to its own end.
 * @param fineFrom where the pieces become small: the packed bytes before it are known to be sound
 */
export const inflating = (packed: Bytes, fineFrom = Number.POSITIVE_INFINITY): Unpacking => {
  const inflate = createInflateRaw({ chunkSize: 64 * 1024 });
  let out: Buffer[] = [];
  let isOver = false;
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => undefined);
  inflate.on('data', (chunk: Buffer) => out.push(chunk));
  inflate.on('error', over.reject);
  inflate.on('end', () => {
    isOver = true;
    over.resolve();
  });
  const taken = (): Buffer[] => {
    const waiting = out;
    out = [];
    return waiting;
  };
  /** Resolves when the piece was taken, or when the stream ended within it: then nothing calls back. */
  const feed = async (piece: Buffer): Promise<void> => {
    const fed = new Promise<void>((resolve, reject) =>
      inflate.write(piece, (error) => (error ? reject(error) : resolve())),
    );
    await Promise.race([fed, over.promise]);
    while (inflate.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const plain = async function* (): AsyncGenerator<Buffer> {
    let fed = 0;
    try {
      for await (const chunk of packed) {
        for (let at = 0; at < chunk.length; ) {
          const piece = chunk.subarray(at, at + (fed < fineFrom ? pieceBytes : finePieceBytes));
          at += piece.length;
          fed += piece.length;
          await feed(piece);
          yield* taken();
          if (isOver || inflate.bytesWritten < fed) return;
        }
      }
      inflate.end();
      await over.promise;
      yield* taken();
    } catch (error) {
      yield* taken();
      throw unpackable(error);
    } finally {
      inflate.destroy();
    }
  };
  return { plain: plain(), taken: () => inflate.bytesWritten };
};

/** What zlib says of its input, as a verdict. */
const unpackable = (error: unknown): unknown => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return new Unpackable(true, 'its compressed bytes end too early');
  return code.startsWith('Z_') ? new Unpackable(false, 'its compressed bytes are broken') : error;
};

/** LZMA within a ZIP; `size` is that of the plain bytes, which must be known where no end marker closes the stream. */
export const unlzma = (packed: Bytes, entry: { name: string; flags: number; size: number }): Unpacking => {
  const { plain, bytesRead } = createUnlzma(entry);
  const tolerant = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* plain(packed);
    } catch (error) {
      if (error instanceof PackageRefused) throw new Unpackable(false, error.message);
      if (!(error instanceof Error && isLzmaError(error))) throw error;
      const isCut = error.name === 'LZMA_BUF_ERROR';
      throw new Unpackable(isCut, isCut ? 'its compressed bytes end too early' : 'its compressed bytes are broken');
    }
  };
  return { plain: tolerant(), taken: bytesRead };
};
