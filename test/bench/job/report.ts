/** What jobs cost, as tables for people or JSON for programs. */
import { bounds, type Line } from './least.ts';

const MiB = 2 ** 20;
const seconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} s`;
const per1000 = (count: number, rows: number): string => ((1000 * count) / Math.max(1, rows)).toFixed(2);

const table = (rows: string[][]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | '));
  return [lines[0], widths.map((width) => '-'.repeat(width)).join(' | '), ...lines.slice(1)]
    .map((line) => `| ${line} |`)
    .join('\n');
};

const mark = (kept: boolean): string => (kept ? 'kept' : 'MISSED');

const inAll = (line: Line, of: 'wallSeconds' | 'cpuSeconds'): number =>
  line.steps.reduce((sum, { figures }) => sum + figures[of], 0);

const stepRows = (line: Line): string[][] =>
  line.steps.map(({ figures }) => [
    figures.step,
    seconds(figures.wallSeconds),
    seconds(figures.cpuSeconds),
    `${Math.round(figures.peakBytes / MiB)} MiB`,
    mark(figures.peakBytes <= bounds.memoryBytes),
  ]);

const requestRows = (line: Line): string[][] => {
  const totals = new Map<string, { calls: number; units: number }>();
  for (const { requests } of line.steps) {
    for (const [name, calls] of Object.entries(requests.calls)) {
      const total = totals.get(name) ?? { calls: 0, units: 0 };
      totals.set(name, { calls: total.calls + calls, units: total.units + (requests.units[name] ?? 0) });
    }
  }
  return [...totals]
    .toSorted(([, a], [, b]) => b.calls - a.calls)
    .map(([name, { calls, units }]) => [
      name,
      String(calls),
      per1000(calls, line.rows),
      units > 0 ? units.toFixed(1) : '',
    ]);
};

const requestsKept = (line: Line): boolean =>
  line.rows < bounds.requestsFrom || line.least.every(({ found, least }) => found <= bounds.requests * least);

const kept = (line: Line): boolean =>
  requestsKept(line) && line.steps.every(({ figures }) => figures.peakBytes <= bounds.memoryBytes);

const bareText = (line: Line): string => {
  const { step, figures } = line.bare;
  const ours = line.steps.find((one) => one.figures.step === step)?.figures;
  if (!ours) return '';
  const ratio = (of: 'cpuSeconds' | 'wallSeconds') => (figures[of] / ours[of]).toFixed(2);
  return (
    `${step} beside the bare ${step === 'backup-package' ? 'streams' : 'calls'}, bare / ours: processor ${ratio('cpuSeconds')} ` +
    `(${seconds(figures.cpuSeconds)} / ${seconds(ours.cpuSeconds)}), wall ${ratio('wallSeconds')} ` +
    `(${seconds(figures.wallSeconds)} / ${seconds(ours.wallSeconds)})`
  );
};

/** Prints to standard output. True if every bound is kept. */
export const printJobs = (
  lines: readonly Line[],
  { json, machine, consumers }: { json: boolean; machine: string; consumers: number },
): boolean => {
  if (json)
    console.log(
      JSON.stringify({ machine, consumers, measured: lines.map((line) => ({ ...line, kept: kept(line) })) }, null, 2),
    );
  else
    for (const line of lines) {
      const { transactions, files, idMode } = line.size;
      console.log(
        `\n${transactions} transactions, ${files} files${idMode ? `, ids by ${idMode}` : ''}: ${line.ended}, `,
      );
      console.log(
        `${line.rows} rows, a package of ${(line.packageBytes / 1e6).toFixed(1)} MB; ` +
          `${seconds(inAll(line, 'wallSeconds'))} in all, ${seconds(inAll(line, 'cpuSeconds'))} of processor\n`,
      );
      console.log(
        table([['step', 'wall', 'CPU', 'peak memory', `≤ ${bounds.memoryBytes / MiB} MiB`], ...stepRows(line)]),
      );
      console.log(`\n${bareText(line)}\n`);
      console.log(
        table([
          ['the least requests', 'found', 'least', 'ratio', `≤ ${bounds.requests} from ${bounds.requestsFrom} rows on`],
          ...line.least.map(({ name, found, least }) => [
            name,
            String(found),
            String(least),
            (found / least).toFixed(3),
            line.rows < bounds.requestsFrom ? 'too few rows' : mark(found <= bounds.requests * least),
          ]),
        ]),
      );
      console.log(`\n${table([['requests', 'calls', 'per 1 000 rows', 'DynamoDB units'], ...requestRows(line)])}`);
    }
  if (!json)
    console.log(
      `\nMemory is above the start of the process, one for the consumers of each step, ${consumers} side by side. ${machine}.`,
    );
  return lines.every(kept);
};
