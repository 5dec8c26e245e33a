/** Opens a volume: everything that its directory and its manifest show is checked before any row is handed on. */
import type { Readable } from 'node:stream';
import { openBody } from './body.ts';
import { readDirectory } from './directory.ts';
import { dataEntry, type EntityKind } from './entities.ts';
import { type RowLine, rowsOf } from './entry-rows.ts';
import { type Entries, type Entry, type EntryTable, type FileEntries, FileTable } from './entry-table.ts';
import { type Finding, PackageRefused } from './errors.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { type Manifest, manifestEntry } from './manifest.ts';
import { checksumsOf, type Dialect, manifestFrom } from './manifest-text.ts';
import { isMarkedRepaired, repairedText } from './repaired-mark.ts';
import type { PackageSource } from './source.ts';

export type { RowLine } from './entry-rows.ts';
export type { Entries, Entry, FileEntries } from './entry-table.ts';
export type { Dialect } from './manifest-text.ts';

/** An opened volume. It holds names and sizes, never rows or bytes. */
export type Volume = {
  manifest: Manifest;
  dialect: Dialect;
  /** Every entry, the manifest and empty folders among them. */
  entries: Entries;
  /** Where the rows of a kind stand: `data/{kind}.json`, or `data/{kind}.json.gz` if that is there. */
  data: ReadonlyMap<EntityKind, Entry>;
  /** By file id, as it stands in the entry's name. */
  files: FileEntries;
  /** What the manifest states, by entry name; 64 hex digits in lower case. */
  checksums: ReadonlyMap<string, string>;
  /** Checksums of `data/{kind}.json` where only `data/{kind}.json.gz` is there: of what is within the gzip. */
  inflated: ReadonlyMap<EntityKind, string>;
  limits: Limits;
  /** The rows of a kind, normalised, in the order of the package; none if the volume lacks the kind. @throws PackageRefused at any row or at the end */
  rows(kind: EntityKind): AsyncIterable<RowLine>;
  /** The bytes of an entry, gzip as it is. If CRC, size or sha256 are wrong, a PackageRefused is emitted instead of the end. */
  body(entry: Entry): Readable;
  warnings: string[];
  /** The same warnings, with their codes. */
  notes: readonly Finding[];
};

/**
 * Reads directory and manifest of one volume.
 * @throws PackageRefused with code, entry, what was found and what is allowed; whatever the source fails with
 */
export const openVolume = async (source: PackageSource, limits: Partial<Limits> = {}): Promise<Volume> => {
  const bounds = { ...defaultLimits, ...limits };
  const { entries, comment } = await readDirectory(source, bounds);
  const notes: Finding[] = [];
  if (comment.length > 0)
    notes.push({ code: 'NOT_READ', message: `the archive has a comment of ${comment.length} bytes: not read` });
  const { manifest, dialect } = await readManifest(source, entries, bounds, notes);
  if (isMarkedRepaired(manifest))
    notes.push({ code: 'REPAIRED', message: repairedText(manifest), entry: manifestEntry });
  const { data, files } = sortOut(entries, dialect, notes);
  const checksums = checksumsOf(manifest);
  const body = (entry: Entry): Readable => openBody(source, entry, checksums.get(entry.name));
  const inflated = inflatedOf(data, entries, checksums);
  const volume = { manifest, dialect, entries, data, files, checksums, inflated, limits: bounds, body };
  return {
    ...volume,
    rows: (kind) => rowsOf(volume, kind),
    warnings: notes.map(({ message }) => message),
    notes,
  };
};

type Sorted = { data: Map<EntityKind, Entry>; files: FileTable };

const sortOut = (entries: EntryTable, dialect: Dialect, notes: Finding[]): Sorted => {
  const sorted: Sorted = { data: new Map(), files: new FileTable(entries) };
  let at = -1;
  for (const entry of entries) {
    at += 1;
    const { name, role } = entry;
    if (role.is === 'data') chooseData(sorted.data, role.kind, entry, dialect, notes);
    if (role.is === 'folder') notes.push({ code: 'NOT_READ', message: `${name}: an empty folder`, entry: name });
    if (role.is !== 'file') continue;
    if (role.byS3Key && dialect === 'fzip-1.0')
      throw new PackageRefused('BAD_ENTRY_NAME', 'a depth of 4; allowed is files/{fileId}/{name}', name);
    const twin = sorted.files.add(at, role.fileId);
    if (twin)
      throw new PackageRefused('DUPLICATE_ENTRY', `"${twin.name}" holds the same file; allowed is one entry`, name);
  }
  return sorted;
};

/** Of the two that may hold a kind's rows, HouseF3 reads the one in gzip. */
const chooseData = (
  data: Map<EntityKind, Entry>,
  kind: EntityKind,
  entry: Entry,
  dialect: Dialect,
  notes: Finding[],
): void => {
  const twin = data.get(kind);
  if (twin && dialect === 'fzip-1.0')
    throw new PackageRefused('DUPLICATE_ENTRY', `"${twin.name}" holds the same rows; allowed is one`, entry.name);
  const isChosen = !twin || entry.name !== dataEntry(kind);
  if (isChosen) data.set(kind, entry);
  if (!twin) return;
  const [read, ignored] = isChosen ? [entry.name, twin.name] : [twin.name, entry.name];
  notes.push({ code: 'NOT_READ', message: `${ignored}: not read, ${read} goes before it`, entry: ignored });
};

const readManifest = async (
  source: PackageSource,
  entries: Entries,
  limits: Limits,
  notes: Finding[],
): Promise<{ manifest: Manifest; dialect: Dialect }> => {
  const entry = entries.find(({ role }) => role.is === 'manifest');
  if (!entry)
    throw new PackageRefused('MISSING_ENTRY', `found none of ${entries.length} entries of that name`, manifestEntry);
  if (entry.size > limits.manifestBytes) {
    throw new PackageRefused('TOO_LARGE', `${entry.size} bytes; allowed are ${limits.manifestBytes}`, manifestEntry);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of openBody(source, entry)) chunks.push(chunk);
  return manifestFrom(Buffer.concat(chunks), notes);
};

const inflatedOf = (
  data: ReadonlyMap<EntityKind, Entry>,
  entries: Entries,
  checksums: ReadonlyMap<string, string>,
): Map<EntityKind, string> => {
  const found = new Map<EntityKind, string>();
  for (const [kind, { role }] of data) {
    const sum = checksums.get(dataEntry(kind));
    const isGzip = role.is === 'data' && role.packing === 'gzip';
    if (isGzip && sum !== undefined && !entries.some(({ name }) => name === dataEntry(kind))) found.set(kind, sum);
  }
  return found;
};
