/** What there is to be saved of a damaged package: its manifest, of each kind the best entry, the files that are whole. */
import { dataEntry, type EntityKind, entityKinds } from '../entities.ts';
import { type Finding, PackageRefused } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { type Manifest, manifestEntry } from '../manifest.ts';
import { checksumsOf, type Dialect, manifestFrom } from '../manifest-text.ts';
import type { PackageSource } from '../source.ts';
import { dataBytes, type Fine, probeData, soundly } from './data-bytes.ts';
import { type FoundEntry, findEntries, type Search } from './find.ts';
import { named } from './headers.ts';
import type { Loss } from './losses.ts';
import { unpackingAt } from './places.ts';
import { type ReadableSource, readableSource } from './readable.ts';
import { openWindow, type Window } from './window.ts';

export type FoundData = FoundEntry & {
  kind: EntityKind;
  isGzip: boolean;
  /** Where the damage begins. */
  fine: Fine;
};

export type FoundFile = FoundEntry & { fileId: string };

export type Survey = {
  manifest: Manifest | undefined;
  /** As the manifest states them, by entry name. */
  checksums: ReadonlyMap<string, string>;
  dialect: Dialect;
  data: ReadonlyMap<EntityKind, FoundData>;
  /** The whole ones, by file id as it stands in the entry's name. */
  files: ReadonlyMap<string, FoundFile>;
  /** Entries that are of no use. */
  lost: Loss[];
  limits: Limits;
  source: ReadableSource;
};

export type SurveyOptions = {
  limits?: Partial<Limits>;
  /** Hears of the bytes read of the source; a sound package is read twice at most. */
  onProgress?: ((bytes: number) => void) | undefined;
};

/**
 * Looks for everything in a package that may be damaged, in flat memory. The source is read up to four times, however it is made.
 * @throws PackageRefused NOTHING_SAVED if no entry of a package is there, UNSUPPORTED_VERSION; whatever the source fails with
 */
export const surveyPackage = async (given: PackageSource, options: SurveyOptions = {}): Promise<Survey> => {
  const source = readableSource(given);
  const limits = { ...defaultLimits, ...options.limits };
  const search = await findEntries(source, limits, options.onProgress);
  const entries = search.entries.filter(({ role }) => role && role.is !== 'folder');
  if (entries.length === 0) {
    const message = `no entry of a package in ${source.size} bytes${search.directory ? `: ${search.directory}` : ''}${source.gaps().length > 0 ? '; some of them could not be read' : ''}`;
    throw new PackageRefused('NOTHING_SAVED', message);
  }
  const window = openWindow(source);
  const lost = lostBySearch(search, source.size);
  const read = await chooseManifest(window, entries, limits, lost);
  const checksums = read ? checksumsOf(read.manifest) : new Map<string, string>();
  const others = entries.filter(({ role }) => role?.is !== 'manifest');
  const judged = judgedByChecksums(others, checksums).filter((entry) => isTrusted(entry, checksums, lost));
  const { data, isHouseF3 } = await chooseData(window, judged, lost);
  const files = chooseFiles(judged, lost);
  const dialect = read?.dialect ?? (isHouseF3 ? 'housef3-2.5' : 'fzip-1.0');
  return { manifest: read?.manifest, checksums, dialect, data, files, lost, limits, source };
};

const lostBySearch = ({ entries, stoppedAt }: Search, size: number): Loss[] => {
  const lost: Loss[] = entries.flatMap(({ name, refusal }) =>
    refusal === undefined ? [] : [{ what: 'entry', entry: name, reason: refusal }],
  );
  if (stoppedAt !== undefined) {
    const reason = `not looked at: the search for entries had read all that it may`;
    lost.push({ what: 'entry', entry: `bytes ${stoppedAt} to ${size}`, reason });
  }
  return lost;
};

type ReadManifest = { manifest: Manifest; dialect: Dialect };

/** Of several manifests, the one that knows most of the other entries. A package within a package has one, too. */
const chooseManifest = async (
  window: Window,
  entries: readonly FoundEntry[],
  limits: Limits,
  lost: Loss[],
): Promise<ReadManifest | undefined> => {
  const candidates = entries.filter(({ role }) => role?.is === 'manifest');
  let best: (ReadManifest & { fits: number }) | undefined;
  let fault = candidates[0]?.reason || 'not found';
  for (const entry of candidates) {
    if (entry.status !== 'whole') continue;
    const read =
      entry.size > limits.manifestBytes ? 'larger than a manifest may be' : await readManifest(window, entry);
    if (typeof read === 'string') {
      fault = read;
      continue;
    }
    const checksums = checksumsOf(read.manifest);
    const fits = entries.filter(({ name, sha256 }) => checksums.get(name) === sha256).length;
    const isOurs = !entry.isDoubtful || fits > 0;
    if (isOurs && (!best || fits > best.fits)) best = { ...read, fits };
  }
  if (!best) lost.push({ what: 'entry', entry: manifestEntry, reason: fault });
  return best;
};

const readManifest = async (window: Window, { place }: FoundEntry): Promise<ReadManifest | string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of unpackingAt(window, place).plain) chunks.push(chunk);
  const notes: Finding[] = [];
  try {
    return manifestFrom(Buffer.concat(chunks), notes);
  } catch (error) {
    if (!(error instanceof PackageRefused) || error.code === 'UNSUPPORTED_VERSION') throw error;
    return error.message;
  }
};

/** A sha256 goes before a CRC and before a name: it says what the bytes are. */
const judgedByChecksums = (entries: readonly FoundEntry[], checksums: ReadonlyMap<string, string>): FoundEntry[] => {
  const isAsStated = ({ name, sha256 }: FoundEntry): boolean => checksums.get(name) === sha256;
  const found = new Set(entries.filter(isAsStated).map(({ name }) => name));
  const missing = new Map<string, string>();
  for (const [name, sha256] of checksums) if (!found.has(name)) missing.set(sha256, name);
  return entries.map((entry) => {
    if (isAsStated(entry)) return { ...entry, status: 'whole', reason: '' };
    const name = entry.size > 0 ? missing.get(entry.sha256) : undefined;
    if (name !== undefined) return { ...entry, ...named(name), status: 'whole', reason: '' };
    if (!checksums.has(entry.name) || entry.status !== 'whole') return entry;
    return { ...entry, status: 'broken', reason: 'its bytes differ from the sha256 in the manifest' };
  });
};

/** What may be the bytes of another entry is only taken if the manifest vouches for it. */
const isTrusted = (
  { name, sha256, isDoubtful }: FoundEntry,
  checksums: ReadonlyMap<string, string>,
  lost: Loss[],
): boolean => {
  if (!isDoubtful || checksums.get(name) === sha256) return true;
  lost.push({
    what: 'entry',
    entry: name,
    reason: 'it may be a part of another entry, and no checksum says otherwise',
  });
  return false;
};

const ranks = { whole: 0, cut: 1, broken: 2 } as const;

const chooseData = async (window: Window, entries: readonly FoundEntry[], lost: Loss[]) => {
  const data = new Map<EntityKind, FoundData>();
  let isHouseF3 = false;
  for (const kind of entityKinds) {
    const found: FoundData[] = [];
    for (const entry of entries) {
      if (entry.role?.is !== 'data' || entry.role.kind !== kind) continue;
      const probed = await probe(window, entry, kind);
      isHouseF3 ||= probed.isGzip || probed.isBare;
      found.push(probed);
    }
    // HouseF3 reads the one in gzip where both are there; of equals the first one counts.
    const [best, ...others] = found.toSorted(
      (a, b) => ranks[a.status] - ranks[b.status] || Number(b.isGzip) - Number(a.isGzip),
    );
    if (best) data.set(kind, best);
    for (const { name } of others)
      lost.push({ what: 'entry', entry: name, reason: `another entry was taken for the rows of ${kind}` });
  }
  return { data, isHouseF3 };
};

type Probed = FoundData & { isBare: boolean };
const openBracket = 0x5b;

/** Looks into a data entry: gzip within has a CRC of its own, so that it can be whole where the entry is not, and the reverse. */
const probe = async (window: Window, entry: FoundEntry, kind: EntityKind): Promise<Probed> => {
  const isGzip = entry.role?.is === 'data' && entry.role.packing === 'gzip';
  const { first, ending, taken } = await probeData(dataBytes(window, entry.place, isGzip));
  const isBare = first === openBracket;
  const fine = isGzip ? { outer: entry.packedSize, inner: taken } : { ...soundly, outer: entry.packedSize };
  const found = { ...entry, kind, isGzip, isBare, fine };
  if (!isGzip) return found;
  if (!ending) return { ...found, status: 'whole', reason: '' };
  if (entry.status === 'cut' && ending.isCut) return found;
  return { ...found, status: 'broken', reason: ending.message };
};

const chooseFiles = (entries: readonly FoundEntry[], lost: Loss[]): Map<string, FoundFile> => {
  const files = new Map<string, FoundFile>();
  const broken: FoundFile[] = [];
  for (const entry of entries) {
    if (entry.role?.is !== 'file') continue;
    const { fileId } = entry.role;
    if (entry.status !== 'whole') broken.push({ ...entry, fileId });
    else if (!files.has(fileId)) files.set(fileId, { ...entry, fileId });
    else lost.push({ what: 'entry', entry: entry.name, reason: 'another entry was taken for this file' });
  }
  for (const { fileId, name, reason } of broken)
    if (!files.has(fileId)) lost.push({ what: 'file', entry: name, fileId, fileName: lastOf(name), reason });
  return files;
};

export const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** Where the rows of a kind stand or should have stood. */
export const entryOf = (survey: Survey, kind: EntityKind): string => survey.data.get(kind)?.name ?? dataEntry(kind);
