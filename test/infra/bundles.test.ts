/** Every function as it would be deployed: bundled, alone in a folder, started by a Node of its own. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { environmentOf } from '@fzip/aws';
import { functionNames, tableNames, tableVariables } from '@fzip/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { architectureOf, entryOf, lzmaFiles, unpackers } from '../../stacks/code.ts';
import { bundle, root } from './bundle.ts';

/** Bytes, unzipped. */
const largest = 1_500_000;

const run = promisify(execFile);
const environment: Record<string, string> = {
  ...environmentOf({
    tables: Object.fromEntries(tableNames.map((name) => [name, tableVariables[name]])) as never,
    buckets: { packages: 'packages', files: 'files' },
    eventsTopicArn: 'arn:aws:sns:eu-west-1:111122223333:events',
    queues: {},
  }),
  AWS_REGION: 'eu-west-1',
  AWS_LAMBDA_FUNCTION_NAME: 'fzip-test',
};

/** Loads bundles as Lambda would, in a process that sees nothing of this repository, and says what each exports as `handler`. */
const load = async (names: readonly string[], env: Record<string, string>): Promise<Record<string, string>> => {
  const script = `
    const found = {};
    for (const name of ${JSON.stringify(names)}) {
      found[name] = await import(${JSON.stringify(folder)} + '/' + name + '.mjs').then(({ handler }) => typeof handler, String);
    }
    console.log(JSON.stringify(found));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env });
  return JSON.parse(stdout);
};

let folder: string;
let loaded: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fzip-bundles-'));
  await bundle(Object.fromEntries(functionNames.map((name) => [name, entryOf(name)])), folder);
  loaded = await load(functionNames, environment);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a function as it is deployed', () => {
  const sizes: string[] = [];
  afterAll(() => console.log(`bundles, bytes unzipped:\n${sizes.sort().join('\n')}`));

  test.each(functionNames)('%s: its bundle is small, and starts by itself', async (name) => {
    const { size } = await stat(join(folder, `${name}.mjs`));
    sizes.push(`  ${name.padEnd(28)} ${size}`);
    expect(size).toBeLessThanOrEqual(largest);
    expect(loaded[name]).toBe('function');
  });

  test('names every setting that is missing as it starts, not at the first message', async () => {
    const { FZIP_JOBS_TABLE: _, FILE_STORAGE_BUCKET: __, ...rest } = environment;
    const { sweep } = await load(['sweep'], rest);
    expect(sweep).toBe('Error: the environment lacks FZIP_JOBS_TABLE, FILE_STORAGE_BUCKET');
  });
});

test('every handler has a function that is deployed', async () => {
  const there: string[] = [];
  for (const name of await readdir(join(root, 'packages/functions/src'), { recursive: true })) {
    const source = name.endsWith('.ts') ? await readFile(join(root, 'packages/functions/src', name), 'utf8') : '';
    if (source.includes('export const handler =')) there.push(`packages/functions/src/${name.slice(0, -'.ts'.length)}`);
  }
  expect(functionNames.map(entryOf).sort()).toEqual(there.sort());
});

describe('LZMA in a function', () => {
  test('needs no more than the files that are put beside its bundle', async () => {
    const deployed = join(folder, 'lzma');
    for (const { from, to } of lzmaFiles) {
      // What stands for the functions' machine there stands for this one here.
      const here = (path: string) => path.replace('linux-x64', `${process.platform}-${process.arch}`);
      await mkdir(dirname(join(deployed, here(to))), { recursive: true });
      await cp(join(root, here(from)), join(deployed, here(to)), { recursive: true });
    }
    const script = `
      const lzma = require('lzma-native');
      lzma.compress(Buffer.from('abc'), 1, (packed) => lzma.decompress(packed, (plain) => console.log(String(plain))));`;
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: deployed, env: {} });
    expect(stdout.trim()).toBe('abc');
  });

  test('is code for the machine that the function runs on', async () => {
    const binary = lzmaFiles.find(({ from }) => from.endsWith('.node'))?.from ?? '';
    const head = (await readFile(join(root, binary))).subarray(0, 20);
    // The machine of an ELF file: 62 is x86-64, 183 is AArch64.
    const machine = { 62: 'x86_64', 183: 'arm64' }[head.readUInt16LE(18)];
    expect(head.toString('latin1', 1, 4)).toBe('ELF');
    for (const name of unpackers) expect(architectureOf(name), name).toBe(machine);
  });
});
