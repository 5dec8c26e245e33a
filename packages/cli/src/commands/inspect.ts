/** `fzip inspect`: what a package says of itself, from its directory and manifest alone. */
import { countKey, entityKinds, type Manifest } from '@fzip/format';
import { type CommandOf, exitCodes } from '../command.ts';
import type { Io } from '../io.ts';
import { type NamedVolume, withPackage } from '../open.ts';
import { bold, bytesText, counted, dim, numberText, type Text, yellow } from '../terminal.ts';

const unverified = 'Nothing was verified: so say directory and manifest. `fzip verify` checks every byte.';

export const inspectCommand: CommandOf = {
  name: 'inspect',
  summary: 'what a package says of itself',
  about: `Reads directory and manifest only, and verifies nothing else.
JSON: {ok, verified: false, volumes: [{name, bytes, dialect, entries, uncompressedBytes, files: {count, bytes}, manifest, warnings}]}; the manifest without its checksums.`,
  arguments: [{ name: '<package...>', about: 'path or https URL of a package, or of volumes of one set' }],
  options: [],
  examples: [
    { line: 'fzip inspect backup.fzip', about: 'versions, counts, sizes, failed files, known defects' },
    { line: 'fzip inspect --json "https://…/backup.fzip?X-Amz-…"', about: 'the same for programs, by a download link' },
  ],
  run: (io, paths) =>
    withPackage(paths, async ({ volumes }) => {
      for (const volume of volumes) show(io, volume);
      io.note(dim(unverified));
      io.document({ ok: true, verified: false, volumes: volumes.map(documentOf) });
      return exitCodes.intact;
    }),
};

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0);

const sizesOf = ({ volume }: NamedVolume) => ({
  entries: volume.entries.length,
  uncompressedBytes: volume.entries.reduce((all, { size }) => all + size, 0),
  files: { count: volume.files.size, bytes: sum([...volume.files.values()].map(({ size }) => size)) },
});

const documentOf = (found: NamedVolume) => {
  const { name, source, volume } = found;
  const { checksums: _, ...manifest } = volume.manifest;
  return { name, bytes: source.size, dialect: volume.dialect, ...sizesOf(found), manifest, warnings: volume.notes };
};

const show = (io: Io, found: NamedVolume): void => {
  const { name, source, volume } = found;
  const { manifest } = volume;
  const { entries, uncompressedBytes, files } = sizesOf(found);
  io.line(bold(name));
  io.table([
    ['dialect', `${volume.dialect}, version ${manifest.backup_format_version}`],
    ['made', `${manifest.backup_timestamp} for user ${manifest.user_id}`],
    [
      'by',
      `${manifest.housef3_version ? `HouseF3 ${manifest.housef3_version}` : 'an unnamed version'}${manifest.job_id ? `, job ${manifest.job_id}` : ''}`,
    ],
    ['type', manifest.backup_type],
    ['filters', Object.keys(manifest.filters).length > 0 ? JSON.stringify(manifest.filters) : 'none'],
    ['volume', volumeOf(manifest)],
    [
      'size',
      `${bytesText(source.size)}, ${counted(entries, 'entry', 'entries')}, ${bytesText(uncompressedBytes)} unpacked`,
    ],
    ['rows', countsOf(manifest)],
    ['files', `${counted(files.count, 'file')}, ${bytesText(files.bytes)}`],
    ['snapshot', snapshotOf(manifest)],
    ['not included', manifest.not_included.join(', ') || 'nothing stated'],
  ]);
  someOf(io, 'failed files', manifest.failed_files, (one) => `${one.fileName} (${one.fileId}): ${one.reason}`);
  someOf(io, 'known defects', manifest.known_defects, defectText);
  someOf(io, 'warnings', volume.warnings, (warning) => warning);
  io.line();
};

const volumeOf = ({ volume: { number, count, set_id } }: Manifest): string =>
  count === 1 ? 'the only one' : `${number} of ${count} of the set "${set_id}"`;

const countsOf = ({ data_summary }: Manifest): string =>
  entityKinds
    .map((kind) => ({ kind, count: data_summary[countKey(kind)] }))
    .flatMap(({ kind, count }) => (count === undefined ? [] : [`${numberText(count)} ${kind.replace('_', ' ')}`]))
    .join(', ') || 'not stated';

const snapshotOf = ({ snapshot }: Manifest): string => {
  if (!snapshot) return 'not stated';
  const { started_at, finished_at, passes, moved } = snapshot;
  return `${started_at} to ${finished_at}, ${counted(passes, 'pass', 'passes')}, ${counted(moved.count, 'row')} moved meanwhile`;
};

const defectText = ({ kind, field, rows, ...what }: Manifest['known_defects'][number]): string => {
  const found = typeof what.missing === 'string' ? `"${what.missing}" is missing` : `odd ${String(what.problem)}`;
  return `${kind}.${field}: ${found} in ${counted(rows, 'row')}`;
};

const shown = 20;

const someOf = <T>(io: Io, title: string, items: readonly T[], text: (item: T) => string): void => {
  if (items.length === 0) return;
  io.line([yellow(`  ${title}`), `: ${numberText(items.length)}`] satisfies Text);
  for (const item of items.slice(0, shown)) io.line(`    ${text(item)}`);
  if (items.length > shown) io.line(`    and ${numberText(items.length - shown)} more; --json lists all`);
};
