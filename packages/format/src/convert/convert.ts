/** A package in the other dialect: every row and file that it can hold, and a list of what it cannot. */
import { Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { eachKind, type Tap } from '../check-volume.ts';
import { DefectLedger } from '../defects.ts';
import { type EntityKind, entityKinds, idOf } from '../entities.ts';
import { rowBatches } from '../entry-rows.ts';
import { PackageRefused } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { type Manifest, manifestEntry } from '../manifest.ts';
import { type Dialect, keysNotSpelled, manifestText } from '../manifest-text.ts';
import type { Volume } from '../reader.ts';
import { formatRow, type Row } from '../row.ts';
import { FileBroke, type FileSource, type SoFar, type Written, writeVolume } from '../writer.ts';
import { convertedManifest } from './converted-manifest.ts';
import { createDifferences, type Differences, type Listed } from './differences.ts';
import { type Examined, examine } from './examine.ts';
import { toHousef3Row } from './housef3-row.ts';
import { inOrder } from './in-order.ts';

export type ConvertOptions = {
  to: Dialect;
  /** As for `writeVolume`. */
  sink: Writable;
  /** Where rows are kept that are not in order and too many to be held. */
  folder: string;
  /** Hears of uncompressed bytes read; everything is read twice. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
};

export type Converted = {
  manifest: Manifest;
  counts: Record<EntityKind, number>;
  /** What the new package does not hold, or HouseF3's restore would not bring back. */
  notHeld: Listed[];
  /** What the new package says in other words. */
  respelled: Listed[];
  /** What else its user should know, of the source and of the new package. */
  warnings: string[];
  written: Written;
};

/** Smaller files are written at once, so that their local headers have sizes. */
const smallFile = 256 * 1024;
/** What HouseF3 takes, and what its consumer can hold. HOUSEF3.md, rule W7. */
const housef3Bytes = { most: 500 * 2 ** 20, practical: 100 * 2 ** 20 };

/**
 * Converts the volumes of one package, as `oneSet` gives them, into one volume. Into the dialect that it has already, it is written
 * anew in canonical form.
 * @throws PackageRefused if the package is not intact, or one volume cannot hold it; whatever sources and sink fail with. The sink
 * is then destroyed.
 */
export const convertPackage = async (volumes: readonly Volume[], options: ConvertOptions): Promise<Converted> => {
  const { to, sink, signal, onProgress } = options;
  try {
    let read = 0;
    const examined = await examine(volumes, (bytes) => {
      read = bytes;
      onProgress?.(read);
    });
    const tap: Tap = async function* (body) {
      for await (const chunk of body) {
        read += chunk.length;
        onProgress?.(read);
        yield chunk;
      }
    };
    return await write(examined, { to, sink, folder: options.folder, tap, ...(signal && { signal }) });
  } catch (cause) {
    // What its source failed with says more than that a file broke off.
    const error = cause instanceof FileBroke && cause.cause !== undefined ? cause.cause : cause;
    sink.destroy();
    throw error;
  }
};

type Writing = Pick<ConvertOptions, 'to' | 'sink' | 'folder' | 'signal'> & { tap: Tap };

const write = async (examined: Examined, { to, sink, folder, signal, tap }: Writing): Promise<Converted> => {
  const { volumes, ids, isSorted } = examined;
  const differences = createDifferences();
  const defects = new DefectLedger();
  const known = { has: (kind: EntityKind, id: string): boolean => ids[kind].has(id) };
  const leftOut = eachKind(() => 0);
  const changed = async function* (kind: EntityKind): AsyncGenerator<Row> {
    for await (const found of rowsOf(volumes, kind, tap)) {
      const row = to === 'housef3-2.5' ? inHousef3(kind, found, known.has, differences) : found;
      if (row === undefined) {
        leftOut[kind] += 1;
        continue;
      }
      defects.add(kind, row, known);
      yield row;
    }
  };
  const linesOf = (kind: EntityKind): AsyncIterable<string> =>
    isSorted[kind] ? canonical(changed(kind)) : inOrder(kind, changed(kind), { folder });
  const { manifest, ...written } = await writeVolume({
    sink,
    dialect: to,
    data: entityKinds
      .filter((kind) => kind !== 'analytics' || volumes.some(({ data }) => data.has(kind)))
      .map((kind) => ({ kind, lines: linesOf(kind) })),
    files: filesOf(examined, to, differences, tap),
    manifest: (soFar) => manifestFor(examined, to, soFar, defects, differences),
    ...(signal && { signal }),
  });
  for (const kind of entityKinds) requireAll(kind, examined.counts[kind], leftOut[kind], written.counts[kind] ?? 0);
  const listed = differences.list();
  return {
    manifest,
    counts: eachKind((kind) => written.counts[kind] ?? 0),
    notHeld: listed.filter(({ what }) => what !== 'respelled'),
    respelled: listed.filter(({ what }) => what === 'respelled'),
    warnings: [...sizeWarnings(to, written.bytes), ...defectWarnings(manifest), ...examined.warnings],
    written,
  };
};

/** The source is read twice, and may have changed meanwhile. */
const requireAll = (kind: EntityKind, found: number, leftOut: number, written: number): void => {
  if (found === written + leftOut) return;
  throw new Error(`${kind}: ${written} rows were written and ${leftOut} left out; the package had ${found}`);
};

const canonical = async function* (rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield formatRow(row);
};

const rowsOf = async function* (volumes: readonly Volume[], kind: EntityKind, tap: Tap): AsyncGenerator<Row> {
  for (const volume of volumes) {
    for await (const rows of rowBatches(volume, kind, tap)) for (const { row } of rows) yield row;
  }
};

const inHousef3 = (
  kind: EntityKind,
  found: Row,
  has: (kind: EntityKind, id: string) => boolean,
  to: Differences,
): Row | undefined => {
  const { row, differences } = toHousef3Row(kind, found, (id) => has('accounts', id));
  const id = differences.length > 0 ? idOf(kind, found) : undefined;
  for (const difference of differences) to.add(kind, id, difference);
  return row;
};

const filesOf = async function* (
  { volumes, owners }: Examined,
  to: Dialect,
  differences: Differences,
  tap: Tap,
): AsyncGenerator<FileSource> {
  for (const volume of volumes) {
    for (const [safeId, entry] of volume.files) {
      const owner = owners.get(safeId);
      if (!owner) throw new Error(`${entry.name}: no row owns it, though the check found one`);
      if (to === 'housef3-2.5') differences.add('files', owner.fileId, bytesIgnored);
      const body = Readable.from(tap(volume.body(entry)), { objectMode: false });
      yield { ...owner, size: entry.size, body: entry.size <= smallFile ? await buffer(body) : body };
    }
  }
};

const bytesIgnored = { what: 'ignored', why: 'HouseF3’s restore brings no file’s bytes back' } as const;

/** @throws PackageRefused if no manifest can say it all */
const manifestFor = (
  { volumes, owners }: Examined,
  to: Dialect,
  soFar: SoFar,
  defects: DefectLedger,
  differences: Differences,
): Manifest => {
  if (defects.overflowed)
    throw new PackageRefused('TOO_LARGE', 'more than 10 000 different defects; a manifest states no more');
  const all = convertedManifest(volumes, { to, soFar, owners, knownDefects: defects.list() });
  const { manifest, notSpelled } = to === 'housef3-2.5' ? keysNotSpelled(all) : { manifest: all, notSpelled: [] };
  const why = 'in this dialect’s spelling it would be taken for another key';
  for (const field of notSpelled) differences.add('manifest', undefined, { what: 'left-out', field, why });
  const bytes = Buffer.byteLength(manifestText(manifest, to));
  const { manifestBytes } = defaultLimits;
  if (bytes > manifestBytes) {
    const message = `${bytes} bytes, allowed are ${manifestBytes}: one volume cannot list so many files`;
    throw new PackageRefused('TOO_LARGE', message, manifestEntry);
  }
  return manifest;
};

const sizeWarnings = (to: Dialect, bytes: number): string[] => {
  const { most, practical } = housef3Bytes;
  if (to !== 'housef3-2.5' || bytes <= practical) return [];
  if (bytes > most) return [`HouseF3 will refuse the package: it has ${bytes} bytes, allowed are ${most}`];
  return [`the package has ${bytes} bytes; above ${practical} HouseF3's restore may run out of memory`];
};

const defectWarnings = ({ known_defects }: Manifest): string[] =>
  known_defects.length === 0
    ? []
    : [`known_defects states ${known_defects.length} dangling references or odd values, which travel as they are`];
