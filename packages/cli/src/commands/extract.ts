/** `fzip extract`: entries as files in a folder. */
import path from 'node:path';
import { type Entry, PackageRefused, type Volume } from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { withPackage } from '../open.ts';
import { placeFile, requireFree, targetFolder } from '../place.ts';
import { createPaths } from '../safe-paths.ts';
import { bytesText, counted, dim, red } from '../terminal.ts';

export const extractCommand: CommandOf = {
  name: 'extract',
  summary: 'entries of a package as files in a folder',
  about: `Every file is verified; what fails its check is removed and reported (exit code 1), and the others are kept.
Names become such that every system can hold them; what would clash is numbered (report~2.pdf). Nothing is written outside of the folder, through a link, or over what is there unless --force is given.
JSON: {files: [{entry, path, bytes}], ok, folder, failed: [{code, message, entry}], error?}.`,
  arguments: [
    { name: '<package>', about: 'path or https URL' },
    { name: '[entry...]', about: 'names as `fzip ls` gives them, or folders ending in / (default: everything)' },
  ],
  options: [
    { flags: '-d, --dir <folder>', about: 'where to', default: '.' },
    { flags: '-f, --force', about: 'replace files that are there' },
  ],
  examples: [
    { line: 'fzip extract backup.fzip -d backup', about: 'everything, into the folder backup' },
    { line: 'fzip extract backup.fzip files/ -d statements', about: 'the files alone' },
  ],
  run: (io, [place = '', ...names], { dir, force }) =>
    withPackage([place], async ({ volumes }) => {
      const volume = volumes[0]?.volume as Volume;
      return extract(io, volume, chosen(volume, names), { dir: String(dir), mayReplace: force === true });
    }),
};

const chosen = (volume: Volume, names: readonly string[]): Entry[] => {
  const wanted = new Map(names.map((name) => [name, false]));
  const entries = volume.entries.filter(({ name, role }) => {
    if (role.is === 'folder') return false;
    if (names.length === 0) return true;
    const found = names.filter((one) => name === one || (one.endsWith('/') && name.startsWith(one)));
    for (const one of found) wanted.set(one, true);
    return found.length > 0;
  });
  const missing = [...wanted].filter(([, isFound]) => !isFound).map(([name]) => `"${name}"`);
  if (missing.length > 0)
    throw new UsageError(
      `${missing.join(', ')}: no such entry; allowed are those that \`fzip ls\` lists, and folders ending in /`,
    );
  return entries;
};

type Target = { entry: Entry; segments: string[] };
type Options = { dir: string; mayReplace: boolean };

const extract = async (io: Io, volume: Volume, entries: Entry[], { dir, mayReplace }: Options): Promise<ExitCode> => {
  const root = await targetFolder(dir);
  const pathOf = createPaths();
  const targets = entries.map((entry) => ({ entry, segments: pathOf(entry.name) }));
  // All before the first byte is written: otherwise half of it would be there when the user is asked for --force.
  for (const { segments } of targets) await requireFree(root, segments, mayReplace);
  const failed = await placeAll(io, volume, targets, root, mayReplace);
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  io.line(
    `${counted(targets.length - failed.length, 'file')} of ${targets.length} in ${root}${failed.length === 0 ? `, ${bytesText(bytes)}` : ''}`,
  );
  const found = failed.map(({ code, message, entry }) => ({
    code,
    message,
    ...(entry === undefined ? {} : { entry }),
  }));
  io.document({ ok: found.length === 0, folder: root, failed: found, ...(found[0] ? { error: found[0] } : {}) });
  return found.length === 0 ? exitCodes.intact : exitCodes.refused;
};

const placeAll = async (
  io: Io,
  volume: Volume,
  targets: readonly Target[],
  root: string,
  mayReplace: boolean,
): Promise<PackageRefused[]> => {
  const failed: PackageRefused[] = [];
  const progress = io.progress(
    'extracting',
    targets.reduce((sum, { entry }) => sum + entry.size, 0),
  );
  io.list('files');
  let bytes = 0;
  try {
    for (const { entry, segments } of targets) {
      try {
        await placeFile(root, segments, volume.body(entry), { mayReplace, onInterrupt: io.onInterrupt });
        await io.item(JSON.stringify({ entry: entry.name, path: path.join(root, ...segments), bytes: entry.size }));
        const written = segments.join('/');
        if (written !== entry.name) io.line([`${entry.name} `, dim('is written as'), ` ${written}`]);
      } catch (error) {
        if (!(error instanceof PackageRefused)) throw error;
        failed.push(error);
        io.line([red(error.code), `  ${error.message}: not written`]);
      }
      bytes += entry.size;
      progress.at(bytes);
    }
    return failed;
  } finally {
    progress.end();
  }
};
