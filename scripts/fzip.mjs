/**
 * `npm start`, `npm run demo`, `npm test`, `npm run check`: begins on whatever Node is there, in plain JavaScript,
 * installs what is missing, and goes on under the Node 22 that the packages bring.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const oldest = 20;
/** The first that runs TypeScript by itself. */
const needed = [22, 18];
const isWindows = process.platform === 'win32';

/** What `check` runs, in this order; the tests come last. */
const checks = [
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'types of the pages', script: 'node_modules/typescript/bin/tsc', args: ['--noEmit', '-p', 'packages/web'] },
  { name: 'lint', script: 'node_modules/@biomejs/biome/bin/biome', args: ['check', '.'] },
  {
    name: 'types of the stacks',
    script: 'node_modules/typescript/bin/tsc',
    args: ['--noEmit', '-p', 'tsconfig.infra.json'],
  },
  { name: 'imports', script: 'scripts/imports.ts', args: [] },
  { name: 'unused code', script: 'node_modules/knip/bin/knip.js', args: [] },
];

const give = (message) => {
  process.stderr.write(`fzip: ${message}\n`);
  process.exit(1);
};

const requireNode = () => {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldest) {
    give(
      `Node ${process.versions.node} is too old; install Node ${oldest} or later from https://nodejs.org and repeat`,
    );
  }
};

/** npm keeps its own lockfile in node_modules; it is as old as the last whole installation. */
const isInstalled = () => {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const lock = path.join(root, 'package-lock.json');
  return !existsSync(lock) || statSync(lock).mtimeMs <= statSync(installed).mtimeMs || sameLock(lock, installed);
};

/** A checkout writes the lockfile anew with the same content. */
const sameLock = (lock, installed) => {
  const versions = (file) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages ?? {})
      .filter(([name, { version }]) => name !== '' && version !== undefined)
      .map(([name, { version, integrity }]) => [name, `${version} ${integrity ?? ''}`]);
  try {
    const [wanted, there] = [versions(lock), new Map(versions(installed))];
    const optional = JSON.parse(readFileSync(lock, 'utf8')).packages;
    return wanted.every(
      ([name, version]) => there.get(name) === version || (!there.has(name) && optional[name].optional),
    );
  } catch {
    return false;
  }
};

/**
 * `install` and not `ci`: some registries do not have the binaries of every platform, the lockfile then names only those
 * that were there, and `ci` refuses to go on. `install` keeps to the versions of the lockfile as well.
 */
const install = () => {
  process.stderr.write('fzip: installing what is missing (npm install)\n');
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync(isWindows ? 'npm.cmd' : 'npm', args, {
    cwd: root,
    // Standard output belongs to the command, whose result a program may read.
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  });
  if (error || status !== 0) give(`npm install failed; see above. It needs the npm registry or a mirror of it`);
};

/** The version of SST that its platform was written by. */
const platformVersion = () => {
  try {
    return readFileSync(path.join(root, '.sst', 'platform', 'fzip-installed'), 'utf8');
  } catch {
    return '';
  }
};

const sstVersion = () => {
  try {
    return JSON.parse(readFileSync(path.join(root, 'node_modules', 'sst', 'package.json'), 'utf8')).version;
  } catch {
    return give('sst is not installed; run `npm install --include=optional` and repeat');
  }
};

/**
 * SST's own components, which the stacks are evaluated with: written to `.sst/platform` by SST from the npm registry, about 40 s, once.
 * One at a time: two at once would write into one another's folder.
 */
const preparePlatform = () => {
  const version = sstVersion();
  if (platformVersion() === version) return;
  const lock = path.join(root, '.sst', 'installing');
  mkdirSync(path.dirname(lock), { recursive: true });
  try {
    mkdirSync(lock);
  } catch {
    give(`another command writes .sst/platform; repeat when it is done (if none runs any more, delete ${lock})`);
  }
  process.stderr.write('fzip: writing .sst/platform (sst install), about 40 s, once\n');
  try {
    const { status, error } = spawnSync(node(), [path.join(root, 'node_modules', 'sst', 'bin', 'sst.mjs'), 'install'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: {
        ...process.env,
        // The components come from npm alone; nothing else is fetched, and nobody is told.
        SST_STAGE: 'test',
        SST_SKIP_DEPENDENCY_CHECK: '1',
        SST_NO_BUN: '1',
        SST_TELEMETRY_DISABLED: '1',
      },
    });
    if (error || status !== 0 || !existsSync(path.join(root, '.sst', 'platform', 'node_modules'))) {
      give(
        'sst install failed; see above. The tests of the cloud need it, and it needs the npm registry or a mirror of it',
      );
    }
    writeFileSync(path.join(root, '.sst', 'platform', 'fzip-installed'), version);
  } finally {
    rmdirSync(lock);
  }
};

const isNew = (version) => {
  const [major, minor] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
};

/** The Node that the packages bring, else this one if it will do. */
const node = () => {
  const own = path.join(root, 'node_modules', '.bin', isWindows ? 'node.exe' : 'node');
  const asked = existsSync(own) ? spawnSync(own, ['-p', 'process.versions.node'], { encoding: 'utf8' }) : undefined;
  if (asked?.status === 0 && isNew(asked.stdout.trim())) return own;
  if (isNew(process.versions.node)) return process.execPath;
  return give(
    `this needs Node ${needed.join('.')} or later, and Node ${process.versions.node} runs it. The packages bring one for ` +
      'Linux, macOS and Windows on x64 and arm64: run `npm install --include=optional`, or install Node 22 from https://nodejs.org',
  );
};

const quiet = '--disable-warning=ExperimentalWarning';

/** Runs a script to its end and gives its exit code. Signals are passed on; the script ends when this process does. */
const run = (script, args, more = {}) =>
  new Promise((resolve) => {
    const inherited = process.env.NODE_OPTIONS ?? '';
    const env = {
      ...process.env,
      NODE_OPTIONS: inherited.includes(quiet) ? inherited : `${inherited} ${quiet}`.trim(),
      ...more.env,
    };
    const ipc = more.ipc ? ['ipc'] : [];
    const child = spawn(node(), [path.join(root, script), ...args], {
      cwd: more.cwd ?? root,
      env,
      stdio: ['inherit', 'inherit', 'inherit', ...ipc],
    });
    const passOn = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, passOn);
    child.on('error', (error) => give(`cannot run ${script}: ${error.message}`));
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, passOn);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });

/** Runs vitest and says in one last line how many tests there were. Fails if a test failed, a file did, or none ran. */
const test = async (args) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'fzip-test-'));
  const report = path.join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run('node_modules/vitest/vitest.mjs', ['run', ...reporters, ...args]);
    const { passed, failed, skipped } = existsSync(report) ? figures(report) : { passed: 0, failed: 0, skipped: 0 };
    process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    return code !== 0 || failed > 0 ? code || 1 : passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** A file that could not be run counts as a failed test. */
const figures = (report) => {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
  };
};

const check = async () => {
  for (const { name, script, args } of checks) {
    process.stdout.write(`check: ${name}\n`);
    const code = await run(script, args);
    if (code === 0) continue;
    process.stdout.write(`check: ${name} failed\n`);
    return code;
  }
  process.stdout.write('check: tests\n');
  return test([]);
};

/** Whoever names files or projects of other tests does not wait for it. */
const needsPlatform = (command, args) => {
  if (command === 'check' || command === 'infra') return true;
  const named = args.filter((arg) => !arg.startsWith('-'));
  const projects = args.filter((arg) => arg.startsWith('--project='));
  if (projects.length > 0)
    return projects.some((arg) => arg.includes('infra') || arg.includes('*') || arg.includes('!'));
  return named.length === 0 || named.some((arg) => arg.includes('infra'));
};

const pages = 'packages/web/scripts/build.ts';

/** Builds the web UI beside what starts; it is served as soon as it is there. Nothing to do takes a tenth of a second. */
const buildPages = () => {
  const child = spawn(node(), [path.join(root, pages), '--quiet'], { cwd: root, stdio: ['ignore', 2, 2] });
  child.on('error', () => {});
  // What starts comes first; where priorities cannot be set, it is a little slower.
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {}
  child.on('exit', (code) => {
    if (code) process.stderr.write('fzip: the pages of the web UI could not be built; all else runs\n');
  });
};

const commands = {
  /** Prepares what the stacks are evaluated with, and nothing else: `npm run infra`. */
  infra: () => 0,
  start: (args) => {
    if (!args.includes('--help')) buildPages();
    return run('packages/local/src/start.ts', args, { ipc: true });
  },
  web: (args) => run(pages, args),
  demo: (args) => run('packages/local/src/demo.ts', args, { ipc: true }),
  test,
  check,
  /** The web UI in a real browser: Chromium of the system, or the one that FZIP_CHROMIUM names. */
  'test:e2e': async (args) => {
    const code = await run(pages, ['--quiet']);
    process.env.FZIP_E2E = '1';
    return code || test(['--project=e2e', ...args]);
  },
  /** The same tests with the full figures that the issues name. */
  'test:long': (args) => run('node_modules/vitest/vitest.mjs', ['run', ...args], { env: { FZIP_LONG: '1' } }),
  /** The ports' contracts, on the embedded runtime or any AWS-compatible endpoint. */
  'test:contracts': (args) => run('packages/aws/scripts/contracts.ts', args),
  /** `npm run bench -- format` measures the format alone, `backup` and `restore` the embedded runtime, `load` many users of it. */
  bench: ([first = 'backup', ...args]) =>
    ['format', 'load'].includes(first)
      ? run(`test/bench/${first}.ts`, args)
      : run('test/bench/job.ts', [first, ...args]),
  /** Whole jobs under random faults, seed by seed. */
  simulate: (args) => run('test/simulation/command.ts', args),
  /** The same tests as in `npm test`, with a million cases or as many as are given. */
  fuzz: ([cases = '1000000']) =>
    run('node_modules/vitest/vitest.mjs', ['run', '--project=packages', 'packages/format/test/fuzz'], {
      env: { FZIP_FUZZ_CASES: cases },
    }),
};

requireNode();
const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) give(`"${name}" is no command; allowed are ${Object.keys(commands).join(', ')}`);
if (!isInstalled()) install();
// What runs the tests of the cloud, or checks the types of the stacks.
if (['test', 'test:long', 'check', 'infra'].includes(name) && needsPlatform(name, args)) preparePlatform();
process.exitCode = await command(args);
