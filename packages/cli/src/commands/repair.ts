/** `fzip repair`: what can be saved of a damaged package, as a new one that says of itself what is lost. */
import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import {
  checkVolume,
  fileSource,
  isUnreadable,
  type Loss,
  openVolume,
  PackageRefused,
  type Repaired,
  type Survey,
  surveyPackage,
  writeRepaired,
} from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { type NamedSource, withSource } from '../open.ts';
import { placeNew } from '../place.ts';
import { bold, bytesText, counted, green, numberText, red, yellow } from '../terminal.ts';

export const repairCommand: CommandOf = {
  name: 'repair',
  summary: 'save what is intact of a damaged package into a new one',
  about: `Takes every row and file that a checksum proves, and the rows that stand whole before the place where a package was cut; passes over what a failing disk cannot read; writes them as a new package, marked as partial, and lists what is lost. An intact package is left as it is and nothing is written. The damaged one is only ever read.
With --unproven rows are taken out of damaged entries as well, if they are as their kind demands; the new package states how many.
Exit codes: 0 intact or repaired, 1 nothing could be saved.
JSON: {lost: [{what: "rows"|"row"|"file"|"entry", entry, …, reason}], ok, verdict: "intact"|"repaired", out?, kept?: {rows, files, withoutChecksum, unproven}, unlisted?}.`,
  arguments: [
    { name: '<package>', about: 'path of a package, or of one volume of a set' },
    { name: '<out>', about: 'path of the new package; nothing may be there' },
  ],
  options: [{ flags: '--unproven', about: 'take rows that no checksum proves, too' }],
  examples: [
    { line: 'fzip repair backup.fzip saved.fzip', about: 'after a download that broke off' },
    { line: 'fzip repair --json backup.fzip saved.fzip', about: 'the same for programs' },
  ],
  run: async (io, [from = '', out = ''], { unproven }) => {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from))
      throw new UsageError('a URL is not repaired; download the package first');
    await requireOther(from, out);
    return withSource(from, async (source) => {
      if (await isIntact(io, source)) {
        io.line([bold(source.name), ': ', green('intact'), ': nothing to repair, nothing written']);
        io.document({ ok: true, verdict: 'intact' });
        return exitCodes.intact;
      }
      return repair(io, source, out, unproven === true);
    });
  },
};

/** @throws UsageError if something is at `out`, above all the package itself */
const requireOther = async (from: string, out: string): Promise<void> => {
  // What else goes wrong there is told when it is written to.
  const found = await lstat(out).catch(() => undefined);
  if (!found) return;
  const [its, own] = await Promise.all([stat(out).catch(() => undefined), stat(from).catch(() => undefined)]);
  const isSame = its !== undefined && own !== undefined && its.dev === own.dev && its.ino === own.ino;
  throw new UsageError(
    isSame
      ? `${out} is the package itself, which is never written to; name another place`
      : `${out} is there already; name another place`,
  );
};

const isIntact = async (io: Io, source: NamedSource): Promise<boolean> => {
  try {
    const volume = await openVolume(source);
    const bytes = volume.entries.reduce((sum, { role, size }) => sum + (role.is === 'manifest' ? 0 : size), 0);
    const progress = io.progress(`verifying ${source.name}`, bytes);
    try {
      return (await checkVolume(volume, { onProgress: progress.at })).intact;
    } finally {
      progress.end();
    }
  } catch (error) {
    if (error instanceof PackageRefused || isUnreadable(error)) return false;
    throw error;
  }
};

const repair = async (io: Io, source: NamedSource, out: string, unproven: boolean): Promise<ExitCode> => {
  const survey = await showing(io, `searching ${source.name}`, source.size, (onProgress) =>
    surveyPackage(source, { onProgress }),
  );
  const repaired = await placeNew(
    out,
    io.onInterrupt,
    (sink) => write(io, survey, sink, source, unproven),
    (draft) => requireIntact(io, draft),
  );
  await tell(io, out, repaired);
  return exitCodes.intact;
};

const showing = async <T>(
  io: Io,
  text: string,
  bytes: number,
  use: (onProgress: (bytes: number) => void) => Promise<T>,
): Promise<T> => {
  const progress = io.progress(text, bytes);
  try {
    return await use(progress.at);
  } finally {
    progress.end();
  }
};

const write = (
  io: Io,
  survey: Survey,
  sink: Writable,
  { name, size }: NamedSource,
  unproven: boolean,
): Promise<Repaired> =>
  showing(io, 'writing', size, (onProgress) =>
    writeRepaired(survey, {
      sink,
      now: new Date(),
      name: path.basename(name),
      unproven,
      onProgress,
    }),
  );

/** What was written is read back before it gets its name. */
const requireIntact = async (io: Io, draft: string): Promise<void> => {
  const written = await fileSource(draft);
  try {
    const volume = await openVolume(written);
    const { intact, errors } = await showing(io, 'verifying what was written', written.size, () => checkVolume(volume));
    const [first] = errors;
    if (!intact) throw new Error(`what was written is not intact, and was removed: ${first?.message}`);
  } finally {
    await written.close();
  }
};

const tell = async (
  io: Io,
  out: string,
  { counts, files, withoutChecksum, unproven, lost, unlisted, written }: Repaired,
): Promise<void> => {
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  io.line([
    bold(out),
    ': ',
    green('repaired'),
    `: ${counted(rows, 'row')} and ${counted(files, 'file')} kept, ${bytesText(written.bytes)}`,
  ]);
  if (withoutChecksum > 0)
    io.line(
      `  ${counted(withoutChecksum, 'row')} of them stood whole before the place where the package ends; no checksum proves them`,
    );
  if (unproven > 0) io.line(yellow(`  ${counted(unproven, 'row')} of them are unproven: they stood in damaged bytes`));
  io.list('lost');
  for (const loss of lost) {
    io.line([red('  lost'), `  ${lossText(loss)}`]);
    await io.item(JSON.stringify(loss));
    await io.room();
  }
  if (unlisted > 0) io.line(`  and ${counted(unlisted, 'row')} more, each for itself`);
  io.document({
    ok: true,
    verdict: 'repaired',
    out,
    kept: { rows: counts, files, withoutChecksum, unproven },
    unlisted,
  });
};

const lossText = (loss: Loss): string => {
  switch (loss.what) {
    case 'rows': {
      const { entry, kept, stated, lost, reason } = loss;
      if (stated !== undefined)
        return `${entry}: ${numberText(kept)} of ${numberText(stated)} rows kept, ${numberText(lost ?? stated - kept)} lost: ${reason}`;
      return `${entry}: ${counted(kept, 'row')} kept, ${lost === undefined ? 'how many are lost is not known' : `${numberText(lost)} lost`}: ${reason}`;
    }
    case 'row':
      return `${loss.entry}: row ${loss.number}${loss.id === undefined ? '' : ` (${loss.id})`}: ${loss.reason}`;
    case 'file':
      return `${loss.entry ?? 'files'}: ${loss.fileName === undefined ? '' : `${loss.fileName} `}(${loss.fileId}): ${loss.reason}`;
    case 'entry':
      return `${loss.entry}: ${loss.reason}`;
  }
};
