/** A source that gives a few bytes at a time, so that every record and every row is cut somewhere. */
import { Readable } from 'node:stream';
import { bufferSource, type PackageSource } from '../src/index.ts';

export const dribbling = (bytes: Buffer): PackageSource => ({
  ...bufferSource(bytes),
  stream: (start, end) =>
    Readable.from(
      (function* () {
        for (let at = start; at < end; at += 7) yield bytes.subarray(at, Math.min(at + 7, end));
      })(),
      { objectMode: false },
    ),
});
