/** `npm run simulate`: runs seeds of the simulator, or one of them with its trace. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { replayLine } from './replay.ts';
import { simulate } from './simulate.ts';

const help = `Runs whole jobs under random faults, in virtual time; what happens follows from the seed alone.

npm run simulate -- [options]

  --seeds N    how many seeds are run (200)
  --from S     the first of them (1)
  --seed S     one seed alone
  --trace      prints what happens, line by line; only with --seed
  --json       prints the result as JSON
  --help       prints this

Exits with 0 if every promise was kept, with 1 if a seed broke one, with 2 if it was called wrongly.

Examples
  npm run simulate                              the seeds 1 to 200
  npm run simulate -- --seeds 5000 --from 201   the seeds 201 to 5200
  npm run simulate -- --seed 4711 --trace       how seed 4711 goes
  npm run --silent simulate -- --json           for a program
`;

const options = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

class WrongCall extends Error {}

const mostSeeds = 2 ** 31;

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= mostSeeds) return value;
  throw new WrongCall(`--${name} is "${text}"; allowed is a whole number from 1 to ${mostSeeds}`);
};

type Asked = { from: number; seeds: number; trace: boolean; json: boolean; help: boolean };

const understood = (args: string[]): Asked => {
  const { values, positionals } = parsed(args);
  if (positionals.length > 0)
    throw new WrongCall(
      `"${positionals[0]}" is no option; allowed are ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(', ')}`,
    );
  const { seed, seeds, from, trace, json, help: isHelp } = values;
  if (seed !== undefined && (seeds !== undefined || from !== undefined))
    throw new WrongCall('--seed is one seed alone; leave out --seeds and --from');
  if (trace && seed === undefined) throw new WrongCall('--trace prints one seed; name it with --seed');
  if (trace && json) throw new WrongCall('--trace is for people, --json for programs; leave out one of them');
  const one = whole('seed', seed, 1);
  return seed === undefined
    ? { from: whole('from', from, 1), seeds: whole('seeds', seeds, 200), trace, json, help: isHelp }
    : { from: one, seeds: 1, trace, json, help: isHelp };
};

const parsed = (args: string[]) => {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new WrongCall((error as Error).message.split('. ')[0]);
  }
};

type Failed = { seed: number; stories: string[]; violations: string[]; replay: string };

const runAll = async ({ from, seeds, trace, json }: Asked): Promise<number> => {
  const failed: Failed[] = [];
  const begun = performance.now();
  const out = (text: string) => json || process.stdout.write(`${text}\n`);
  const progress = progressOn(process.stderr);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { stories, violations } = await simulate({ seed, ...(trace && { onTrace: out }) });
    if (violations.length > 0) {
      const replay = replayLine(seed);
      failed.push({ seed, stories, violations, replay });
      progress.clear();
      out(`seed ${seed} (${stories.join(', ')}): ${violations[0]}\n  replay: ${replay}`);
      for (const more of violations.slice(1)) out(`  and: ${more}`);
    }
    progress.show(`${seed - from + 1} of ${seeds} seeds, ${failed.length} failed`);
  }
  progress.clear();
  const seconds = (performance.now() - begun) / 1_000;
  const seedsPerSecond = Math.round((seeds / seconds) * 10) / 10;
  if (json) process.stdout.write(`${JSON.stringify({ from, seeds, failed, seconds, seedsPerSecond }, null, 2)}\n`);
  const which = failed.length > 0 ? `: ${failed.map(({ seed }) => seed).join(', ')}` : '';
  out(
    `${seeds} seeds from ${from}, ${failed.length} failed${which}; ${seconds.toFixed(1)} s, ${seedsPerSecond} a second`,
  );
  return failed.length > 0 ? 1 : 0;
};

/** One line that is written again and again, where somebody looks. */
const progressOn = (stream: NodeJS.WriteStream) => ({
  show: (text: string) => stream.isTTY && stream.write(`\r\x1b[K${text}`),
  clear: () => stream.isTTY && stream.write('\r\x1b[K'),
});

const main = async (args: string[]): Promise<number> => {
  try {
    const asked = understood(args);
    if (!asked.help) return await runAll(asked);
    process.stdout.write(help);
    return 0;
  } catch (error) {
    if (!(error instanceof WrongCall)) throw error;
    process.stderr.write(`simulate: ${error.message}\nsimulate: --help tells what it takes\n`);
    return 2;
  }
};

process.exitCode = await main(process.argv.slice(2));
