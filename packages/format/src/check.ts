/** Checks volumes: reads everything once, in flat memory, and says everything that is wrong with them. */
import {
  compareCounts,
  createTap,
  eachKind,
  type Read,
  type Reading,
  readFiles,
  readVolume,
  reportDoubles,
  startReading,
} from './check-volume.ts';
import { type EntityKind, entityKinds } from './entities.ts';
import type { Finding } from './errors.ts';
import { type ByCode, countOf, createFindings, type Findings, type Report } from './findings.ts';
import { checkOwned, checkPresent } from './owner-check.ts';
import type { Volume } from './reader.ts';
import type { RowLine } from './rows.ts';
import { missingVolumes } from './set.ts';

export type CheckOptions = {
  /**
   * Gets every row as it is read, before the verdict: whoever keeps rows must drop them if the volume is not intact. `row` is made of
   * the line when it is asked for, if the line was enough to judge it.
   */
  onRow?: (kind: EntityKind, read: Pick<RowLine, 'row' | 'line'>) => void | Promise<void>;
  /** Hears of the uncompressed bytes read so far; in the end the sum of `size` of all data and files. */
  onProgress?: (bytes: number) => void;
  /** How many errors, and how many warnings, are kept, besides the first of each code; all are counted. */
  maxErrors?: number;
  /** Leaves the bytes of files to `checkFiles`; `files.bytes` is 0 then. */
  rowsOnly?: boolean;
  /** Sums the rows' digests, which costs a SHA-256 a row: for whoever compares them with what was collected. */
  withDigests?: boolean;
};

/** `counts` and `files` are of what was read; `files.failed` as the manifests list them, `files.bytes` uncompressed. */
type Verdict = {
  /** Without errors. Warnings do not matter. */
  intact: boolean;
  /** The first ones, and the first of each code. */
  errors: Finding[];
  errorCount: number;
  errorsByCode: ByCode;
  warnings: Finding[];
  warningsByCode: ByCode;
  counts: Record<EntityKind, number>;
  files: { present: number; failed: number; bytes: number };
};

export type VolumeCheck = Verdict & {
  /** OrderFreeDigest of the rows' lines before they were normalised, hex; if asked for. */
  digests?: Record<EntityKind, string>;
};

export type PackageCheck = {
  /** Every volume is, and so is what was checked of the set. */
  intact: boolean;
  /** All volumes were there, and what only they together show was judged. */
  setChecked: boolean;
  /** By number. */
  volumes: VolumeCheck[];
  /** What only the volumes of a set together show; undefined if one was given alone. */
  set?: Verdict;
};

/**
 * Reads every entry once and compares it with the manifest. Verdicts are in the result, accidents of the source are thrown.
 * Of a volume of several, what only the whole set can show is left out: `checkPackage` tells that.
 */
export const checkVolume = async (volume: Volume, options: CheckOptions = {}): Promise<VolumeCheck> => {
  const isWhole = volume.manifest.volume.count === 1;
  const reading = startReading([volume], isWhole, options);
  const findings = createFindings(options.maxErrors);
  const read = await readVolume(volume, reading, findings);
  if (isWhole) judgeSet([volume], reading, read.counts, findings);
  else judgePart(volume, reading, findings);
  return resultOf(findings, read);
};

/** What a look at the bytes of files found. */
export type FilesCheck = Pick<Verdict, 'intact' | 'errors' | 'errorCount' | 'errorsByCode'> & { bytes: number };

/** Reads every entry of a volume that holds no rows: what a check leaves out that is told to look at rows alone. */
export const checkFiles = async (
  volume: Volume,
  { onProgress, maxErrors }: Pick<CheckOptions, 'onProgress' | 'maxErrors'> = {},
): Promise<FilesCheck> => {
  const findings = createFindings(maxErrors);
  const bytes = await readFiles(volume, { tap: createTap(onProgress) }, findings);
  const { errors, errorsByCode } = findings;
  return { intact: errors.length === 0, errors, errorCount: countOf(errorsByCode), errorsByCode, bytes };
};

/**
 * Checks the volumes of one package, as `oneSet` gives them, each and together. If one of several is missing, each is
 * checked as if it were alone, and the set is not intact.
 */
export const checkPackage = async (volumes: readonly Volume[], options: CheckOptions = {}): Promise<PackageCheck> => {
  const [first] = volumes;
  if (!first) throw new TypeError('no volume; needed is one at least');
  const missing = missingVolumes(volumes);
  if (volumes.length === 1) {
    const check = await checkVolume(first, options);
    return { intact: check.intact, setChecked: missing.count === 0, volumes: [check] };
  }
  const isWhole = missing.count === 0;
  const reading = startReading(volumes, isWhole, options);
  const set = createFindings(options.maxErrors);
  const reads: Read[] = [];
  const all: { volume: Volume; report: Findings }[] = [];
  for (const volume of volumes) {
    const findings = createFindings(options.maxErrors);
    const mine = isWhole ? reading : { ...startReading([volume], false, options), tap: reading.tap };
    const read = await readVolume(volume, mine, findings);
    reads.push(read);
    all.push({ volume, report: findings });
    if (isWhole) continue;
    judgePart(volume, mine, findings);
  }
  const sum = inAll(reads);
  if (isWhole) {
    for (const kind of entityKinds) await reportDoubles(kind, all, reading.ids[kind]);
    judgeSet(volumes, reading, sum.counts, set);
  } else set.error(missingFinding(first, missing));
  const checks = all.map(({ report }, n) => resultOf(report, reads[n] as Read));
  const verdict = verdictOf(set, sum);
  return {
    intact: verdict.intact && checks.every(({ intact }) => intact),
    setChecked: isWhole,
    volumes: checks,
    set: verdict,
  };
};

const missingFinding = (
  { manifest }: Volume,
  { numbers, count }: { numbers: readonly number[]; count: number },
): Finding => {
  const more = count > numbers.length ? ` and ${count - numbers.length} more` : '';
  const message = `volume ${numbers.join(', ')}${more} of ${manifest.volume.count} is missing; allowed are all or one`;
  return { code: 'MISSING_VOLUME', message };
};

const verdictOf = (found: Findings, { counts, files }: Read): Verdict => ({
  intact: found.errors.length === 0,
  errors: found.errors,
  errorCount: countOf(found.errorsByCode),
  errorsByCode: found.errorsByCode,
  warnings: found.warnings,
  warningsByCode: found.warningsByCode,
  counts,
  files,
});

const resultOf = (findings: Findings, read: Read): VolumeCheck => ({
  ...verdictOf(findings, read),
  ...(read.digests ? { digests: read.digests } : {}),
});

const inAll = (reads: readonly Read[]): Read => {
  const sum = (of: (read: Read) => number): number => reads.reduce((all, read) => all + of(read), 0);
  return {
    counts: eachKind((kind) => sum(({ counts }) => counts[kind])),
    files: {
      present: sum(({ files }) => files.present),
      failed: sum(({ files }) => files.failed),
      bytes: sum(({ files }) => files.bytes),
    },
  };
};

/** Of a part of a set: what needs no other volume. */
const judgePart = (volume: Volume, { defects, categories, fileRows, broken }: Reading, report: Report): void => {
  for (const circle of categories.circles()) defects.circle(circle, report);
  defects.end(report);
  // The rows of all files stand in volume 1.
  if (volume.manifest.volume.number === 1 && !broken.has('transaction_files')) checkOwned(volume, fileRows, report);
};

/** Of a whole set: everything. */
const judgeSet = (
  volumes: readonly Volume[],
  { defects, categories, fileRows, broken }: Reading,
  counts: Record<EntityKind, number>,
  report: Report,
): void => {
  for (const circle of categories.circles()) defects.circle(circle, report);
  defects.end(report);
  for (const volume of volumes) {
    if (!broken.has('transaction_files')) checkOwned(volume, fileRows, report);
    const { data_summary, volume: its } = volume.manifest;
    const [where, told] =
      its.count === 1 ? ['set_summary', data_summary] : [`set_summary of volume ${its.number}`, undefined];
    compareCounts(where, volume, its.set_summary, { counts, broken }, report, told);
  }
  checkPresent(volumes, fileRows, report);
};
