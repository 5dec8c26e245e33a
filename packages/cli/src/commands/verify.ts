/** `fzip verify`: reads every byte and says intact, damaged, or that it could not tell. */
import { checkVolume, type Finding, PackageRefused, type VolumeCheck } from '@fzip/format';
import { type CommandOf, type ExitCode, exitCodes } from '../command.ts';
import type { Io } from '../io.ts';
import { CannotRead, type NamedVolume, type OpenedPackage, withPackage } from '../open.ts';
import { bold, bytesText, counted, green, numberText, red, yellow } from '../terminal.ts';

export const verifyCommand: CommandOf = {
  name: 'verify',
  summary: 'check every byte and row of a package',
  about: `Says "intact" (exit code 0), "damaged" and by what (1), or that it could not tell, since reading failed (3).
JSON: {ok, verdict: "intact"|"damaged", setChecked, volumes: [{name, number, count, intact, errorCount, errors, warnings, counts, files}], error?}; the first hundred errors and warnings of each volume, as {code, message, entry?, id?}.`,
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

const verify = async (io: Io, opened: OpenedPackage): Promise<ExitCode> => {
  const checked = await checkAll(io, opened);
  const isIntact = checked.every(({ check }) => check.intact);
  for (const volume of checked) show(io, volume);
  const setChecked = opened.count === 1;
  if (!setChecked) io.line(yellow(`set not checked: ${setText(opened)}`));
  const [error] = checked.flatMap(({ check }) => check.errors);
  io.document({
    ok: isIntact,
    verdict: isIntact ? 'intact' : 'damaged',
    setChecked,
    volumes: checked.map(documentOf),
    ...(error ? { error } : {}),
  });
  return isIntact ? exitCodes.intact : exitCodes.refused;
};

const setText = ({ volumes, count }: OpenedPackage): string =>
  `${counted(volumes.length, 'volume')} of ${count}; what refers from one to another was not looked at`;

const bytesOf = ({ volume }: NamedVolume): number =>
  volume.entries.reduce((sum, { role, size }) => sum + (role.is === 'manifest' ? 0 : size), 0);

const checkAll = async (io: Io, { volumes, name }: OpenedPackage): Promise<Checked[]> => {
  const checked: Checked[] = [];
  const progress = io.progress(
    `verifying ${name}`,
    volumes.reduce((sum, volume) => sum + bytesOf(volume), 0),
  );
  let before = 0;
  try {
    for (const found of volumes) {
      const check = await checkVolume(found.volume, { onProgress: (bytes) => progress.at(before + bytes) });
      checked.push({ ...found, check });
      before += bytesOf(found);
    }
  } finally {
    progress.end();
  }
  return checked;
};

const documentOf = ({ name, volume, check }: Checked) => {
  const { number, count } = volume.manifest.volume;
  const { intact, errorCount, errors, warnings, counts, files } = check;
  return { name, number, count, intact, errorCount, errors, warnings, counts, files };
};

const show = (io: Io, { name, volume, check }: Checked): void => {
  const { number, count } = volume.manifest.volume;
  const which = count === 1 ? '' : ` volume ${number} of ${count}`;
  const rows = Object.values(check.counts).reduce((sum, rowCount) => sum + rowCount, 0);
  const what = `${counted(rows, 'row')}, ${counted(check.files.present, 'file')} of ${bytesText(check.files.bytes)}`;
  if (check.intact) io.line([bold(name), ': ', green(`intact${which}`), `: ${what}`]);
  else io.line([bold(name), ': ', red(`damaged${which}`), `: ${counted(check.errorCount, 'error')}`]);
  for (const error of check.errors) io.line([red(`  ${error.code}`), `  ${findingText(error)}`]);
  const unsaid = check.errorCount - check.errors.length;
  if (unsaid > 0) io.line(`  and ${numberText(unsaid)} more`);
  for (const warning of check.warnings) io.line([yellow('  warning'), `  ${findingText(warning)}`]);
};

/** Messages name their entry, mostly. */
const findingText = ({ message, entry, id }: Finding): string =>
  `${entry === undefined || message.includes(entry) ? '' : `${entry}: `}${message}${id === undefined || message.includes(id) ? '' : ` (${id})`}`;
