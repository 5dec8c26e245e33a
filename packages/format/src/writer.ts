/** Writes one volume as a stream: data files, files, and the manifest last, since it holds the hashes of all others. */
import { createHash } from 'node:crypto';
import { finished, Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';
import { dataEntry, type EntityKind } from './entities.ts';
import { defaultLimits } from './limits.ts';
import { type Manifest, manifestEntry } from './manifest.ts';
import { type Dialect, manifestFrom, manifestText } from './manifest-text.ts';
import { fileEntry, isCompressed } from './names.ts';
import { useNativeCrc } from './native-crc.ts';

/**
 * Rows of a kind as canonical lines (`formatRow`), in the order of the package. Bytes are of whole lines, each ended by a line feed
 * and cut anywhere: they go as they are.
 */
export type DataSource = { kind: EntityKind; lines: AsyncIterable<string | Buffer> };

/** A file's bytes, already open: an entry once begun cannot be withdrawn. `size` in bytes. */
export type FileSource = { fileId: string; fileName: string; size: number; body: Buffer | Readable };

export type Written = {
  /** Rows of each kind that the volume has a data file of. */
  counts: Partial<Record<EntityKind, number>>;
  /** `sha256:<hex>` of the uncompressed bytes, by entry. */
  checksums: Record<string, string>;
  files: number;
  /** Uncompressed bytes of all files, of all data files. */
  fileBytes: number;
  dataBytes: number;
  /** Bytes of the ZIP, and its SHA-256 in hex. */
  bytes: number;
  sha256: string;
};

export type SoFar = Omit<Written, 'bytes' | 'sha256'>;

export type WriteOptions = {
  /** Where the ZIP goes: an upload, a file. Ended when the volume is whole, destroyed with the error when it is not. */
  sink: Writable;
  /** `fzip-1.0` unless given. In `housef3-2.5` data files are bare arrays and the manifest is spelled in camelCase. */
  dialect?: Dialect;
  data: DataSource[];
  files: AsyncIterable<FileSource>;
  /** Makes the manifest of what was written. */
  manifest: (soFar: SoFar) => Manifest;
  /** Hears of the bytes of the ZIP so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
};

/** A file whose bytes ended early, went on too long or could not be read, in the middle of its entry. Write again without it. */
export class FileBroke extends Error {
  readonly fileId: string;

  constructor(fileId: string, message: string, options?: ErrorOptions) {
    super(`file ${fileId}: ${message}`, options);
    this.name = 'FileBroke';
    this.fileId = fileId;
  }
}

useNativeCrc();

/** Of rows, so that what a block costs on its way through archiver's streams is shared by many. */
const blockBytes = 256 * 1024;
const deflatedBytes = 64 * 1024;
const streamBytes = 256 * 1024;
/** Equal content must mean equal bytes; this is the earliest time that a ZIP can state. */
const fixedDate = new Date('1980-01-01T00:00:00Z');

/**
 * Writes a volume in flat memory, as fast as the sink takes it.
 * @throws FileBroke; else what a source, the sink, the manifest's maker or the signal failed with. The sink is then destroyed with it.
 */
export const writeVolume = async (options: WriteOptions): Promise<Written & { manifest: Manifest }> => {
  const { sink, data, files, signal, dialect = 'fzip-1.0' } = options;
  const zip = openZip(sink, options.onProgress);
  const abort = (): void => zip.fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted) abort();
    const soFar: SoFar = { counts: {}, checksums: {}, files: 0, fileBytes: 0, dataBytes: 0 };
    const written = new Set<string>();
    for (const source of data) await appendData(zip, source, soFar, dialect);
    await eachFile(zip, files, (file) => appendFile(zip, file, soFar, written));
    const manifest = options.manifest(structuredClone(soFar));
    await zip.append(manifestEntry, encodeManifest(manifest, dialect));
    const whole = await zip.finish();
    return { ...soFar, ...whole, manifest };
  } catch (error) {
    zip.fail(error);
    throw zip.cause();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
};

/** What cannot be read back is not written. */
const encodeManifest = (manifest: Manifest, dialect: Dialect): Buffer => {
  const bytes = Buffer.from(manifestText(manifest, dialect));
  if (bytes.length > defaultLimits.manifestBytes) {
    throw new RangeError(`manifest of ${bytes.length} bytes; allowed are ${defaultLimits.manifestBytes}`);
  }
  manifestFrom(bytes, []);
  return bytes;
};

type Bytes = Buffer | AsyncIterable<Buffer>;
type Tally = { bytes: number; sha256: string };

const appendData = async (zip: Zip, { kind, lines }: DataSource, soFar: SoFar, dialect: Dialect): Promise<void> => {
  const name = dataEntry(kind);
  const state = { rows: 0, isCut: false };
  const { bytes, sha256 } = await zip.append(name, blocksOf(kind, lines, state, dialect));
  soFar.counts[kind] = state.rows;
  soFar.checksums[name] = `sha256:${sha256}`;
  soFar.dataBytes += bytes;
};

/**
 * `{"X":[`, one row per line, `]}`, or without the object around it; gathered, since a write per row would cost more than its deflate, and
 * as bytes: one letter beyond Latin-1 would make a text of many rows twice as long.
 */
const blocksOf = async function* (
  kind: EntityKind,
  lines: AsyncIterable<string | Buffer>,
  state: { rows: number; isCut: boolean },
  dialect: Dialect,
): AsyncGenerator<Buffer> {
  const [opening, closing] = dialect === 'fzip-1.0' ? [`{"${kind}":[\n`, ']}\n'] : ['[\n', ']\n'];
  let block = Buffer.allocUnsafe(blockBytes);
  let used = block.write(opening);
  for await (const line of lines) {
    if (Buffer.isBuffer(line)) {
      if (used > 0) yield block.subarray(0, used);
      [block, used] = [block.subarray(used), 0];
      yield joined(line, state);
      continue;
    }
    if (state.isCut) throw new TypeError(`${kind}: a row began within another; allowed are bytes of whole lines`);
    refuseLongLine(kind, line);
    // No UTF-16 unit needs more than three bytes.
    const most = line.length * 3 + 2;
    if (used + most > block.length) {
      if (used > 0) yield block.subarray(0, used);
      [block, used] = [Buffer.allocUnsafe(Math.max(blockBytes, most)), 0];
    }
    if (state.rows > 0) used += block.write(',\n', used, 'latin1');
    used += block.write(line, used);
    state.rows += 1;
  }
  if (state.isCut) throw new TypeError(`${kind}: the last row has no end; allowed are bytes of whole lines`);
  yield Buffer.concat([block.subarray(0, used), Buffer.from(state.rows === 0 ? closing : `\n${closing}`)]);
};

/** Lines as an array's elements: what parts two of them is written when the second begins. */
const joined = (lines: Buffer, state: { rows: number; isCut: boolean }): Buffer => {
  // A row has two bytes and its line feed at least, and one byte more is written for it.
  const out = Buffer.allocUnsafe(lines.length + Math.ceil(lines.length / 3) + 2);
  let [from, to] = [0, 0];
  while (from < lines.length) {
    if (!state.isCut && state.rows > 0) {
      out[to] = comma;
      out[to + 1] = lineFeed;
      to += 2;
    }
    const end = lines.indexOf(lineFeed, from);
    const until = end === -1 ? lines.length : end;
    to += lines.copy(out, to, from, until);
    state.isCut = end === -1;
    if (end !== -1) state.rows += 1;
    from = until + 1;
  }
  return out.subarray(0, to);
};

const [lineFeed, comma] = [0x0a, 0x2c];

const refuseLongLine = (kind: EntityKind, line: string): void => {
  const allowed = defaultLimits.lineBytes;
  // No UTF-16 unit needs more than three bytes, so most lines need no counting.
  if (line.length * 3 <= allowed || Buffer.byteLength(line) <= allowed) return;
  throw new RangeError(`${kind}: a row of ${Buffer.byteLength(line)} bytes; allowed are ${allowed}`);
};

const appendFile = async (zip: Zip, file: FileSource, soFar: SoFar, written: Set<string>): Promise<void> => {
  const name = fileEntry(file.fileId, file.fileName);
  if (written.has(file.fileId))
    throw new TypeError(`file ${file.fileId} was written already; allowed is one entry a file`);
  written.add(file.fileId);
  const { bytes, sha256 } = await zip.append(name, exactBody(file), isCompressed(file.fileName));
  soFar.files += 1;
  soFar.fileBytes += bytes;
  soFar.checksums[name] = `sha256:${sha256}`;
};

const exactBody = (file: FileSource): Bytes => {
  const { body, fileId, size } = file;
  if (!Buffer.isBuffer(body)) return exactChunks(file, body);
  if (body.length !== size) throw new FileBroke(fileId, `${body.length} bytes, expected ${size}`);
  return body;
};

const exactChunks = async function* ({ fileId, size }: FileSource, body: Readable): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > size) break;
      yield chunk;
    }
  } catch (cause) {
    throw new FileBroke(fileId, `could not be read after ${bytes} of ${size} bytes`, { cause });
  }
  if (bytes !== size)
    throw new FileBroke(fileId, `${bytes > size ? 'more than' : `ended after ${bytes} of`} ${size} bytes`);
};

/** Takes one file after the other; if the volume fails meanwhile, what is open or still being opened is destroyed. */
const eachFile = async (
  zip: Zip,
  files: AsyncIterable<FileSource>,
  append: (file: FileSource) => Promise<void>,
): Promise<void> => {
  const iterator = files[Symbol.asyncIterator]();
  let taken: Promise<IteratorResult<FileSource>> | undefined;
  try {
    for (;;) {
      taken = iterator.next();
      const next = await zip.unlessFailed(taken);
      if (next.done) return;
      await append(next.value);
    }
  } catch (error) {
    // Not awaited: a source that hangs must not keep the failure from being told.
    taken?.then(close, () => undefined);
    iterator.return?.().catch(() => undefined);
    throw error;
  }
};

const close = ({ done, value }: IteratorResult<FileSource>): void => {
  if (!done && !Buffer.isBuffer(value.body)) value.body.destroy();
};

type Zip = {
  /** Writes one entry; gives size and SHA-256 of its uncompressed bytes. */
  append(name: string, body: Bytes, stored?: boolean): Promise<Tally>;
  /** Writes the directory, waits for the sink; gives size and SHA-256 of the ZIP. */
  finish(): Promise<Tally>;
  /** Rejects with the failure as soon as there is one, whatever else hangs. */
  unlessFailed<T>(promise: Promise<T>): Promise<T>;
  /** Ends everything. The first call counts. */
  fail(error: unknown): void;
  /** What it failed with. */
  cause(): unknown;
};

const openZip = (sink: Writable, onProgress: ((bytes: number) => void) | undefined): Zip => {
  const archive = new ZipArchive({ zlib: { level: 6, chunkSize: deflatedBytes }, highWaterMark: streamBytes });
  const whole = tally(onProgress);
  const counter = passing(whole);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let failed: { error: unknown } | undefined;

  const fail = (error: unknown): void => {
    if (failed) return;
    failed = { error };
    failure.reject(error);
    const reason = error instanceof Error ? error : new Error(String(error));
    sink.destroy(reason);
    counter.destroy(reason);
    archive.destroy(reason);
  };
  // archiver may tell of a failure again after we have; an unheard error would end the process.
  archive.on('error', fail);
  sink.on('error', fail);
  const piped = pipeline(archive, counter, sink);
  piped.catch(fail);
  const unlessFailed = <T>(promise: Promise<T>): Promise<T> => Promise.race([failure.promise, promise]);

  const append = async (name: string, bytes: Bytes, stored = false): Promise<Tally> => {
    if (failed) throw failed.error;
    const inner = tally();
    const body = toBody(bytes, inner);
    // archiver tells neither error nor end when a source fails, so the source is asked itself.
    if (!Buffer.isBuffer(body)) finished(body, { writable: false }, (error) => error && fail(error));
    const written = Promise.withResolvers<void>();
    archive.once('entry', () => written.resolve());
    archive.append(body, { name, date: fixedDate, mode: 0o644, store: stored });
    try {
      await unlessFailed(written.promise);
    } catch (error) {
      if (!Buffer.isBuffer(body)) body.destroy();
      throw error;
    }
    return inner.result();
  };

  const finish = async (): Promise<Tally> => {
    archive.finalize().catch(fail);
    await unlessFailed(piped);
    return whole.result();
  };

  return { append, finish, unlessFailed, fail, cause: () => failed?.error };
};

type Tallying = { add(chunk: Buffer): void; result(): Tally };

/** Counts and hashes bytes. */
const tally = (onProgress?: (bytes: number) => void): Tallying => {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add: (chunk) => {
      bytes += chunk.length;
      hash.update(chunk);
      onProgress?.(bytes);
    },
    result: () => ({ bytes, sha256: hash.digest('hex') }),
  };
};

const passing = (tallying: Tallying): Transform =>
  new Transform({
    highWaterMark: streamBytes,
    transform(chunk: Buffer, _encoding, callback) {
      tallying.add(chunk);
      callback(null, chunk);
    },
  });

/** What archiver takes, tallied on its way. */
const toBody = (bytes: Bytes, tallying: Tallying): Buffer | Readable => {
  if (!Buffer.isBuffer(bytes)) {
    return Readable.from(tallied(bytes, tallying), { objectMode: false, highWaterMark: streamBytes });
  }
  tallying.add(bytes);
  return bytes;
};

const tallied = async function* (chunks: AsyncIterable<Buffer>, tallying: Tallying): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tallying.add(chunk);
    yield chunk;
  }
};
