/** What was measured, as tables for people or JSON for programs. */
import { cpus } from 'node:os';
import type { Figures } from './figures.ts';
import type { Pair } from './run.ts';

type Bound = { text: string; value: number; holds(value: number): boolean };

export const bound = (relation: '≤' | '≥', value: number): Bound => ({
  text: relation,
  value,
  holds: (found) => (relation === '≤' ? found <= value : found >= value),
});

/** A pair is bound by its ratio, figures are by their memory. */
export type Line = { name: string; bound?: Bound } & ({ pair: Pair } | { figures: Figures });

const MiB = 2 ** 20;
const holds = (line: Line): boolean =>
  line.bound?.holds('pair' in line ? line.pair.ratio : line.figures.peakBytes) ?? true;

const seconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} s`;
const mebibytes = (value: number): string => `${Math.round(value / MiB)} MiB`;
const megabytes = (value: number): string => `${(value / 1e6).toFixed(1)} MB`;

const table = (rows: string[][]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | '));
  const rule = widths.map((width) => '-'.repeat(width)).join(' | ');
  return [lines[0], rule, ...lines.slice(1)].map((line) => `| ${line} |`).join('\n');
};

/** The corpus names its files by what is said of them, at any length. */
const clipped = (name: unknown): string => (String(name).length > 40 ? `${String(name).slice(0, 40)}…` : String(name));

const mark = (line: Line): string => (line.bound === undefined ? '' : holds(line) ? 'kept' : 'MISSED');

const pairRow = (line: Line & { pair: Pair }): string[] => {
  const { ours, bare, ratio, ratios, wallRatio } = line.pair;
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  return [
    line.name,
    `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    line.bound ? `${line.bound.text} ${line.bound.value}` : '',
    mark(line),
    wallRatio.toFixed(2),
    `${seconds(ours.cpuSeconds)} / ${seconds(bare.cpuSeconds)}`,
    `${seconds(ours.wallSeconds)} / ${seconds(bare.wallSeconds)}`,
    `${mebibytes(ours.peakBytes)} / ${mebibytes(bare.peakBytes)}`,
  ];
};

/** What the work said of itself, in words. */
const details = (figures: Figures): string => {
  const { requests, bytesRead, size, share, code, packages, slowest, slowestSeconds, largest, largestBytes } = figures;
  const said: string[] = [];
  if (requests !== undefined) said.push(`${requests} requests`);
  if (bytesRead !== undefined) said.push(`${megabytes(Number(bytesRead))} of ${megabytes(Number(size))} read`);
  if (share !== undefined) said.push(`${(Number(share) * 100).toFixed(2)} %`);
  if (code !== undefined) said.push(String(code));
  if (packages !== undefined)
    said.push(
      `${packages} packages, ${figures.accepted} accepted`,
      `slowest ${seconds(Number(slowestSeconds))}: ${clipped(slowest)}`,
      `largest ${megabytes(Number(largestBytes))}: ${clipped(largest)}`,
    );
  return said.join('; ');
};

const figuresRow = (line: Line & { figures: Figures }): string[] => [
  line.name,
  mebibytes(line.figures.peakBytes),
  line.bound ? `${line.bound.text} ${mebibytes(line.bound.value)}` : '',
  mark(line),
  seconds(line.figures.cpuSeconds),
  seconds(line.figures.wallSeconds),
  details(line.figures),
];

const asJson = (lines: readonly Line[], rounds: number): string =>
  JSON.stringify(
    {
      node: process.version,
      processor: cpus()[0]?.model,
      processors: cpus().length,
      rounds,
      measured: lines.map((line) => ({
        ...line,
        bound: line.bound && { relation: line.bound.text, value: line.bound.value, kept: holds(line) },
      })),
    },
    null,
    2,
  );

/** Prints to standard output. True if every bound is kept. */
export const printReport = (lines: readonly Line[], { json, rounds }: { json: boolean; rounds: number }): boolean => {
  if (json) console.log(asJson(lines, rounds));
  else {
    const pairs = lines.filter((line): line is Line & { pair: Pair } => 'pair' in line);
    const others = lines.filter((line): line is Line & { figures: Figures } => 'figures' in line);
    const head = [
      'what',
      'bare CPU / ours',
      'bound',
      '',
      'wall',
      'CPU, ours / bare',
      'wall, ours / bare',
      'peak memory',
    ];
    if (pairs.length > 0) console.log(`${table([head, ...pairs.map(pairRow)])}\n`);
    const otherHead = ['what', 'peak memory', 'bound', '', 'CPU', 'wall', ''];
    if (others.length > 0) console.log(`${table([otherHead, ...others.map(figuresRow)])}\n`);
    console.log(
      `Ratios are the median of ${rounds} rounds, of processor seconds; memory is above the start of the process. ` +
        `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}.`,
    );
  }
  return lines.every(holds);
};
