/** Paths for entries that every file system can hold and that lead nowhere but down. FORMAT.md, section 3. */
import { safeFileName } from '@fzip/format';
import { isUnsafe } from './terminal.ts';

/** Windows opens a device for these, whatever their extension. */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=[ .]|$)/i;

/** One segment of a name as every system can hold it, without characters that a listing would obey. */
export const safeSegment = (segment: string): string => {
  const visible = [...segment].map((character) => (isUnsafe(character) ? '_' : character)).join('');
  const safe = safeFileName(visible);
  return reserved.test(safe) ? `_${safe}` : safe;
};

/** Two names that some file system takes for one. */
const fold = (path: string): string => path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

/**
 * Gives each entry a path of its own, by segments: `report.pdf` beside `Report.pdf` becomes `report~2.pdf`,
 * a folder that is called like a file `name~2`.
 */
export const createPaths = (): ((entryName: string) => string[]) => {
  const files = new Set<string>();
  /** By the entry's folder: where it was put. */
  const folders = new Map<string, string[]>();
  const takenFolders = new Set<string>();

  const free = (parent: readonly string[], segment: string, isTaken: (folded: string) => boolean): string[] => {
    for (let number = 1; ; number += 1) {
      const path = [...parent, number === 1 ? segment : numbered(segment, number)];
      if (!isTaken(fold(path.join('/')))) return path;
    }
  };

  const folderOf = (segments: readonly string[]): string[] => {
    const last = segments.at(-1);
    if (last === undefined) return [];
    const key = segments.join('/');
    const known = folders.get(key);
    if (known) return known;
    const path = free(folderOf(segments.slice(0, -1)), safeSegment(last), (folded) => files.has(folded));
    folders.set(key, path);
    takenFolders.add(fold(path.join('/')));
    return path;
  };

  return (entryName) => {
    const segments = entryName.split('/');
    const isTaken = (folded: string): boolean => files.has(folded) || takenFolders.has(folded);
    const path = free(folderOf(segments.slice(0, -1)), safeSegment(segments.at(-1) ?? ''), isTaken);
    files.add(fold(path.join('/')));
    return path;
  };
};

/** `report.pdf` gives `report~2.pdf` */
const numbered = (name: string, number: number): string => {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? `${name.slice(0, dot)}~${number}${name.slice(dot)}` : `${name}~${number}`;
};
