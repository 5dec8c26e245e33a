/** `fzip convert`: a package in the other dialect, and a list of what that cannot hold. */
import path from 'node:path';
import {
  type Converted,
  checkVolume,
  convertPackage,
  entityKinds,
  fileSource,
  type NotHeldRows,
  openVolume,
  PackageRefused,
} from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { type OpenedPackage, withPackage } from '../open.ts';
import { placeNew } from '../place.ts';
import { bold, bytesText, counted, green, type Styled, yellow } from '../terminal.ts';

const dialects = { fzip: 'fzip-1.0', housef3: 'housef3-2.5' } as const;

export const convertCommand: CommandOf = {
  name: 'convert',
  summary: 'write a package in the other dialect',
  about: `Reads a package of either dialect, checks it, and writes it as one volume: "fzip" as FZIP's own (fzip-1.0), "housef3" as the HouseF3 application reads and writes it (housef3-2.5). Into the dialect that it has already, it is written anew in canonical form. What the new package cannot hold, and what HouseF3's restore would leave out of it, is listed. The new package is checked before it gets its name; nothing that is there is ever replaced.
JSON: {ok, out, dialect, bytes, counts, notHeld: [{kind, what: "left-out"|"ignored"|"dropped", field?, why, rows, ids}]}; ids are the first hundred. "left-out" is not in the new package; "ignored" and "dropped" is in it, and HouseF3's restore does without it, or without its row.`,
  arguments: [
    { name: '<package>', about: 'path or https URL of a package, or of the first of the volumes of a set' },
    { name: '<more...>', about: 'the other volumes, and last the path of the new package' },
  ],
  options: [
    { flags: '--to <dialect>', about: 'the dialect to write', choices: Object.keys(dialects), isRequired: true },
  ],
  examples: [
    {
      line: 'fzip convert --to housef3 backup.fzip for-housef3.fzip',
      about: 'for the import of the HouseF3 application',
    },
    { line: 'fzip convert --to fzip export.fzip backup.fzip', about: 'with checksums, in canonical form' },
    { line: 'fzip convert --to fzip backup.part-*.fzip whole.fzip', about: 'all volumes of a set as one' },
  ],
  run: async (io, paths, { to }) => {
    const out = paths.at(-1) ?? '';
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(out)) throw new UsageError('the new package is a URL; allowed are paths');
    const target = dialects[to as keyof typeof dialects];
    return withPackage(paths.slice(0, -1), (opened) => convert(io, opened, out, target));
  },
};

type Target = (typeof dialects)[keyof typeof dialects];

const convert = async (io: Io, opened: OpenedPackage, out: string, to: Target): Promise<ExitCode> => {
  if (!opened.isWhole) {
    const message = `${counted(opened.volumes.length, 'volume')} of ${opened.count} were given; allowed are all of them`;
    throw new PackageRefused('MISSING_VOLUME', message, opened.name);
  }
  const volumes = opened.volumes.map(({ volume }) => volume);
  const bytes = volumes.reduce((sum, { entries }) => entries.reduce((all, { size }) => all + size, sum), 0);
  const progress = io.progress(`converting ${opened.name}`, 2 * bytes);
  try {
    const converted = await placeNew(
      out,
      io.onInterrupt,
      (sink) => convertPackage(volumes, { to, sink, folder: path.dirname(path.resolve(out)), onProgress: progress.at }),
      (draft) => requireSame(draft),
    );
    progress.end();
    tell(io, out, to, converted);
    return exitCodes.intact;
  } finally {
    progress.end();
  }
};

/** What was written is read back before it gets its name. */
const requireSame = async (draft: string): Promise<void> => {
  const written = await fileSource(draft);
  try {
    const { intact, errors } = await checkVolume(await openVolume(written));
    if (!intact) throw new Error(`what was written is not intact, and was removed: ${errors[0]?.message}`);
  } finally {
    await written.close();
  }
};

const tell = (io: Io, out: string, dialect: Target, { counts, notHeld, written }: Converted): void => {
  const rows = entityKinds.reduce((sum, kind) => sum + counts[kind], 0);
  io.line([
    bold(out),
    ': ',
    green(dialect),
    `: ${counted(rows, 'row')}, ${counted(written.files, 'file')}, ${bytesText(written.bytes)}`,
  ]);
  for (const one of notHeld) io.line([label(one), `  ${textOf(one)}`]);
  io.document({ ok: true, out, dialect, bytes: written.bytes, counts, notHeld });
};

const label = ({ what }: NotHeldRows): Styled => yellow(`  ${what}`);

const textOf = ({ kind, field, why, rows, ids }: NotHeldRows): string => {
  if (rows === 0) return why;
  const some = ids.length === 0 ? '' : ` (${ids.slice(0, 3).join(', ')}${rows > 3 ? ', …' : ''})`;
  const of =
    kind === 'files'
      ? counted(rows, 'file')
      : `${kind}${field === undefined ? '' : ` ${field}`}, ${counted(rows, 'row')}`;
  return `${of}: ${why}${some}`;
};
