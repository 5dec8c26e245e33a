/** `fzip verify`: reads every byte and says intact, damaged, or that it could not tell. */
import { checkPackage, type Finding, type PackageCheck, PackageRefused, type VolumeCheck } from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes } from '../command.ts';
import type { Io } from '../io.ts';
import { CannotRead, type NamedVolume, type OpenedPackage, withPackage } from '../open.ts';
import { bold, bytesText, counted, green, numberText, red, yellow } from '../terminal.ts';

export const verifyCommand: CommandOf = {
  name: 'verify',
  summary: 'check every byte and row of a package',
  about: `Says "intact" (exit code 0), "damaged" and by what (1), or that it could not tell, since reading failed (3).
JSON: {ok, verdict: "intact"|"damaged", setChecked, volumes: [{name, number, count, intact, errorCount, errorsByCode, errors, warningsByCode, warnings, counts, files}], set?, error?}; the first hundred errors and warnings of each volume and the first of each code, as {code, message, entry?, id?, path?}; all of them counted by code. "set" holds the same of what only the volumes together show.`,
  arguments: [{ name: '<package...>', about: 'path or https URL of a package, or of volumes of one set' }],
  options: [],
  examples: [
    { line: 'fzip verify backup.fzip', about: 'intact, or what exactly is damaged' },
    { line: 'fzip verify backup.part-*.fzip', about: 'the volumes of a set together' },
    { line: 'fzip verify --json backup.fzip && echo intact', about: 'for programs' },
  ],
  run: async (io, paths) => {
    try {
      return await withPackage(paths, (opened) => verify(io, opened));
    } catch (error) {
      if (error instanceof PackageRefused) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new CannotRead(`could not tell: ${message}`, { cause: error });
    }
  },
};

type Checked = NamedVolume & { check: VolumeCheck };
type SetVerdict = NonNullable<PackageCheck['set']>;

const verify = async (io: Io, opened: OpenedPackage): Promise<ExitCode> => {
  const { intact, setChecked, volumes, set } = await check(io, opened);
  const checked = opened.volumes.flatMap((found, index) => {
    const verdict = volumes[index];
    return verdict ? [{ ...found, check: verdict }] : [];
  });
  for (const volume of checked) show(io, volume);
  if (set) showSet(io, set, opened);
  else if (!setChecked) io.line(yellow(`set not checked: one volume of ${opened.count}; give all of them together`));
  const [error] = [...checked.flatMap((one) => one.check.errors), ...(set?.errors ?? [])];
  io.document({
    ok: intact,
    verdict: intact ? 'intact' : 'damaged',
    setChecked,
    volumes: checked.map(documentOf),
    ...(set ? { set } : {}),
    ...(error ? { error } : {}),
  });
  return intact ? exitCodes.intact : exitCodes.refused;
};

const bytesOf = ({ volume }: NamedVolume): number =>
  volume.entries.reduce((sum, { role, size }) => sum + (role.is === 'manifest' ? 0 : size), 0);

const check = async (io: Io, { volumes, name }: OpenedPackage): Promise<PackageCheck> => {
  const progress = io.progress(
    `verifying ${name}`,
    volumes.reduce((sum, volume) => sum + bytesOf(volume), 0),
  );
  try {
    return await checkPackage(
      volumes.map(({ volume }) => volume),
      { onProgress: progress.at },
    );
  } finally {
    progress.end();
  }
};

const documentOf = ({ name, volume, check }: Checked) => {
  const { number, count } = volume.manifest.volume;
  const { digests: _, ...verdict } = check;
  return { name, number, count, ...verdict };
};

const show = (io: Io, { name, volume, check }: Checked): void => {
  const { number, count } = volume.manifest.volume;
  const which = count === 1 ? '' : ` volume ${number} of ${count}`;
  showVerdict(io, name, which, check);
};

const showSet = (io: Io, set: SetVerdict, { volumes, count }: OpenedPackage): void =>
  showVerdict(io, 'the set', '', set, `${counted(volumes.length, 'volume')} of ${count}, `);

const showVerdict = (io: Io, name: string, which: string, verdict: SetVerdict, before = ''): void => {
  const rows = Object.values(verdict.counts).reduce((sum, rowCount) => sum + rowCount, 0);
  const what = `${counted(rows, 'row')}, ${counted(verdict.files.present, 'file')} of ${bytesText(verdict.files.bytes)}`;
  if (verdict.intact) io.line([bold(name), ': ', green(`intact${which}`), `: ${before}${what}`]);
  else io.line([bold(name), ': ', red(`damaged${which}`), `: ${before}${counted(verdict.errorCount, 'error')}`]);
  for (const error of verdict.errors) io.line([red(`  ${error.code}`), `  ${findingText(error)}`]);
  showUnsaid(io, verdict.errors, verdict.errorsByCode, 'error');
  for (const warning of verdict.warnings) io.line([yellow('  warning'), `  ${findingText(warning)}`]);
  showUnsaid(io, verdict.warnings, verdict.warningsByCode, 'warning');
};

const showUnsaid = (io: Io, said: Finding[], byCode: SetVerdict['errorsByCode'], what: string): void => {
  const all = Object.entries(byCode);
  const unsaid = all.reduce((sum, [, count]) => sum + count, 0) - said.length;
  if (unsaid === 0) return;
  const codes = all.map(([code, count]) => `${numberText(count)} ${code}`).join(', ');
  io.line(`  and ${counted(unsaid, `more ${what}`)}; in all ${codes}`);
};

/** Messages name their entry, mostly. */
const findingText = ({ message, entry, id, path }: Finding): string => {
  const where = [id !== undefined && !message.includes(id) ? id : '', path ?? ''].filter((one) => one !== '');
  const told = entry === undefined || message.includes(entry) ? message : `${entry}: ${message}`;
  return where.length === 0 ? told : `${told} (${where.join(', ')})`;
};
