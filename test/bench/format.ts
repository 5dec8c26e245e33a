/**
 * `npm run bench -- format [--quick] [--rows N] [--rounds N] [--large] [--only NAME] [--json]`: what the package format
 * costs, beside bare Node streams that do the same bytes in the same run. DESIGN: ratios ≥ 0.9 and ≥ 0.7, memory ≤ 256 MiB.
 * Bounded; ends by itself; exit code 1 when a bound is missed.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openRangeServer } from '../../packages/format/test/range-server.ts';
import type { Figures } from './format/figures.ts';
import { bound, type Line, printReport } from './format/report.ts';
import { runPair, runWork } from './format/run.ts';
import type { Work } from './format-child.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    large: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
});
const { quick } = values;
const MiB = 2 ** 20;

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`bench: --${name} is "${text}"; allowed are whole numbers above 0`);
  process.exit(2);
};
const rows = whole('rows', values.rows, quick ? 20_000 : 1_000_000);
const rounds = whole('rounds', values.rounds, quick ? 1 : 3);
const large = values.large ?? !quick;
const entries = quick ? 20_000 : 1_000_000;
const remoteBytes = quick ? 100e6 : 1e9;
/** Memory must not grow with them. */
const sizes = [...new Set([rows / 100, rows / 10, rows].map(Math.ceil))];

const folder = await mkdtemp(join(tmpdir(), 'fzip-bench-'));
const inFolder = (name: string): string => join(folder, `${name}.fzip`);

const say = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};

const run = async (work: Work, options: object): Promise<Figures> => {
  say(`${work} ${Object.values(options).join(' ').replaceAll(folder, '')}`);
  return runWork(work, options);
};

const packagePath = async (size: number): Promise<string> => {
  const path = inFolder(`rows-${size}`);
  const isMade = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isMade) await run('make package', { path, rows: size });
  return path;
};

const flat = bound('≤', 256 * MiB);
const requireSame = (what: string, ours: unknown, bare: unknown): void => {
  if (ours !== bare || ours === undefined) throw new Error(`${what}: ours ${ours}, bare ${bare}; allowed are the same`);
};

/** Each gives lines of the report. They run one after the other. */
const parts: Readonly<Record<string, () => Promise<Line[]>>> = {
  write: async () => {
    const pair = await runPair(
      rounds,
      () => run('write', { rows }),
      () => run('bare write', { rows }),
    );
    requireSame('bytes written', pair.ours.sha256, pair.bare.sha256);
    return [{ name: `write ${rows} rows`, pair, bound: bound('≥', 0.9) }];
  },

  check: async () => {
    const path = await packagePath(rows);
    const pair = await runPair(
      rounds,
      () => run('check', { path }),
      () => run('bare check', { path }),
    );
    if (!pair.ours.intact) throw new Error(`the package is not intact: ${pair.ours.error}`);
    requireSame('rows read', pair.ours.rows, pair.bare.rows);
    requireSame('bytes read', pair.ours.sha256, pair.bare.sha256);
    const asObjects = await runPair(
      1,
      () => run('check', { path, made: true }),
      () => run('bare check', { path }),
    );
    requireSame('rows made', asObjects.ours.rows, asObjects.bare.rows);
    return [
      { name: `check ${rows} rows`, pair, bound: bound('≥', 0.7) },
      { name: `check ${rows} rows, each made an object`, pair: asObjects },
    ];
  },

  memory: async () => {
    const lines: Line[] = [];
    for (const size of sizes)
      lines.push({ name: `write ${size} rows`, figures: await run('write', { rows: size }), bound: flat });
    for (const size of sizes) {
      const figures = await run('check', { path: await packagePath(size) });
      lines.push({ name: `check ${size} rows`, figures, bound: flat });
    }
    return lines;
  },

  large: async () => {
    if (!large) return [];
    const path = inFolder('large');
    const bytes = 5 * 1024 * MiB;
    const made = await run('make large file', { path, bytes });
    const figures = await run('check', { path });
    if (!figures.intact || figures.fileBytes !== bytes)
      throw new Error(`the large file is not intact: ${figures.error}`);
    return [
      { name: 'write a file of 5 GiB', figures: made, bound: flat },
      { name: 'check a file of 5 GiB', figures, bound: flat },
    ];
  },

  entries: async () => {
    const path = inFolder('entries');
    await run('make entries', { path, entries, overlap: false });
    return [{ name: `open ${entries} entries`, figures: await run('open', { path }), bound: flat }];
  },

  refusals: async () => {
    const corpus = fileURLToPath(new URL('../../packages/format/test/refuses', import.meta.url));
    const bomb = inFolder('bomb');
    const overlap = inFolder('overlap');
    await run('make bomb', { path: bomb, bytes: (quick ? 4 : 64) * MiB });
    await run('make entries', { path: overlap, entries, overlap: true });
    const lines: Line[] = [];
    if (await stat(corpus).catch(() => undefined)) {
      const figures = await run('corpus', { folder: corpus, suffixes: ['.fzip', '.zip'] });
      lines.push({ name: 'refuse the corpus', figures, bound: flat });
    }
    for (const [name, path] of [
      ['refuse a bomb', bomb],
      [`refuse an overlap behind ${entries} entries`, overlap],
    ] as const) {
      const figures = await run('refuse', { path });
      if (figures.code === undefined) throw new Error(`${name}: it was accepted`);
      lines.push({ name, figures });
    }
    return lines;
  },

  preview: async () => {
    const path = inFolder('remote');
    await run('make many bytes', { path, bytes: remoteBytes });
    const { size } = await stat(path);
    const file = { size, stream: (start: number, end: number) => createReadStream(path, { start, end: end - 1 }) };
    const { server, close } = await openRangeServer(file);
    try {
      const found = await run('preview', { url: `${server.origin}/package.fzip` });
      const figures = {
        ...found,
        requests: server.asked.length,
        bytesRead: server.sent,
        size,
        share: server.sent / size,
      };
      return [{ name: `preview ${Math.round(size / 1e6)} MB by URL`, figures }];
    } finally {
      close();
    }
  },
};

const wanted = values.only ?? Object.keys(parts);
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  console.error(`bench: --only is "${unknown}"; allowed are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
try {
  const lines: Line[] = [];
  for (const name of wanted) lines.push(...((await parts[name]?.()) ?? []));
  say('');
  process.exitCode = printReport(lines, { json: values.json, rounds }) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
