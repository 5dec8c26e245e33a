/** Reads a volume once and says what is wrong with it; what other volumes show is kept in `Reading`. */
import { createCategoryCheck } from './category-check.ts';
import type { CheckOptions } from './check.ts';
import { createDefectCheck, type RowPath } from './defect-check.ts';
import { OrderFreeDigest } from './digest.ts';
import { dataEntry, type EntityKind, entityKinds, idOf, kindRules } from './entities.ts';
import { checkEntries } from './entry-check.ts';
import { rowBatches } from './entry-rows.ts';
import type { Entry } from './entry-table.ts';
import { type Finding, PackageRefused } from './errors.ts';
import { type Report, reporting } from './findings.ts';
import { createIdList, type IdList, type Suspects } from './id-list.ts';
import { countKey, manifestEntry } from './manifest.ts';
import { safeFileName } from './names.ts';
import type { FileRow } from './owner-check.ts';
import type { Volume } from './reader.ts';
import { isNumber, numberText, type Row } from './row.ts';
import type { RowLine } from './rows.ts';
import { ownText } from './texts.ts';

/** What was read of a volume. */
export type Read = {
  counts: Record<EntityKind, number>;
  files: { present: number; failed: number; bytes: number };
  digests?: Record<EntityKind, string>;
};

/** What is known of the volumes read so far: what one of them refers to may stand in another. */
export type Reading = {
  options: CheckOptions;
  /** Of several volumes, so that ids are judged when all were read. */
  isShared: boolean;
  /**
   * Kinds that could not be read to their end, which was told: their number, and what refers to them, is not judged, so that one
   * damage is no list of errors.
   */
  broken: Set<EntityKind>;
  ids: Record<EntityKind, IdList>;
  defects: ReturnType<typeof createDefectCheck>;
  categories: ReturnType<typeof createCategoryCheck>;
  /** Rows of transaction_files, by their id as entry names spell it. */
  fileRows: Map<string, FileRow>;
  /** Counts the bytes that pass, for `onProgress`. */
  tap: Tap;
};

export const startReading = (volumes: readonly Volume[], isWhole: boolean, options: CheckOptions): Reading => ({
  options,
  isShared: volumes.length > 1,
  broken: new Set(),
  ids: eachKind(createIdList),
  defects: createDefectCheck(volumes, isWhole),
  categories: createCategoryCheck(),
  fileRows: new Map(),
  tap: createTap(options.onProgress),
});

export const readVolume = async (volume: Volume, reading: Reading, report: Report): Promise<Read> => {
  volume.notes.forEach(report.warn);
  checkEntries(volume, report);
  const rows = await readRows(volume, reading, report);
  const bytes = reading.options.rowsOnly ? 0 : await readFiles(volume, reading, report);
  compareCounts('data_summary', volume, volume.manifest.data_summary, { ...rows, ...reading }, report);
  return { ...rows, files: { present: volume.files.size, failed: volume.manifest.failed_files.length, bytes } };
};

export type Tap = (body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

export const createTap = (onProgress: ((bytes: number) => void) | undefined): Tap => {
  if (!onProgress) return (body) => body;
  let read = 0;
  return async function* (body) {
    for await (const chunk of body) {
      read += chunk.length;
      onProgress(read);
      yield chunk;
    }
  };
};

export const eachKind = <T>(make: (kind: EntityKind) => T): Record<EntityKind, T> =>
  Object.fromEntries(entityKinds.map((kind) => [kind, make(kind)])) as Record<EntityKind, T>;

/** Rows of these kinds may stand in any volume; all others stand whole in the first. FORMAT.md, "Volumes". */
export const spanning: readonly EntityKind[] = ['transactions', 'analytics'];

const readRows = async (
  volume: Volume,
  { options: { onRow, withDigests }, isShared, broken, ids, defects, categories, fileRows, tap }: Reading,
  report: Report,
): Promise<Pick<Read, 'counts' | 'digests'>> => {
  const counts = eachKind(() => 0);
  const digests = withDigests ? eachKind(() => new OrderFreeDigest()) : undefined;
  // In the order of the kinds, rows that others refer to come first, so that references are checked as they are read.
  for (const kind of entityKinds) {
    const [known, digest] = [ids[kind], digests?.[kind]];
    const path: RowPath = (field) => `$.${kind}[${counts[kind] - 1}]${field === undefined ? '' : `.${field}`}`;
    const isWhole = await reporting(report, async () => {
      for await (const rows of rowBatches(volume, kind, tap)) {
        for (const one of rows) {
          counts[kind] += 1;
          digest?.add(one.found);
          const id = idIn(kind, one);
          if (id !== undefined) known.add(id);
          defects.row(kind, one, id, counts[kind], report, path);
          if (kind === 'categories') categories.row(one.row);
          if (kind === 'transaction_files' && id !== undefined)
            fileRows.set(safeFileName(id), { id, size: fileSize(one.row) });
          const kept = onRow?.(kind, one);
          if (kept) await kept;
        }
      }
    });
    if (!isShared) await reportDoubles(kind, [{ volume, report }], known);
    if (counts[kind] > 0) refuseMisplaced(volume, kind, counts[kind], report);
    if (isWhole) defects.kindRead(kind, report);
    else {
      broken.add(kind);
      defects.kindBroken(kind);
    }
  }
  return { counts, ...(digests ? { digests: eachKind((kind) => digests[kind].hex()) } : {}) };
};

/** Ids of transactions are looked at once; all others are kept for as long as the check lasts. */
const idIn = (kind: EntityKind, one: RowLine): string | undefined => {
  if (!one.known) return idOf(kind, one.row);
  return kind === 'transactions' ? one.known.id : ownText(one.known.id);
};

const refuseMisplaced = ({ manifest }: Volume, kind: EntityKind, rows: number, report: Report): void => {
  if (manifest.volume.number === 1 || spanning.includes(kind)) return;
  const message = `${dataEntry(kind)}: ${rows} rows in volume ${manifest.volume.number}; allowed are they in volume 1`;
  report.error({ code: 'MISPLACED_ROWS', message, entry: dataEntry(kind) });
};

/**
 * Rows with an id that a row before them has, each told to its volume. Reads the kind again if there may be any.
 * @param volumes where `ids` were read, with who hears of each
 */
export const reportDoubles = async (
  kind: EntityKind,
  volumes: readonly { volume: Volume; report: Report }[],
  ids: IdList,
): Promise<void> => {
  const suspects = ids.suspects();
  if (!suspects) return;
  const seen = new Set<string>();
  for (const { volume, report } of volumes) {
    await readDoubles(volume, kind, suspects, seen, report);
  }
  const [last] = volumes.slice(-1);
  const message = `${kind}: ${suspects.more} more ids stand twice`;
  if (suspects.more > 0) last?.report.error({ code: 'DUPLICATE_ID', message, entry: dataEntry(kind) });
};

const readDoubles = async (
  volume: Volume,
  kind: EntityKind,
  suspects: Suspects,
  seen: Set<string>,
  report: Report,
): Promise<void> => {
  let place = -1;
  try {
    for await (const rows of rowBatches(volume, kind)) {
      for (const one of rows) {
        place += 1;
        const id = idIn(kind, one);
        if (id === undefined || !suspects.has(id)) continue;
        if (seen.has(id)) report.error(doubledAt(kind, id, place));
        seen.add(ownText(id));
      }
    }
  } catch (error) {
    // That the rows cannot be read to their end was told when they were read first.
    if (!(error instanceof PackageRefused)) throw error;
  }
};

const doubledAt = (kind: EntityKind, id: string, place: number): Finding => ({
  code: 'DUPLICATE_ID',
  message: `${kind}: two rows share an id`,
  entry: dataEntry(kind),
  id,
  path: `$.${kind}[${place}]`,
});

const fileSize = (row: Row): string | undefined => (isNumber(row.fileSize) ? numberText(row.fileSize) : undefined);

/** Reads what no row is read from, so that every byte of the volume has been judged. Gives the bytes of all files. */
export const readFiles = async (volume: Volume, { tap }: Pick<Reading, 'tap'>, report: Report): Promise<number> => {
  let bytes = 0;
  const drain = async ({ role }: Entry, body: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of body) bytes += role.is === 'file' ? chunk.length : 0;
  };
  const rows = new Set([...volume.data.values()].map(({ name }) => name));
  // In the order of the bytes, which a disk and a remote store both like best.
  for (const entry of volume.entries.byOffset()) {
    if (rows.has(entry.name) || entry.role.is === 'manifest') continue;
    const body = volume.body(entry);
    await reporting(report, () => drain(entry, entry.role.is === 'folder' ? body : tap(body)));
  }
  return bytes;
};

type Summary = Volume['manifest']['data_summary'];

/** A summary of the manifest with the rows that are there. What `told` says too has been compared already. */
export const compareCounts = (
  where: string,
  { manifest }: Volume,
  summary: Summary,
  { counts, broken }: Pick<Read, 'counts'> & Pick<Reading, 'broken'>,
  report: Report,
  told?: Summary,
): void => {
  for (const kind of entityKinds) {
    const stated = summary[countKey(kind)];
    if (broken.has(kind)) continue;
    if (stated !== undefined && stated !== counts[kind] && stated !== told?.[countKey(kind)]) {
      const message = `${dataEntry(kind)}: ${counts[kind]} rows, ${where} says ${stated}`;
      report.error({ code: 'COUNT_MISMATCH', message, entry: dataEntry(kind) });
    }
    if (stated === undefined && summary === manifest.data_summary && kindRules[kind].id !== undefined) {
      const message = `data_summary: ${countKey(kind)} is missing`;
      report.warn({ code: 'COUNT_MISMATCH', message, entry: manifestEntry });
    }
  }
};
