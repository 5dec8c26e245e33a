/** From what the user names to volumes: paths or https URLs, several of them where a package was written as a set. */
import { stat } from 'node:fs/promises';
import {
  FetchFailed,
  fileSource,
  httpSource,
  oneSet,
  openVolume,
  PackageRefused,
  type PackageSource,
  shownUrl,
  type Volume,
} from '@fzip/format';
import { CannotWrite, UsageError } from './command.ts';

/** Opened to be read, and closed by `close`. `name` is the path, or the URL without its query. */
export type NamedSource = PackageSource & { name: string; close(): Promise<void> };
export type NamedVolume = { name: string; source: NamedSource; volume: Volume };
/** The volumes that were given of one package, by their number. `count` is how many there are of it. */
export type OpenedPackage = { name: string; volumes: NamedVolume[]; count: number; isWhole: boolean };

/** What was named cannot be read: no verdict about it. */
export class CannotRead extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotRead';
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  EISDIR: 'it is a folder; allowed are files',
  ENOTDIR: 'a part of the path is no folder',
  EIO: 'the disk could not read it',
};

const isTold = (error: Error): boolean =>
  error instanceof CannotRead || error instanceof CannotWrite || error instanceof UsageError;

/** A failure of reading, told by what was read. Verdicts stay what they are. */
const named = (name: string, error: unknown): unknown => {
  if (!(error instanceof Error) || error instanceof PackageRefused || isTold(error)) return error;
  if (error instanceof FetchFailed) return new CannotRead(error.message, { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new CannotRead(`${name}: ${reasons[code] ?? error.message}`, { cause: error });
};

/** A file, or what a URL leads to, without a look into it. @throws CannotRead */
export const openSource = async (place: string): Promise<NamedSource> => {
  if (place === '') throw new UsageError('the name of a package is empty; name a path or a URL');
  const isUrl = isUrlLike.test(place);
  const name = isUrl ? nameOfUrl(place) : place;
  try {
    if (!isUrl) await requireFile(name);
    const source = isUrl ? { ...(await httpSource(place)), close: async () => {} } : await fileSource(place);
    return { ...source, name };
  } catch (error) {
    throw named(name, error);
  }
};

/** Anything else has no size and no places, and opening a pipe would wait for whoever writes into it. */
const requireFile = async (name: string): Promise<void> => {
  const found = await stat(name);
  if (found.isFile() || found.isBlockDevice()) return;
  const what = found.isDirectory()
    ? 'a folder'
    : found.isFIFO()
      ? 'a pipe'
      : found.isSocket()
        ? 'a socket'
        : 'a device';
  throw new CannotRead(`${name}: it is ${what}; allowed are files`);
};

/** Lends one file to `use`, without a look into it, and closes it. @throws CannotRead */
export const withSource = async <T>(place: string, use: (source: NamedSource) => Promise<T>): Promise<T> => {
  const source = await openSource(place);
  try {
    return await use(source);
  } catch (error) {
    // A failure to write elsewhere says nothing of this file.
    throw (error as NodeJS.ErrnoException).syscall === 'read' ? named(source.name, error) : error;
  } finally {
    await source.close();
  }
};

const isUrlLike = /^[a-z][a-z0-9+.-]+:\/\//i;

/** Without the query, which may hold a signature. @throws CannotRead */
const nameOfUrl = (url: string): string => {
  if (!URL.canParse(url)) throw new CannotRead('the address is no URL; allowed are paths and https:// URLs');
  return shownUrl(url);
};

/**
 * Opens what the user named, as one package: a path or URL, or all or some volumes of one set in any order.
 * Everything is closed when `use` is done.
 * @throws CannotRead; PackageRefused, also if the volumes are not of one set
 */
export const withPackage = <T>(paths: readonly string[], use: (opened: OpenedPackage) => Promise<T>): Promise<T> =>
  withVolumes(paths, (volumes) => use(asOne(volumes)));

/** Opens what the user named, as several packages: volumes that share a set are one, every other is one of its own. */
export const withPackages = <T>(
  paths: readonly string[],
  use: (opened: readonly OpenedPackage[]) => Promise<T>,
): Promise<T> =>
  withVolumes(paths, (volumes) => {
    const sets = new Map<string, NamedVolume[]>();
    for (const [index, found] of volumes.entries()) {
      const { count, set_id } = found.volume.manifest.volume;
      const set = count > 1 && set_id !== '' ? `set ${set_id}` : `lone ${index}`;
      sets.set(set, [...(sets.get(set) ?? []), found]);
    }
    return use([...sets.values()].map(asOne));
  });

const withVolumes = async <T>(paths: readonly string[], use: (volumes: NamedVolume[]) => Promise<T>): Promise<T> => {
  const volumes: NamedVolume[] = [];
  try {
    for (const path of paths) {
      const source = await openSource(path);
      try {
        volumes.push({ name: source.name, source, volume: await openVolume(source) });
      } catch (error) {
        await source.close();
        throw named(source.name, error);
      }
    }
    return await use(volumes);
  } finally {
    for (const { source } of volumes) await source.close();
  }
};

const asOne = (given: NamedVolume[]): OpenedPackage => {
  const volumes = oneSet(given);
  const [first] = volumes;
  if (!first) throw new CannotRead('no package was named');
  const { count } = first.volume.manifest.volume;
  return { name: given[0]?.name ?? first.name, volumes, count, isWhole: volumes.length === count };
};
