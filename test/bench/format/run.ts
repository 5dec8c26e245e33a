/** Runs pieces of work, each in a process of its own, so that memory and processor time are that piece's alone. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Work } from '../format-child.ts';
import type { Figures } from './figures.ts';

const child = fileURLToPath(new URL('../format-child.ts', import.meta.url));
/** No piece of work takes as long as this; one that does hangs. */
const longestMs = 15 * 60_000;

/** @throws Error if the work fails, or takes too long */
export const runWork = async (work: Work, options: object): Promise<Figures> => {
  const started = fork(child, [work, JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const timer = setTimeout(() => started.kill('SIGKILL'), longestMs);
  let figures: Figures | undefined;
  started.on('message', (message) => {
    figures = message as Figures;
  });
  const [code, signal] = await once(started, 'exit');
  clearTimeout(timer);
  if (code !== 0 || !figures)
    throw new Error(`"${work}" ended with ${code ?? signal} after ${JSON.stringify(options)}`);
  return figures;
};

const medianOf = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
};

/** The median of each number; everything else as the first run found it. */
const median = (runs: readonly Figures[]): Figures => {
  const [first] = runs;
  if (!first) throw new TypeError('no runs to take the median of');
  const names = Object.keys(first);
  const middle = (name: string) =>
    typeof first[name] === 'number' ? medianOf(runs.map((run) => Number(run[name]))) : first[name];
  return Object.fromEntries(names.map((name) => [name, middle(name)])) as Figures;
};

export type Pair = { ours: Figures; bare: Figures; ratio: number; ratios: number[]; wallRatio: number };

/**
 * Runs ours and the bare streams in turn, each first as often as the other, since what else the machine does comes and goes.
 * The ratio is that of processor seconds, bare over ours: the median of the rounds.
 */
export const runPair = async (
  rounds: number,
  ours: () => Promise<Figures>,
  bare: () => Promise<Figures>,
): Promise<Pair> => {
  const [all, allBare]: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 1) allBare.push(await bare());
    all.push(await ours());
    if (round % 2 === 0) allBare.push(await bare());
  }
  const over = (name: 'cpuSeconds' | 'wallSeconds') =>
    all.map((run, round) => (allBare[round]?.[name] ?? Number.NaN) / run[name]);
  const ratios = over('cpuSeconds');
  return {
    ours: median(all),
    bare: median(allBare),
    ratio: medianOf(ratios),
    ratios,
    wallRatio: medianOf(over('wallSeconds')),
  };
};
