/** `fzip convert`: a package in the other dialect, and a list of what that cannot hold. */
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import {
  type Converted,
  convertPackage,
  entityKinds,
  fileSource,
  type Listed,
  openVolume,
  PackageRefused,
  proveConverted,
} from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { type OpenedPackage, withPackage } from '../open.ts';
import { placeNew } from '../place.ts';
import { bold, bytesText, counted, dim, green, red, yellow } from '../terminal.ts';

const dialects = { fzip: 'fzip-1.0', housef3: 'housef3-2.5' } as const;

export const convertCommand: CommandOf = {
  name: 'convert',
  summary: 'write a package in the other dialect',
  about: `Reads a package of either dialect, checks it, and writes it as one volume: "fzip" as FZIP's own (fzip-1.0), "housef3" as the HouseF3 application reads and writes it (housef3-2.5). Into the dialect that it has already, it is written anew in canonical form. What the new package cannot hold, and what HouseF3's restore would leave out of it, is listed. The new package is checked before it gets its name; nothing that is there is ever replaced.
JSON: {ok, out, dialect, bytes, counts, notHeld: [{kind, what: "left-out"|"ignored"|"dropped", field?, why, rows, ids}], respelled, warnings}; ids are the first hundred. "left-out" is not in the new package; "ignored" and "dropped" is in it, and HouseF3's restore does without it, or without its row. "respelled", in a list of the same shape, says the same in other words.`,
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
  let converted: Converted | undefined;
  await placeNew(
    out,
    io.onInterrupt,
    async (sink) => {
      converted = await write(io, opened, { to, sink, beside: out });
    },
    (draft) => prove(io, draft, converted as Converted),
  );
  tell(io, out, to, converted as unknown as Converted);
  return exitCodes.intact;
};

type Writing = { to: Target; sink: Writable; beside: string };

const write = async (io: Io, { name, volumes }: OpenedPackage, { to, sink, beside }: Writing): Promise<Converted> => {
  const opened = volumes.map(({ volume }) => volume);
  const bytes = opened.reduce((sum, { entries }) => entries.reduce((all, { size }) => all + size, sum), 0);
  const progress = io.progress(`converting ${name}`, 2 * bytes);
  // Whoever is interrupted cannot wait for the engine to tidy up, and may be so at once: nothing comes between these two lines.
  const folder = mkdtempSync(path.join(path.dirname(path.resolve(beside)), '.fzip-'));
  const calledOff = io.onInterrupt(() =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  );
  try {
    return await convertPackage(opened, { to, sink, folder, onProgress: progress.at });
  } finally {
    progress.end();
    await rm(folder, { recursive: true, force: true });
    calledOff();
  }
};

/** What was written is read back before it gets its name. */
const prove = async (io: Io, draft: string, converted: Converted): Promise<void> => {
  const source = await fileSource(draft);
  const progress = io.progress('reading it back', converted.written.dataBytes + converted.written.fileBytes);
  try {
    await proveConverted(await openVolume(source), converted, progress.at);
  } finally {
    progress.end();
    await source.close();
  }
};

const tell = (io: Io, out: string, dialect: Target, converted: Converted): void => {
  const { counts, notHeld, respelled, warnings, written } = converted;
  const rows = entityKinds.reduce((sum, kind) => sum + counts[kind], 0);
  const what = `${counted(rows, 'row')}, ${counted(written.files, 'file')}, ${bytesText(written.bytes)}`;
  io.line([bold(out), ': ', green(dialect), `: ${what}`]);
  for (const warning of warnings) io.line([red('  warning'), `  ${warning}`]);
  for (const one of notHeld) io.line([yellow(`  ${one.what}`), `  ${textOf(one)}`]);
  for (const one of respelled) io.line([dim(`  ${one.what}`), `  ${textOf(one)}`]);
  io.document({ ok: true, out, dialect, bytes: written.bytes, counts, notHeld, respelled, warnings });
};

const textOf = ({ kind, field, why, rows, ids }: Listed): string => {
  const some = ids.length === 0 ? '' : ` (${ids.slice(0, 3).join(', ')}${rows > 3 ? ', …' : ''})`;
  const what = field === undefined ? kind : `${kind} ${field}`;
  if (kind === 'manifest') return `${what}: ${why}`;
  return `${kind === 'files' ? counted(rows, 'file') : `${what}, ${counted(rows, 'row')}`}: ${why}${some}`;
};
