/** Every entry of a damaged package that can be found, and whether it is proven: by its directory if that is sound, else header by header. */
import { readDirectory } from '../directory.ts';
import { PackageRefused } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { PackageSource } from '../source.ts';
import type { Named } from './headers.ts';
import { listedEntry } from './listed.ts';
import type { Allowance, Place } from './places.ts';
import { scanEntries } from './scan.ts';
import { openWindow, TooMuchRead } from './window.ts';

/**
 * `whole`: a CRC or sha256 holds for its bytes. `cut`: the package ends in it, and what stands before is unharmed as far as
 * can be told. `broken`: anything else.
 */
export type Status = 'whole' | 'cut' | 'broken';

export type FoundEntry = Named & {
  place: Place;
  status: Status;
  /** What is wrong with it, if it is not whole. */
  reason: string;
  /** Of the plain bytes, as far as there are any. */
  size: number;
  crc32: number;
  sha256: string;
  packedSize: number;
  /** It was found within what may be the bytes of another one. */
  isDoubtful: boolean;
};

export type Search = {
  /** In the order of the bytes. */
  entries: FoundEntry[];
  /** What is wrong with the directory, if it could not be used. */
  directory: string | undefined;
  /** Where the search was given up, since it had read its share of bytes. */
  stoppedAt: number | undefined;
};

/** How much of the source the search may read, in sizes of it. A sound package costs one. */
const share = 4;
const leastShare = 2 ** 20;
/** A volume of ours has 20 000 entries; a file made of headers alone has more, and each costs an attempt. */
const mostBroken = 20_000;

export const findEntries = async (
  source: PackageSource,
  limits: Limits,
  onRead?: (bytes: number) => void,
): Promise<Search> => {
  const window = openWindow(source, { most: share * source.size + leastShare, onRead });
  const allowance: Allowance = { bytes: limits.uncompressedBytes };
  const found: Search = { entries: [], directory: undefined, stoppedAt: undefined };
  let [at, broken] = [0, 0];
  try {
    const listed = await directoryOf(source, limits);
    if (typeof listed === 'string') {
      found.directory = listed;
      for await (const entry of scanEntries(window, allowance)) {
        at = entry.place.start;
        found.entries.push(entry);
        if (entry.status === 'broken') broken += 1;
        if (broken > mostBroken || found.entries.length > limits.entries) throw new TooMuchRead();
      }
    } else {
      for (const entry of listed) {
        at = entry.offset;
        if (entry.role.is !== 'folder') found.entries.push(await listedEntry(window, entry, allowance));
      }
    }
  } catch (error) {
    if (!(error instanceof TooMuchRead)) throw error;
    found.stoppedAt = at;
  }
  return found;
};

const directoryOf = async (source: PackageSource, limits: Limits) => {
  try {
    const { entries } = await readDirectory(source, limits);
    return [...entries.byOffset()];
  } catch (error) {
    if (error instanceof PackageRefused) return error.message;
    throw error;
  }
};
