/** The same bytes through bare Node streams: what no package format could be faster than. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflateRaw, createInflateRaw } from 'node:zlib';

const blockChars = 64 * 1024;
const highWaterMark = 256 * 1024;

const hashing = (hash: ReturnType<typeof createHash>): Transform =>
  new Transform({
    highWaterMark,
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      callback(null, chunk);
    },
  });

/** Objects → JSON, a line each → sha256 → deflate level 6 → sink. Gives the sha256 of the JSON. */
export const bareWrite = async (rows: Iterable<unknown>, kind: string, sink: Writable): Promise<{ sha256: string }> => {
  const hash = createHash('sha256');
  const blocks = function* () {
    let [block, separator] = [`{"${kind}":[\n`, ''];
    for (const row of rows) {
      block += separator + JSON.stringify(row);
      separator = ',\n';
      if (block.length < blockChars) continue;
      yield Buffer.from(block);
      block = '';
    }
    yield Buffer.from(`${block}\n]}\n`);
  };
  await pipeline(
    Readable.from(blocks(), { objectMode: false, highWaterMark }),
    hashing(hash),
    createDeflateRaw({ level: 6, chunkSize: blockChars }),
    sink,
  );
  return { sha256: hash.digest('hex') };
};

/** Deflated bytes of a file → inflate → sha256 → lines → JSON.parse. The first and the last line are no rows. */
export const bareRead = async (
  { path, start, end }: { path: string; start: number; end: number },
  onRow: (row: unknown) => void,
): Promise<{ sha256: string }> => {
  const hash = createHash('sha256');
  let carry: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const whole = data.lastIndexOf(0x0a) + 1;
    for (const line of data.toString('utf8', 0, whole).split('\n')) {
      if (line.startsWith('{"') && !line.endsWith('['))
        onRow(JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line));
    }
    carry = data.subarray(whole);
  };
  const source = createReadStream(path, { start, end: end - 1, highWaterMark });
  await pipeline(source, createInflateRaw({ chunkSize: blockChars }), hashing(hash), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) take(chunk);
  });
  return { sha256: hash.digest('hex') };
};
