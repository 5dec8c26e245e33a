/** `fzip diff`: what differs between two packages, row by row and file by file. */
import {
  type Difference,
  type DiffKind,
  diffKinds,
  diffPackages,
  formatValue,
  type PackageDiff,
  PackageRefused,
} from '@fzip/format';
import { type Chosen, type CommandOf, type ExitCode, exitCodes, UsageError } from '../command.ts';
import type { Io } from '../io.ts';
import { type OpenedPackage, withPackage, withPackages } from '../open.ts';
import { bold, counted, green, numberText, red, type Styled, type Text, yellow } from '../terminal.ts';

const shownEach = 20;

export const diffCommand: CommandOf = {
  name: 'diff',
  summary: 'what differs between two packages',
  about: `Compares every row and the bytes of every file; the first package is the older one. By id, or by content where a restore has made all ids anew: then a row is known by what it holds and by what it refers to. Not compared are userId and s3Key, which every restore writes anew; null is absent, "10.00" is "10".
Exit code 0: equal, 1: different, or one of them is damaged.
JSON: {differences: [{kind, change: "added"|"removed"|"changed", id, name?, fields?: [{field, from?, to?}]}], ok, equal, by: "id"|"content", kinds: {accounts: {same, changed, added, removed}, …, files}}.`,
  arguments: [
    {
      name: '<package...>',
      about: 'paths or https URLs of two packages, each of one volume or of all volumes of a set',
    },
  ],
  options: [
    { flags: '--with <package...>', about: 'the second package, where both are copies of one set' },
    { flags: '--by <how>', about: 'how rows are recognised', choices: ['auto', 'id', 'content'], default: 'auto' },
    {
      flags: '--limit <n>',
      about: `differences of each kind that are told, or "all"; all are counted`,
      default: String(shownEach),
    },
  ],
  examples: [
    { line: 'fzip diff january.fzip february.fzip', about: 'added, removed and changed rows' },
    {
      line: 'fzip diff --by content mine.fzip restored.fzip',
      about: 'a backup of what was restored with ids made anew',
    },
    { line: 'fzip diff a.part-*.fzip --with copy/a.part-*.fzip', about: 'two copies of one set' },
  ],
  run: (io, paths, options) => {
    const limit = limitOf(options);
    const second = options.with;
    if (Array.isArray(second))
      return withPackage(paths, (a) => withPackage(second, (b) => compare(io, a, b, options, limit)));
    return withPackages(paths, (packages) => {
      const [a, b, ...more] = packages;
      if (a && b && more.length === 0) return compare(io, a, b, options, limit);
      const names = packages.map(({ name }) => name).join(', ');
      throw new UsageError(
        `${counted(packages.length, 'package')} (${names}); allowed are two, and --with stands before the second of one set`,
      );
    });
  },
};

const limitOf = ({ limit }: Chosen): number => {
  if (limit === 'all') return Number.POSITIVE_INFINITY;
  const number = Number(limit);
  if (typeof limit === 'string' && /^\d+$/.test(limit) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`--limit is "${String(limit)}"; allowed are whole numbers and "all"`);
};

const compare = async (
  io: Io,
  a: OpenedPackage,
  b: OpenedPackage,
  { by }: Chosen,
  limit: number,
): Promise<ExitCode> => {
  for (const opened of [a, b]) requireWhole(opened);
  const progress = io.progress(`comparing ${a.name} with ${b.name}`, 2 * (bytesOf(a) + bytesOf(b)));
  io.list('differences');
  try {
    const diff = await diffPackages(
      a.volumes.map(({ volume }) => volume),
      b.volumes.map(({ volume }) => volume),
      {
        by: by as 'auto' | 'id' | 'content',
        limit,
        onProgress: progress.at,
        onDifference: async (difference) => {
          if (io.json) return io.item(jsonOf(difference));
          progress.end();
          for (const line of linesOf(difference)) io.line(line);
          await io.room();
        },
      },
    );
    progress.end();
    show(io, diff, limit);
    io.document({ ok: diff.equal, ...diff });
    return diff.equal ? exitCodes.intact : exitCodes.refused;
  } finally {
    progress.end();
  }
};

const requireWhole = ({ name, volumes, count, isWhole }: OpenedPackage): void => {
  if (isWhole) return;
  const message = `${counted(volumes.length, 'volume')} of ${count} were given; allowed are all of them`;
  throw new PackageRefused('MISSING_VOLUME', message, name);
};

const bytesOf = ({ volumes }: OpenedPackage): number =>
  volumes.reduce((sum, { volume }) => volume.entries.reduce((all, { size }) => all + size, sum), 0);

/** Numbers keep their digits: values of rows are spelled by their own text. */
const jsonOf = (difference: Difference): string => {
  if (difference.change !== 'changed') return JSON.stringify(difference);
  const { fields, ...head } = difference;
  const spelled = fields.map(({ field, from, to }) => {
    const sides = [
      ...(from === undefined ? [] : [`"from": ${formatValue(from)}`]),
      ...(to === undefined ? [] : [`"to": ${formatValue(to)}`]),
    ];
    return `{"field": ${[JSON.stringify(field), ...sides].join(', ')}}`;
  });
  return `${JSON.stringify(head).slice(0, -1)},"fields":[${spelled.join(',')}]}`;
};

const signs: Readonly<Record<Difference['change'], Styled>> = {
  added: green('+'),
  removed: red('-'),
  changed: yellow('~'),
};

const linesOf = (difference: Difference): Text[] => {
  const { kind, id, name, change } = difference;
  const head = [signs[change], ` ${kind} ${id ?? '(no id)'}${name === undefined ? '' : ` ${JSON.stringify(name)}`}`];
  if (difference.change !== 'changed') return [head];
  const fields = difference.fields.map(({ field, from, to }) => `    ${field}: ${valueText(from)} → ${valueText(to)}`);
  return [head, ...fields];
};

const longestValue = 200;

const valueText = (value: Parameters<typeof formatValue>[0] | undefined): string => {
  if (value === undefined) return 'none';
  const text = formatValue(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
};

const show = (io: Io, { equal, by, kinds }: PackageDiff, limit: number): void => {
  const lists: [DiffKind, PackageDiff['kinds'][DiffKind]][] = diffKinds.map((kind) => [kind, kinds[kind]]);
  const untold = lists.reduce(
    (sum, [, { changed, added, removed }]) => sum + Math.max(0, changed + added + removed - limit),
    0,
  );
  if (untold > 0) io.line(`and ${numberText(untold)} more; --limit all tells all`);
  if (!equal) io.line();
  io.table(
    [
      ['', 'same', 'changed', 'added', 'removed'],
      ...lists.map(([kind, { same, changed, added, removed }]) => [
        kind,
        ...[same, changed, added, removed].map(numberText),
      ]),
    ],
    ['left', 'right', 'right', 'right', 'right'],
  );
  io.line([bold(equal ? 'equal' : 'different'), `, compared by ${by}`]);
};
