/** A look at everything that is to be converted, before a byte is written: whether it is whole, what stands in it, in which order. */

import { checkPackage, type PackageCheck } from '../check.ts';
import { eachKind } from '../check-volume.ts';
import { type EntityKind, entityKinds, idOf } from '../entities.ts';
import { PackageRefused, type RefusalCode } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { manifestEntry } from '../manifest.ts';
import { safeFileName } from '../names.ts';
import { sortKey } from '../package-row.ts';
import type { Volume } from '../reader.ts';
import { formatRow } from '../row.ts';
import { missingVolumes, volumeText } from '../set.ts';
import { compareKeyed, type Keyed } from './in-order.ts';

/** A package that was found whole. */
export type Examined = {
  /** All volumes of it, by number. */
  volumes: readonly [Volume, ...Volume[]];
  counts: Record<EntityKind, number>;
  /** Of the kinds that others refer to; the others' are empty. */
  ids: Record<EntityKind, ReadonlySet<string>>;
  /** Whether the rows stand in package order already. */
  isSorted: Record<EntityKind, boolean>;
  /** Rows of transaction_files, by their id as entry names spell it. */
  owners: ReadonlyMap<string, FileOwner>;
  /** What was found of the source, but for what the new manifest states. */
  warnings: string[];
};

export type FileOwner = { fileId: string; fileName: string };

const keepsIds: ReadonlySet<EntityKind> = new Set(['accounts', 'categories', 'file_maps', 'transaction_files']);

/** What HouseF3's own packages hold and cannot state, a converted one states in `known_defects`. */
const statable: ReadonlySet<RefusalCode> = new Set(['BAD_ROW', 'DANGLING_REFERENCE', 'CATEGORY_CYCLE']);

/**
 * Reads the volumes of one package, as `oneSet` gives them.
 * @param onProgress hears of the uncompressed bytes read so far
 * @throws PackageRefused if one of them is missing or damaged, or if one volume could not hold them all
 */
export const examine = async (volumes: readonly Volume[], onProgress?: (bytes: number) => void): Promise<Examined> => {
  const [first, ...others] = volumes;
  if (!first) throw new TypeError('no volume; needed is one at least');
  requireAll(volumes);
  requireRoom(volumes);
  const ids = eachKind(() => new Set<string>());
  const isSorted = eachKind(() => true);
  const owners = new Map<string, FileOwner>();
  const last: Partial<Record<EntityKind, Keyed>> = {};
  const check = await checkPackage(volumes, {
    ...(onProgress ? { onProgress } : {}),
    onRow: (kind, { row }) => {
      const id = idOf(kind, row);
      if (id !== undefined && keepsIds.has(kind)) ids[kind].add(id);
      if (kind === 'transaction_files' && id !== undefined)
        owners.set(safeFileName(id), { fileId: id, fileName: typeof row.fileName === 'string' ? row.fileName : '' });
      if (!isSorted[kind]) return;
      // The text decides only between rows that nothing names.
      const one: Keyed = { key: sortKey(kind, row), line: id === undefined ? formatRow(row) : '' };
      const before = last[kind];
      if (before && compareKeyed(before, one) > 0) isSorted[kind] = false;
      last[kind] = one;
    },
  });
  const found = [...check.volumes, ...(check.set ? [check.set] : [])];
  requireWhole(first, found);
  const counts = eachKind((kind) => check.volumes.reduce((sum, one) => sum + one.counts[kind], 0));
  return { volumes: [first, ...others], counts, ids, isSorted, owners, warnings: warningsOf(found) };
};

const requireAll = (volumes: readonly Volume[]): void => {
  const { numbers, count } = missingVolumes(volumes);
  if (count === 0 || !volumes[0]) return;
  const more = count > numbers.length ? ` and ${count - numbers.length} more` : '';
  const message = `${volumeText(volumes[0])}: volume ${numbers.join(', ')}${more} is missing; a set is converted as a whole`;
  throw new PackageRefused('MISSING_VOLUME', message);
};

/** A converted package is one volume, whatever it was made of. */
const requireRoom = (volumes: readonly Volume[]): void => {
  const entries = volumes.reduce((sum, { files }) => sum + files.size, entityKinds.length + 1);
  const bytes = volumes.reduce((sum, one) => sum + one.entries.reduce((all, { size }) => all + size, 0), 0);
  const { entries: mostEntries, uncompressedBytes: mostBytes } = defaultLimits;
  if (entries > mostEntries)
    throw new PackageRefused('TOO_MANY_ENTRIES', `${entries} entries in all; one volume holds ${mostEntries}`);
  if (bytes > mostBytes)
    throw new PackageRefused('TOO_LARGE', `${bytes} bytes in all, uncompressed; one volume holds ${mostBytes}`);
};

type Judged = Pick<PackageCheck['volumes'][number], 'errors' | 'errorCount' | 'warnings'>;

const requireWhole = ({ dialect }: Volume, found: readonly Judged[]): void => {
  const mayState = (code: RefusalCode): boolean => dialect === 'housef3-2.5' && statable.has(code);
  const count = found.reduce((sum, { errorCount }) => sum + errorCount, 0);
  // The first of each code is among them, however many there are.
  const fatal = found.flatMap(({ errors }) => errors).find(({ code }) => !mayState(code));
  if (!fatal) return;
  const advice = '`fzip verify` lists what is wrong, `fzip repair` saves what is whole';
  const all = count === 1 ? '' : `, the first of ${count} errors`;
  const { code, message, entry = manifestEntry } = fatal;
  const named = message.startsWith(`${entry}: `) ? message.slice(entry.length + 2) : message;
  throw new PackageRefused(code, `${named}${all}; ${advice}`, entry);
};

const mostWarnings = 100;

const warningsOf = (found: readonly Judged[]): string[] =>
  found
    .flatMap(({ warnings }) => warnings)
    .filter(({ code }) => !statable.has(code))
    .slice(0, mostWarnings)
    .map(({ message }) => message);
