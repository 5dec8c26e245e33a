/** Checks a volume: reads everything once, in flat memory, and says everything that is wrong with it. */
import { createCategoryCheck } from './category-check.ts';
import { createDefectCheck } from './defect-check.ts';
import { OrderFreeDigest } from './digest.ts';
import type { Entry } from './directory.ts';
import { dataEntry, type EntityKind, entityKinds, idOf, kindRules } from './entities.ts';
import { checkEntries } from './entry-check.ts';
import { rowBatches } from './entry-rows.ts';
import { type Finding, PackageRefused } from './errors.ts';
import { createIdSet } from './id-set.ts';
import { countKey, manifestEntry } from './manifest.ts';
import { safeFileName } from './names.ts';
import type { Volume } from './reader.ts';
import { isNumber, numberText, type Row } from './row.ts';

export type CheckOptions = {
  /** Gets every row as it is read, before the verdict: whoever keeps rows must drop them if the volume is not intact. */
  onRow?: (kind: EntityKind, row: Row, line: string) => void | Promise<void>;
  /** Hears of the uncompressed bytes read so far; in the end the sum of `size` of all data and files. */
  onProgress?: (bytes: number) => void;
  /** How many errors, and how many warnings, are kept; all are counted. */
  maxErrors?: number;
};

export type VolumeCheck = {
  /** Without errors. Warnings do not matter. */
  intact: boolean;
  /** The first ones. */
  errors: Finding[];
  errorCount: number;
  warnings: Finding[];
  counts: Record<EntityKind, number>;
  /** `failed` as the manifest lists them; `bytes` uncompressed. */
  files: { present: number; failed: number; bytes: number };
  /** OrderFreeDigest of the rows' lines before they were normalised, hex. */
  digests: Record<EntityKind, string>;
};

type Report = { error(finding: Finding): void; warn(finding: Finding): void };

/** Rows that others refer to come first, so that references are checked as they are read. */
const readingOrder = entityKinds;

/**
 * Reads every entry once and compares it with the manifest. Verdicts are in the result, accidents of the source are thrown.
 * Of a volume of several, what only the whole set can show is left out.
 */
export const checkVolume = async (volume: Volume, options: CheckOptions = {}): Promise<VolumeCheck> => {
  const { maxErrors = 100, onProgress } = options;
  const findings = createFindings(maxErrors);
  const progress = createProgress(onProgress);
  volume.notes.forEach(findings.warn);
  checkEntries(volume, findings);
  const rows = await checkRows(volume, options, findings, progress);
  const bytes = await checkFiles(volume, findings, progress);
  checkOwners(volume, rows.files, findings);
  checkCounts(volume, rows.counts, findings);
  const { errors, errorCount, warnings } = findings;
  return {
    intact: errorCount() === 0,
    errors,
    errorCount: errorCount(),
    warnings,
    counts: rows.counts,
    files: { present: volume.files.size, failed: volume.manifest.failed_files.length, bytes },
    digests: rows.digests,
  };
};

const createFindings = (most: number) => {
  const [errors, warnings]: [Finding[], Finding[]] = [[], []];
  let count = 0;
  return {
    errors,
    warnings,
    errorCount: () => count,
    error: (finding: Finding): void => {
      count += 1;
      if (errors.length < most) errors.push(finding);
    },
    warn: (finding: Finding): void => {
      if (warnings.length < most) warnings.push(finding);
    },
  };
};

type Progress = (body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

const createProgress = (onProgress: ((bytes: number) => void) | undefined): Progress => {
  let read = 0;
  return async function* (body) {
    for await (const chunk of body) {
      read += chunk.length;
      onProgress?.(read);
      yield chunk;
    }
  };
};

/** Runs a piece of the check; a refusal becomes an error of the report, anything else is an accident. */
const reporting = async (report: Report, piece: () => Promise<void>): Promise<void> => {
  try {
    await piece();
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    report.error({
      code: error.code,
      message: error.message,
      ...(error.entry === undefined ? {} : { entry: error.entry }),
    });
  }
};

const isLone = (volume: Volume): boolean => volume.manifest.volume.count === 1;

type FileRow = { id: string; size: string | undefined };
type CheckedRows = {
  counts: Record<EntityKind, number>;
  digests: Record<EntityKind, string>;
  /** Rows of transaction_files, by their id as entry names spell it. */
  files: Map<string, FileRow>;
};

const eachKind = <T>(make: (kind: EntityKind) => T): Record<EntityKind, T> =>
  Object.fromEntries(entityKinds.map((kind) => [kind, make(kind)])) as Record<EntityKind, T>;

const checkRows = async (
  volume: Volume,
  { onRow }: CheckOptions,
  report: Report,
  progress: Progress,
): Promise<CheckedRows> => {
  const digests = eachKind(() => new OrderFreeDigest());
  const files = new Map<string, FileRow>();
  const defects = createDefectCheck(volume, report);
  const categories = createCategoryCheck();
  for (const kind of readingOrder) {
    const entry = volume.data.get(kind);
    const isNew = createIds(kind, report);
    if (entry) {
      await reporting(report, async () => {
        for await (const rows of rowBatches(volume, kind, progress)) {
          for (const { row, line, found, isPlain } of rows) {
            digests[kind].add(found);
            const id = idOf(kind, row);
            if (id !== undefined) isNew(id);
            defects.row(kind, row, id ?? `row ${digests[kind].count}`, isPlain);
            if (kind === 'categories') categories.row(row);
            if (kind === 'transaction_files' && id !== undefined)
              files.set(safeFileName(id), { id, size: fileSize(row) });
            const kept = onRow?.(kind, row, line);
            if (kept) await kept;
          }
        }
      });
    }
    defects.kindRead(kind);
  }
  categories.circles().forEach(defects.circle);
  defects.end();
  return { counts: eachKind((kind) => digests[kind].count), digests: eachKind((kind) => digests[kind].hex()), files };
};

const fileSize = (row: Row): string | undefined => (isNumber(row.fileSize) ? numberText(row.fileSize) : undefined);

const createIds = (kind: EntityKind, report: Report): ((id: string) => void) => {
  const ids = createIdSet();
  return (id) => {
    if (!ids.add(id)) {
      report.error({ code: 'DUPLICATE_ID', message: `${kind}: two rows share an id`, entry: dataEntry(kind), id });
    }
  };
};

/** Reads what no row is read from, so that every byte of the volume has been judged. */
const checkFiles = async (volume: Volume, report: Report, progress: Progress): Promise<number> => {
  let bytes = 0;
  const drain = async ({ role }: Entry, body: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of body) bytes += role.is === 'file' ? chunk.length : 0;
  };
  const rows = new Set(volume.data.values());
  // In the order of the bytes, which a disk and a remote store both like best.
  for (const entry of volume.entries.toSorted((a, b) => a.offset - b.offset)) {
    if (rows.has(entry) || entry.role.is === 'manifest') continue;
    const body = volume.body(entry);
    await reporting(report, () => drain(entry, entry.role.is === 'folder' ? body : progress(body)));
  }
  return bytes;
};

/** Every entry belongs to a row, every row has its bytes or is stated as failed. */
const checkOwners = (volume: Volume, rows: Map<string, FileRow>, report: Report): void => {
  if (volume.manifest.volume.number !== 1) return;
  const failed = new Set(volume.manifest.failed_files.map(({ fileId }) => safeFileName(fileId)));
  for (const [fileId, entry] of volume.files) {
    const row = rows.get(fileId);
    if (!row) {
      report.error({
        code: 'UNKNOWN_ENTRY',
        message: `${entry.name}: no row of transaction_files owns it`,
        entry: entry.name,
      });
    } else if (row.size !== undefined && row.size !== String(entry.size)) {
      const message = `${entry.name}: ${entry.size} bytes, its row says ${row.size}`;
      report.warn({ code: 'COUNT_MISMATCH', message, entry: entry.name, id: row.id });
    }
  }
  if (!isLone(volume)) return;
  for (const [fileId, { id }] of rows) {
    if (volume.files.has(fileId) || failed.has(fileId)) continue;
    const message = `transaction_files: the bytes of ${id} are missing${volume.dialect === 'fzip-1.0' ? ', and failed_files does not list it' : ''}`;
    const finding: Finding = { code: 'MISSING_ENTRY', message, entry: dataEntry('transaction_files'), id };
    // HouseF3 leaves out what it could not read and does not say so.
    if (volume.dialect === 'housef3-2.5') report.warn(finding);
    else report.error(finding);
  }
};

const checkCounts = ({ manifest }: Volume, counts: Record<EntityKind, number>, report: Report): void => {
  const { volume, data_summary } = manifest;
  const compare = (where: string, kind: EntityKind, stated: number | undefined): void => {
    if (stated === undefined || stated === counts[kind]) return;
    const message = `${dataEntry(kind)}: ${counts[kind]} rows, ${where} says ${stated}`;
    report.error({ code: 'COUNT_MISMATCH', message, entry: dataEntry(kind) });
  };
  for (const kind of entityKinds) {
    const stated = data_summary[countKey(kind)];
    compare('data_summary', kind, stated);
    if (volume.count === 1 && volume.set_summary[countKey(kind)] !== stated) {
      compare('set_summary', kind, volume.set_summary[countKey(kind)]);
    }
    if (stated === undefined && kindRules[kind].id !== undefined) {
      report.warn({
        code: 'COUNT_MISMATCH',
        message: `data_summary: ${countKey(kind)} is missing`,
        entry: manifestEntry,
      });
    }
  }
};
