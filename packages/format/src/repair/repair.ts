/** Writes what can be saved of a damaged package into a new one, row by row, and says exactly what is lost. */
import { Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { spanning } from '../check-volume.ts';
import { foldName } from '../directory.ts';
import { dataEntry, type EntityKind, entityKinds } from '../entities.ts';
import { PackageRefused } from '../errors.ts';
import { countKey, type Manifest } from '../manifest.ts';
import { fileEntry } from '../names.ts';
import { formatRow } from '../row.ts';
import { type DataSource, type FileSource, type SoFar, type Written, writeVolume } from '../writer.ts';
import type { Loss } from './losses.ts';
import { lostFiles } from './lost-files.ts';
import { unpackingAt } from './places.ts';
import type { Gap } from './readable.ts';
import { repairedManifest } from './repaired-manifest.ts';
import { createLedger, isUsable, type KeptIds, keptIds, type LostRow, type Owner, savedRows } from './sieve.ts';
import { entryOf, type FoundData, type FoundFile, lastOf, type Survey } from './survey.ts';
import { openWindow, type Window } from './window.ts';

export type RepairOptions = {
  /** Where the new package goes: as for `writeVolume`. */
  sink: Writable;
  now: Date;
  /** What the damaged package is called; the manifest states it. */
  name?: string;
  /** Takes rows out of broken entries, too, if they are as their kind demands. */
  unproven?: boolean;
  /** Hears of the bytes read of the source. */
  onProgress?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal;
};

export type Repaired = {
  /** Of the new package. */
  manifest: Manifest;
  counts: Record<EntityKind, number>;
  files: number;
  /** Rows that no checksum proves: those before a cut, and those that `unproven` asked for. */
  withoutChecksum: number;
  unproven: number;
  lost: Loss[];
  /** Rows that were lost one by one and are counted, but not listed, beyond the first ones of each kind. */
  unlisted: number;
  written: Written;
};

/** Of each kind. */
const listedRows = 1000;
/** Smaller files are written at once, so that their local headers have sizes. */
const smallFile = 256 * 1024;

/** What became of the rows of a kind. */
export type Tally = { kept: number; lost: LostRow[]; lostCount: number };

/**
 * @throws PackageRefused NOTHING_SAVED if not one row and no file is left, TOO_LARGE if the manifest cannot state all that is missing;
 * whatever source or sink fail with. The sink is then destroyed.
 */
export const writeRepaired = async (survey: Survey, options: RepairOptions): Promise<Repaired> => {
  const { sink, signal, unproven = false } = options;
  const window = openWindow(survey.source, { onRead: options.onProgress });
  const tallies = new Map<EntityKind, Tally>();
  const users = new Set<string>();
  const ledger = createLedger();
  const isFirst = (survey.manifest?.volume.number ?? 1) === 1;
  // The small kinds stand in volume 1 alone, so only there can it be told what is missing.
  const ids: KeptIds = isFirst ? await keptIds(window, survey, unproven) : { has: () => true, owners: new Map() };

  const linesOf = async function* (kind: EntityKind): AsyncGenerator<string> {
    const tally: Tally = { kept: 0, lost: [], lostCount: 0 };
    tallies.set(kind, tally);
    const found = survey.data.get(kind);
    if (!found || !isUsable(found, unproven)) return;
    const lose = (row: LostRow): void => {
      tally.lostCount += 1;
      if (tally.lost.length < listedRows) tally.lost.push(row);
    };
    for await (const rows of savedRows(window, survey, found, lose)) {
      for (const { row, isPlain } of rows) {
        ledger.add(kind, row, ids, isPlain);
        if (users.size < 2 && typeof row.userId === 'string' && row.userId !== '') users.add(row.userId);
        tally.kept += 1;
        yield formatRow(row);
      }
    }
  };

  const data: DataSource[] = kindsOf(survey, isFirst).map((kind) => ({ kind, lines: linesOf(kind) }));
  const chosen = chooseFiles(survey, ids, isFirst);
  let outcome: Omit<Repaired, 'manifest' | 'written'> | undefined;
  const manifest = (soFar: SoFar): Manifest => {
    const counts = countsOf(soFar);
    if (soFar.files === 0 && entityKinds.every((kind) => counts[kind] === 0))
      throw new PackageRefused('NOTHING_SAVED', 'not one row and no file of the package could be saved');
    if (ledger.overflowed)
      throw new PackageRefused('TOO_LARGE', 'so many rows are lost that no manifest can state what refers to them');
    const { failed, lost: files } = lostFiles(survey, ids, chosen.written);
    const lost = [
      ...survey.source.gaps().map(unread),
      ...survey.lost.filter(({ what }) => what !== 'file'),
      ...lostRows(survey, tallies, unproven),
      ...files,
      ...chosen.lost,
    ];
    const sumOf = (status: FoundData['status']): number =>
      entityKinds.reduce((sum, kind) => sum + (survey.data.get(kind)?.status === status ? counts[kind] : 0), 0);
    const unlisted = [...tallies.values()].reduce((sum, tally) => sum + tally.lostCount - tally.lost.length, 0);
    outcome = {
      counts,
      files: soFar.files,
      withoutChecksum: sumOf('cut'),
      unproven: sumOf('broken'),
      lost,
      unlisted,
    };
    return repairedManifest(survey, { ...outcome, soFar, failed, defects: ledger.list(), users }, options);
  };
  const { manifest: stated, ...written } = await writeVolume({
    sink,
    data,
    files: filesOf(window, chosen.files),
    manifest,
    ...(signal && { signal }),
  });
  if (!outcome) throw new Error('a volume was written without its manifest');
  return { ...outcome, manifest: stated, written };
};

const unread = ({ start, end }: Gap): Loss => ({
  what: 'entry',
  entry: `bytes ${start} to ${end}`,
  reason: 'they could not be read',
});

/** Volume 1 has all data files but that of analytics, which need not be there; others have what they had of what spans volumes. */
const kindsOf = ({ data, manifest }: Survey, isFirst: boolean): EntityKind[] =>
  entityKinds.filter((kind) => {
    if (isFirst && kind !== 'analytics') return true;
    const isThere = data.has(kind) || (manifest?.data_summary[countKey(kind)] ?? 0) > 0;
    return isThere && (isFirst || spanning.includes(kind));
  });

const countsOf = ({ counts }: SoFar): Record<EntityKind, number> =>
  Object.fromEntries(entityKinds.map((kind) => [kind, counts[kind] ?? 0])) as Record<EntityKind, number>;

type ChosenFile = { file: FoundFile; owner: Owner };

/** Files whose rows are kept. Of a later volume the rows stand elsewhere. */
const chooseFiles = (survey: Survey, { owners }: KeptIds, isFirst: boolean) => {
  const files: ChosenFile[] = [];
  const lost: Loss[] = [];
  const names = new Set<string>();
  for (const [fileId, file] of survey.files) {
    const owner = isFirst ? owners.get(fileId) : { fileId, fileName: lastOf(file.name) };
    const name = owner && foldName(fileEntry(owner.fileId, owner.fileName));
    const isFree = name !== undefined && !names.has(name);
    if (owner && isFree) {
      names.add(name);
      files.push({ file, owner });
      continue;
    }
    const reason = owner
      ? 'its name is another one, but for case'
      : 'its bytes are whole, but its row in transaction_files is lost';
    lost.push({ what: 'file', entry: file.name, fileId, fileName: lastOf(file.name), reason });
  }
  return { files, lost, written: new Set(files.map(({ file }) => file.fileId)) };
};

const filesOf = async function* (window: Window, files: readonly ChosenFile[]): AsyncGenerator<FileSource> {
  for (const { file, owner } of files) {
    const body = Readable.from(provenBytes(window, file), { objectMode: false });
    const isSmall = file.size <= smallFile;
    yield { ...owner, size: file.size, body: isSmall ? await buffer(body) : body };
  }
};

/** What was proven is read again: it must still be the same. */
const provenBytes = async function* (
  window: Window,
  { place, crc32: expected, name }: FoundFile,
): AsyncGenerator<Buffer> {
  let crc = 0;
  for await (const chunk of unpackingAt(window, place).plain) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== expected) throw new Error(`${name}: the source changed while it was read`);
};

const lostRows = (survey: Survey, tallies: ReadonlyMap<EntityKind, Tally>, unproven: boolean): Loss[] =>
  entityKinds.flatMap((kind): Loss[] => {
    const { kept, lost: listed, lostCount } = tallies.get(kind) ?? { kept: 0, lost: [], lostCount: 0 };
    const stated = survey.manifest?.data_summary[countKey(kind)];
    const found = survey.data.get(kind);
    const entry = entryOf(survey, kind);
    const rows = listed.map((row): Loss => ({ what: 'row', entry, kind, ...row }));
    const isRead = found?.status === 'whole';
    const lost = stated === undefined ? (isRead ? lostCount : undefined) : Math.max(stated - kept, 0);
    if (lost === 0 || (!found && !isExpected(survey, kind))) return rows;
    const summary: Loss = {
      what: 'rows',
      entry,
      kind,
      kept,
      ...(stated !== undefined && { stated }),
      ...(lost !== undefined && { lost }),
      reason: reasonOf(found, survey.manifest?.volume.number ?? 1, lostCount, unproven),
    };
    return [summary, ...rows];
  });

/** A volume but the first need not have the small kinds; a profile need not have analytics. */
const isExpected = ({ manifest, checksums }: Survey, kind: EntityKind): boolean =>
  ((manifest?.volume.number ?? 1) === 1 && kind !== 'analytics') ||
  checksums.has(dataEntry(kind)) ||
  (manifest?.data_summary[countKey(kind)] ?? 0) > 0;

const reasonOf = (found: FoundData | undefined, number: number, lostCount: number, unproven: boolean): string => {
  if (!found) return 'not found';
  if (number !== 1 && !spanning.includes(found.kind)) return 'these rows may stand in volume 1 alone';
  if (found.status === 'broken') return unproven ? found.reason : `${found.reason}: no row of it is proven`;
  if (found.reason !== '') return found.reason;
  return lostCount > 0 ? 'these rows cannot stand in a package' : 'the manifest counts rows that are not there';
};
