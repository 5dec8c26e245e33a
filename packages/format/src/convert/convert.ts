/** A package in the other dialect: every row and file that it can hold, and a list of what it cannot. */
import { Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { checkPackage } from '../check.ts';
import { DefectLedger } from '../defects.ts';
import { type EntityKind, entityKinds, idOf } from '../entities.ts';
import { PackageRefused } from '../errors.ts';
import { countKey, type Manifest } from '../manifest.ts';
import type { Dialect } from '../manifest-text.ts';
import { safeFileName } from '../names.ts';
import { compareSortKeys, type SortKey, sortKey } from '../package-row.ts';
import type { Volume } from '../reader.ts';
import { formatRow, type Row } from '../row.ts';
import { type FileSource, type SoFar, type Written, writeVolume } from '../writer.ts';
import { type NotHeld, toHousef3Row } from './housef3-row.ts';
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

/** The same for some rows of a kind; `ids` are the first hundred. */
export type NotHeldRows = NotHeld & { kind: EntityKind | 'files'; rows: number; ids: string[] };

export type Converted = {
  manifest: Manifest;
  counts: Record<EntityKind, number>;
  notHeld: NotHeldRows[];
  written: Written;
};

const listed = 100;
/** Smaller files are written at once, so that their local headers have sizes. */
const smallFile = 256 * 1024;
/** What HouseF3 takes, and what its consumer can hold. HOUSEF3.md, rule W7. */
const housef3Bytes = { most: 500 * 2 ** 20, practical: 100 * 2 ** 20 };

/**
 * Converts the volumes of one package, as `oneSet` gives them, into one volume. Into the dialect that it has already, it is written
 * anew in canonical form.
 * @throws PackageRefused if the package is not intact, or has more different defects than a manifest can state; whatever sources and
 * sink fail with. The sink is then destroyed.
 */
export const convertPackage = async (volumes: readonly Volume[], options: ConvertOptions): Promise<Converted> => {
  const { to, sink, signal } = options;
  const survey = await surveyOf(volumes, options.onProgress);
  const losses = createLosses();
  const defects = new DefectLedger();
  const linesOf = (kind: EntityKind): AsyncIterable<string> => {
    const rows = survey.rowsOf(kind);
    const written = to === 'housef3-2.5' ? housef3Rows(kind, rows, survey, losses) : rows;
    const stated = withDefects(kind, written, defects, survey);
    return survey.isInOrder(kind) ? canonical(stated) : inOrder(kind, stated, options);
  };
  const files = filesOf(volumes, survey, to, losses);
  const { manifest, ...written } = await writeVolume({
    sink,
    dialect: to,
    data: entityKinds
      .filter((kind) => kind !== 'analytics' || survey.hasAnalytics)
      .map((kind) => ({ kind, lines: linesOf(kind) })),
    files,
    manifest: (soFar) => {
      if (defects.overflowed)
        throw new PackageRefused('TOO_LARGE', 'more than 10 000 different defects; a manifest states no more');
      return manifestOf(volumes, survey, soFar, defects, to);
    },
    ...(signal && { signal }),
  });
  if (to === 'housef3-2.5') losses.size(written.bytes);
  return { manifest, counts: countsOf(written), notHeld: losses.list(), written };
};

const countsOf = ({ counts }: Pick<SoFar, 'counts'>): Record<EntityKind, number> =>
  Object.fromEntries(entityKinds.map((kind) => [kind, counts[kind] ?? 0])) as Record<EntityKind, number>;

const canonical = async function* (rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield formatRow(row);
};

type FileOwner = { fileId: string; fileName: string };

type Survey = {
  rowsOf(kind: EntityKind): AsyncGenerator<Row>;
  isInOrder(kind: EntityKind): boolean;
  has(kind: EntityKind, id: string): boolean;
  /** By file id as entry names spell it. */
  owners: ReadonlyMap<string, FileOwner>;
  hasAnalytics: boolean;
  onRead(bytes: number): void;
};

/** Reads everything once: whether it is intact, which ids there are, and which kinds are in order. */
const surveyOf = async (volumes: readonly Volume[], onProgress: ConvertOptions['onProgress']): Promise<Survey> => {
  const ids = new Map<EntityKind, Set<string>>();
  const last = new Map<EntityKind, SortKey>();
  const unordered = new Set<EntityKind>();
  const owners = new Map<string, FileOwner>();
  let read = 0;
  const {
    intact,
    volumes: checks,
    set,
  } = await checkPackage(volumes, {
    onProgress: (bytes) => {
      read = bytes;
      onProgress?.(read);
    },
    onRow: (kind, row) => {
      const key = sortKey(kind, row);
      const before = last.get(kind);
      if (before && compareSortKeys(before, key) > 0) unordered.add(kind);
      last.set(kind, key);
      if (kind === 'transactions' || kind === 'analytics') return;
      const id = idOf(kind, row) ?? '';
      const known = ids.get(kind) ?? new Set();
      ids.set(kind, known.add(id));
      if (kind === 'transaction_files') owners.set(safeFileName(id), { fileId: id, fileName: String(row.fileName) });
    },
  });
  if (!intact) {
    const [first] = [...checks.flatMap(({ errors }) => errors), ...(set?.errors ?? [])];
    const message = `the package is damaged, and \`fzip repair\` saves what is intact of it: ${first?.message}`;
    throw new PackageRefused(first?.code ?? 'BAD_MANIFEST', message);
  }
  return {
    rowsOf: async function* (kind) {
      for (const volume of volumes) {
        for await (const { row, line } of volume.rows(kind)) {
          read += line.length;
          onProgress?.(read);
          yield row;
        }
      }
    },
    isInOrder: (kind) => !unordered.has(kind),
    has: (kind, id) => ids.get(kind)?.has(id) ?? false,
    owners,
    hasAnalytics: volumes.some(({ data }) => data.has('analytics')),
    onRead: (bytes) => {
      read += bytes;
      onProgress?.(read);
    },
  };
};

const withDefects = async function* (
  kind: EntityKind,
  rows: AsyncIterable<Row>,
  defects: DefectLedger,
  survey: Survey,
): AsyncGenerator<Row> {
  for await (const row of rows) {
    defects.add(kind, row, survey);
    yield row;
  }
};

/** Without its account HouseF3 refuses the whole package: such a transaction cannot be in it, and a file map does without. */
const housef3Rows = async function* (
  kind: EntityKind,
  rows: AsyncIterable<Row>,
  survey: Survey,
  losses: Losses,
): AsyncGenerator<Row> {
  for await (const given of rows) {
    const id = idOf(kind, given);
    const { accountId } = given;
    const isStray = typeof accountId === 'string' && !survey.has('accounts', accountId);
    if (isStray && kind === 'transactions') {
      const why = 'its account is not in the package, and HouseF3 would refuse all of it';
      losses.add(kind, id, { what: 'left-out', why });
      continue;
    }
    let row = given;
    if (isStray && kind === 'file_maps') {
      const why = 'the account is not in the package, and HouseF3 would refuse all of it';
      losses.add(kind, id, { what: 'left-out', field: 'accountId', why });
      const { accountId: _, ...rest } = given;
      row = rest;
    }
    const { row: written, notHeld } = toHousef3Row(kind, row);
    for (const one of notHeld) losses.add(kind, id, one);
    yield written;
  }
};

const filesOf = async function* (
  volumes: readonly Volume[],
  { owners, onRead }: Survey,
  to: Dialect,
  losses: Losses,
): AsyncGenerator<FileSource> {
  for (const volume of volumes) {
    for (const [safeId, entry] of volume.files) {
      const owner = owners.get(safeId);
      if (!owner) throw new Error(`${entry.name}: no row owns it, though the check found one`);
      if (to === 'housef3-2.5')
        losses.add('files', owner.fileId, { what: 'ignored', why: "HouseF3's restore brings no file's bytes back" });
      const body = Readable.from(counted(volume.body(entry), onRead), { objectMode: false });
      yield { ...owner, size: entry.size, body: entry.size <= smallFile ? await buffer(body) : body };
    }
  }
};

const counted = async function* (body: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of body as AsyncIterable<Buffer>) {
    onRead(chunk.length);
    yield chunk;
  }
};

/** What the source says, and what is true of the new package. Unknown keys travel. */
const manifestOf = (
  volumes: readonly Volume[],
  { owners }: Survey,
  soFar: SoFar,
  defects: DefectLedger,
  to: Dialect,
): Manifest => {
  const [first] = volumes as [Volume];
  const { manifest } = first;
  const counts = countsOf(soFar);
  const summary = {
    ...Object.fromEntries(entityKinds.map((kind) => [countKey(kind), counts[kind]])),
    analytics_included: soFar.counts.analytics !== undefined,
  };
  const failed = new Map(
    volumes.flatMap((volume) => volume.manifest.failed_files.map((file) => [safeFileName(file.fileId), file] as const)),
  );
  for (const [safeId, owner] of owners) {
    if (failed.has(safeId) || volumes.some(({ files }) => files.has(safeId))) continue;
    failed.set(safeId, { ...owner, reason: 'its bytes are not in the package that this was converted from' });
  }
  return {
    ...manifest,
    backup_format_version: '1.0',
    data_summary: summary,
    checksums: soFar.checksums,
    failed_files: [...failed.values()],
    known_defects: defects.list(),
    volume: { ...manifest.volume, number: 1, count: 1, set_summary: summary },
    ...(to === first.dialect ? {} : { converted_from: first.dialect }),
  };
};

type Losses = {
  add(kind: EntityKind | 'files', id: string | undefined, one: NotHeld): void;
  /** @param bytes of the whole package */
  size(bytes: number): void;
  list(): NotHeldRows[];
};

const createLosses = (): Losses => {
  const found = new Map<string, NotHeldRows>();
  const warnings: NotHeldRows[] = [];
  return {
    add: (kind, id, { what, field, why }) => {
      const key = JSON.stringify([kind, what, field, why]);
      const known = found.get(key) ?? { kind, what, ...(field === undefined ? {} : { field }), why, rows: 0, ids: [] };
      found.set(key, known);
      known.rows += 1;
      if (id !== undefined && known.ids.length < listed) known.ids.push(id);
    },
    size: (bytes) => {
      const { most, practical } = housef3Bytes;
      if (bytes <= practical) return;
      const why =
        bytes > most
          ? `the package has ${bytes} bytes; HouseF3 takes ${most} at most`
          : `the package has ${bytes} bytes; above ${practical} HouseF3's restore may run out of memory`;
      warnings.push({ kind: 'files', what: bytes > most ? 'dropped' : 'ignored', why, rows: 0, ids: [] });
    },
    list: () => [...warnings, ...found.values()],
  };
};
