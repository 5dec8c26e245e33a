/**
 * `npm run bench -- backup|restore [--transactions N,N] [--files N,N] [--id-mode preserve|remap] [--consumers N] [--json]`: what each step of a
 * job costs on the embedded runtime: time, memory, requests beside the least that the services allow, and the same bytes by bare
 * streams or the same rows by bare calls in the same run. Sizes are paired; one alone goes with each of the others.
 * `--consumers 1` has one consumer of each step at a time, whose memory is then that of one.
 * Exit code 1 when a bound of DESIGN.md section 9 is missed. Bounded; ends by itself.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Line, leastRequests } from './job/least.ts';
import { printJobs } from './job/report.ts';
import type { JobFigures, Size } from './job-child.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    transactions: { type: 'string', default: '10000' },
    files: { type: 'string', default: '100' },
    'id-mode': { type: 'string', default: 'remap' },
    consumers: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});

const refuse = (message: string): never => {
  console.error(`bench: ${message}`);
  process.exit(2);
};
const [what = 'backup'] = positionals;
if (what !== 'backup' && what !== 'restore')
  refuse(`"${what}" is nothing to measure; allowed are format, load, backup, restore`);
const idMode = values['id-mode'];
if (idMode !== 'preserve' && idMode !== 'remap') refuse(`--id-mode is "${idMode}"; allowed are preserve, remap`);

const numbers = (name: string, text: string): number[] =>
  text.split(',').map((part) => {
    const value = Number(part);
    return Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(`--${name} is "${part}"; allowed are whole numbers`);
  });
const [transactions, files] = [numbers('transactions', values.transactions), numbers('files', values.files)];
if (transactions.length !== files.length && transactions.length !== 1 && files.length !== 1)
  refuse(
    `${transactions.length} sizes of transactions, ${files.length} of files; allowed are as many, or one of either`,
  );
const sizes: Size[] = Array.from({ length: Math.max(transactions.length, files.length) }, (_, n) => ({
  transactions: transactions[transactions.length === 1 ? 0 : n] ?? 0,
  files: files[files.length === 1 ? 0 : n] ?? 0,
  ...(what === 'restore' ? { idMode: idMode as 'preserve' | 'remap' } : {}),
}));

const [consumers = 0] = numbers('consumers', values.consumers);
if (consumers < 1 || consumers > 20) refuse(`--consumers is "${values.consumers}"; allowed are 1 to 20`);

const child = fileURLToPath(new URL('./job-child.ts', import.meta.url));
const lines: Line[] = [];
for (const size of sizes) {
  if (process.stderr.isTTY)
    process.stderr.write(`${what} of ${size.transactions} transactions, ${size.files} files…\n`);
  const started = fork(child, [what, JSON.stringify(size)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, FZIP_BENCH_CONSUMERS: String(consumers) },
  });
  let figures: JobFigures | undefined;
  started.on('message', (message) => {
    figures = message as JobFigures;
  });
  const [code, signal] = await once(started, 'exit');
  if (code !== 0 || !figures) throw new Error(`the ${what} of ${JSON.stringify(size)} ended with ${code ?? signal}`);
  lines.push({ ...figures, least: leastRequests(figures) });
}
const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`;
if (!printJobs(lines, { json: values.json, machine, consumers })) process.exitCode = 1;
