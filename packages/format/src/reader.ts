/** Opens a volume: everything that its directory and its manifest show is checked before any row is handed on. */
import type { Readable } from 'node:stream';
import { openBody } from './body.ts';
import { type Entry, readDirectory } from './directory.ts';
import type { EntityKind } from './entities.ts';
import { type Finding, PackageRefused } from './errors.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Manifest, manifestEntry } from './manifest.ts';
import { type RowLine, readRows } from './rows.ts';
import type { PackageSource } from './source.ts';

export type { Entry } from './directory.ts';
export type { RowLine } from './rows.ts';

/** An opened volume. It holds names and sizes, never rows or bytes. */
export type Volume = {
  manifest: Manifest;
  dialect: 'fzip-1.0';
  /** Every entry, the manifest and empty folders among them. */
  entries: readonly Entry[];
  data: ReadonlyMap<EntityKind, Entry>;
  /** By file id, as it stands in the entry's name. */
  files: ReadonlyMap<string, Entry>;
  /** What the manifest states, by entry name; 64 hex digits in lower case. */
  checksums: ReadonlyMap<string, string>;
  limits: Limits;
  /** The rows of a kind in the order of the package; none if the volume lacks the kind. @throws PackageRefused at any row or at the end */
  rows(kind: EntityKind): AsyncIterable<RowLine>;
  /** The bytes of an entry. If CRC, size or sha256 are wrong, a PackageRefused is emitted instead of the end. */
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
  const entries = await readDirectory(source, bounds);
  const { data, files, notes } = sortOut(entries);
  const manifest = await readManifest(source, entries, bounds, notes);
  const checksums = checksumsOf(manifest);
  const body = (entry: Entry): Readable => openBody(source, entry, checksums.get(entry.name));
  return {
    manifest,
    dialect: 'fzip-1.0',
    entries,
    data,
    files,
    checksums,
    limits: bounds,
    body,
    rows: (kind) => rowsOf(data.get(kind), kind, body, bounds.lineBytes),
    warnings: notes.map(({ message }) => message),
    notes,
  };
};

const rowsOf = async function* (
  entry: Entry | undefined,
  kind: EntityKind,
  body: (entry: Entry) => Readable,
  lineBytes: number,
): AsyncGenerator<RowLine> {
  if (entry) yield* readRows(body(entry), kind, lineBytes);
};

type Sorted = { data: Map<EntityKind, Entry>; files: Map<string, Entry>; notes: Finding[] };

const sortOut = (entries: readonly Entry[]): Sorted => {
  const sorted: Sorted = { data: new Map(), files: new Map(), notes: [] };
  for (const entry of entries) {
    const { name, role } = entry;
    if (role.is === 'data') sorted.data.set(role.kind, entry);
    if (role.is === 'folder')
      sorted.notes.push({ code: 'UNKNOWN_ENTRY', message: `${name}: an empty folder`, entry: name });
    if (role.is !== 'file') continue;
    const twin = sorted.files.get(role.fileId);
    if (twin)
      throw new PackageRefused('DUPLICATE_ENTRY', `"${twin.name}" holds the same file; allowed is one entry`, name);
    sorted.files.set(role.fileId, entry);
  }
  return sorted;
};

const readManifest = async (
  source: PackageSource,
  entries: readonly Entry[],
  limits: Limits,
  notes: Finding[],
): Promise<Manifest> => {
  const entry = entries.find(({ role }) => role.is === 'manifest');
  if (!entry)
    throw new PackageRefused('MISSING_ENTRY', `found none of ${entries.length} entries of that name`, manifestEntry);
  if (entry.size > limits.manifestBytes) {
    throw new PackageRefused('TOO_LARGE', `${entry.size} bytes; allowed are ${limits.manifestBytes}`, manifestEntry);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of openBody(source, entry)) chunks.push(chunk);
  const json = parseManifest(Buffer.concat(chunks));
  requireVersion(json, notes);
  const result = Manifest.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PackageRefused('BAD_MANIFEST', `${issue?.path.join('.')}: ${issue?.message}`, manifestEntry);
};

const parseManifest = (bytes: Buffer): Record<string, unknown> => {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // Both are said below; the engine's message would quote the content.
  }
  throw new PackageRefused('BAD_MANIFEST', `${bytes.length} bytes that are no JSON object in UTF-8`, manifestEntry);
};

/** A manifest of another major version may differ in anything, so this comes before its other fields. */
const requireVersion = (json: Record<string, unknown>, notes: Finding[]): void => {
  const version = json.backup_format_version;
  if (typeof version !== 'string' || !/^\d+(\.\d+)*$/.test(version)) {
    throw new PackageRefused(
      'BAD_MANIFEST',
      `backup_format_version is ${JSON.stringify(version)}; allowed is "1.0"`,
      manifestEntry,
    );
  }
  const [major, minor = '0'] = version.split('.');
  if (Number(major) !== 1)
    throw new PackageRefused('UNSUPPORTED_VERSION', `version ${version}; allowed are 1.x`, manifestEntry);
  if (Number(minor) > 0) {
    notes.push({ code: 'UNSUPPORTED_VERSION', message: `version ${version} is newer than 1.0`, entry: manifestEntry });
  }
};

/** Keys with and without `data/` are read. */
const checksumsOf = (manifest: Manifest): Map<string, string> =>
  new Map(
    Object.entries(manifest.checksums).map(([name, value]) => [
      name.includes('/') || name === manifestEntry ? name : `data/${name}`,
      value.slice('sha256:'.length).toLowerCase(),
    ]),
  );
