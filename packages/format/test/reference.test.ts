/** The independent reader in Python gives the same verdict, counts and rows as ours, and never calls a refused package intact. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  entityKinds,
  formatRow,
  openVolume,
  parseRow,
} from '../src/index.ts';
import { type Profile, profile } from './arbitraries.ts';
import { codesOf, editManifest, pack, rawZip, repack, sha256, unpack } from './packing.ts';
import { packSet } from './sets.ts';
import { squeezed } from './squeezed.ts';

const folderOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const reader = folderOf('../reference/read_fzip.py');
const compat = folderOf('../../../test/compat/housef3/');
const refuses = folderOf('./refuses/');
const accepts = folderOf('./accepts/');

/** Calls the reader's `main` once for each list of arguments, since a process for each would take minutes. */
const driver = `
import contextlib, io, json, sys
sys.path.insert(0, ${JSON.stringify(path.dirname(reader))})
sys.dont_write_bytecode = True
import read_fzip
for arguments in json.load(sys.stdin):
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = read_fzip.main(*arguments)
        out.flush()
    print(json.dumps([code, out.buffer.getvalue().decode(), err.getvalue()]))
`;

type Answer = { code: number; lines: string[]; said: string };

const ask = (questions: string[][]): Answer[] => {
  const input = JSON.stringify(questions);
  const run = spawnSync('python3', ['-c', driver], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  // Whatever Python itself has to say is a failure of the reader.
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [code, out, said] = JSON.parse(line) as [number, string, string];
      return { code, lines: out.split('\n').slice(0, -1), said };
    });
};

/** The code of the first thing that it says is wrong. */
const codeOf = ({ lines, said }: Answer): string | undefined =>
  /^error: (\w+)/.exec(lines.find((line) => line.startsWith('error: ')) ?? '')?.[1] ?? said.split(' ')[0];

/** What it leaves to the schemas, or to a reader that restores: none of it concerns bytes, counts or references. */
const unjudged: Readonly<Record<string, string>> = {
  BAD_ROW: 'what values a row may hold is said by the schemas, of which the standard library has no validator',
  BAD_KEY: 'what indexes take concerns only who writes to the tables',
  ROW_TOO_LARGE: 'the size of a row concerns only who writes to the tables',
  CATEGORY_CYCLE: 'circles concern only who walks up the tree',
};

let folder = '';
let packages: Buffer[] = [];
const places: string[] = [];
const keep = async (zip: Buffer): Promise<string> => {
  const place = path.join(folder, `${places.length}.fzip`);
  await writeFile(place, zip);
  places.push(place);
  return place;
};

/** Packages of our writer, as other tools would pack them again, and volumes of sets; some that HouseF3 made. */
const accepted = async (): Promise<Buffer[]> => {
  const zips: Buffer[] = [];
  for (const [n, found] of fc.sample(profile, { seed: 14, numRuns: 12 }).entries()) {
    const { zip } = await pack(found, { asStreams: n % 2 === 0 });
    const entries = [...(await unpack(zip))].map(([name, bytes]) => ({ name, bytes }));
    zips.push(zip, repack(await unpack(zip)), rawZip(entries, { zip64: {}, comment: 'x' }), await squeezed(zip));
    zips.push(...(await packSet(found, 3)));
  }
  for (const name of (await readdir(compat)).filter((one) => one.endsWith('.fzip')))
    zips.push(await readFile(path.join(compat, name)));
  return zips;
};

const oursOf = async (zip: Buffer): Promise<{ counts: string[]; rows: string[][] }> => {
  const volume = await openVolume(bufferSource(zip));
  const { errors, counts } = await checkVolume(volume);
  expect(errors).toEqual([]);
  const rowsOf = async (kind: EntityKind): Promise<string[]> => {
    const rows: string[] = [];
    for await (const { found } of volume.rows(kind)) rows.push(formatRow(parseRow(found)));
    return rows;
  };
  const rows: string[][] = [];
  for (const kind of entityKinds) rows.push(await rowsOf(kind));
  return { counts: entityKinds.map((kind) => `${kind}: ${counts[kind]} rows`), rows };
};

// Python is no part of the project; .ci/run installs it.
describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('the reader in Python', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fzip-reference-'));
    packages = await accepted();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('has at most 300 lines and imports nothing but the standard library', async () => {
    const text = await readFile(reader, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(300);
    const imports = text.match(/^\s*(import|from) .*$/gm) ?? [];
    expect(imports.length).toBeGreaterThan(0);
    const names = imports.flatMap((line) => line.replace(/^\s*(import|from) /, '').split(/, | import /));
    const known = spawnSync('python3', ['-c', 'import sys; print(*sys.stdlib_module_names)'], { encoding: 'utf8' });
    expect(known.stdout.split(/\s/)).toEqual(expect.arrayContaining(names));
  });

  test('says intact of what ours accepts, and reads the same rows', async () => {
    const questions: string[][] = [];
    for (const zip of packages) {
      const place = await keep(zip);
      questions.push(['verify', place], ...entityKinds.map((kind) => ['rows', place, kind]));
    }
    const answers = ask(questions);
    for (const [n, zip] of packages.entries()) {
      const { counts, rows } = await oursOf(zip);
      const [verdict, ...read] = answers.slice(n * (1 + entityKinds.length), (n + 1) * (1 + entityKinds.length));
      expect(verdict?.code, `${verdict?.said} ${verdict?.lines.join('\n')}`).toBe(0);
      expect(verdict?.lines.slice(0, entityKinds.length).sort()).toEqual(counts.toSorted());
      expect(read.map(({ lines }) => lines)).toEqual(rows);
      expect(read.every(({ code }) => code === 0)).toBe(true);
    }
  });

  test('lists the same entries with the same sizes', async () => {
    for (const zip of packages.slice(0, 8)) {
      const [answer] = ask([['list', await keep(zip)]]);
      const { entries } = await openVolume(bufferSource(zip));
      expect(answer?.lines.map((line) => line.split(' ').slice(0, 2).map(Number))).toEqual(
        [...entries.byOffset()].map(({ size, compressedSize }) => [size, compressedSize]),
      );
    }
  });

  test('accepts the dangling references that a manifest states, and no more', async () => {
    const [found] = fc.sample(
      profile.filter(({ rows }) => rows.transactions.length > 1),
      { seed: 3, numRuns: 1 },
    );
    if (!found) throw new Error('no profile with transactions came');
    const missing = '00000000-0000-4000-8000-00000000dead';
    for (const row of found.rows.transactions) row.accountId = missing;
    const state = (rows: number) =>
      pack(found, { known_defects: [{ kind: 'transactions', field: 'accountId', missing, rows }] });
    const { length } = found.rows.transactions;
    const [enough, few] = [(await state(length)).zip, (await state(length - 1)).zip];
    const answers = ask([
      ['verify', await keep(enough)],
      ['verify', await keep(few)],
    ]);
    expect(answers.map(({ code }) => code)).toEqual([0, 1]);
    expect([await codesOf(enough), (await codesOf(few)).length > 0]).toEqual([[], true]);
  });

  test('finds the bytes of files whose ids no entry name can hold as they are', async () => {
    const [found] = fc.sample(
      profile.filter(({ files, rows }) => files.length > 0 && rows.transaction_files.length > 0),
      { seed: 5, numRuns: 1 },
    );
    if (!found) throw new Error('no profile with files came');
    const [file] = found.files;
    if (!file) throw new Error('no file came');
    const odd = 'statement: "cafe\u0301"?. ';
    for (const row of [...found.rows.transaction_files, ...found.rows.transactions])
      if (row.fileId === file.fileId) row.fileId = odd;
    file.fileId = odd;
    const { zip } = await pack(found);
    const ours = await checkVolume(await openVolume(bufferSource(zip)));
    const codes = new Set(ours.errors.map(({ code }) => code));
    const [answer] = ask([['verify', await keep(zip)]]);
    expect([answer?.code, [...codes].filter((code) => unjudged[code] === undefined)]).toEqual([0, []]);
  });

  test('compares a checksum with what is within a gzip where only the gzip stands', async () => {
    const [found] = fc.sample(profile, { seed: 6, numRuns: 1 });
    const entries = await unpack((await pack(found as Profile)).zip);
    const zips = [entries, new Map(entries)].map((some, n) => {
      if (n === 1)
        editManifest(some, ({ checksums }) => void Object.assign(checksums, { 'data/accounts.json': sha256('other') }));
      const inGzip = [...some].map(([name, bytes]) =>
        name === 'data/accounts.json' ? { name: `${name}.gz`, bytes: gzipSync(bytes) } : { name, bytes },
      );
      return rawZip(inGzip);
    });
    const [right, wrong] = zips as [Buffer, Buffer];
    expect([await codesOf(right), await codesOf(wrong)]).toEqual([[], ['BAD_CHECKSUM']]);
    const answers = ask([
      ['verify', await keep(right)],
      ['verify', await keep(wrong)],
    ]);
    expect(answers.map(({ code }) => code)).toEqual([0, 1]);
    expect(codeOf(answers[1] as Answer)).toBe('BAD_CHECKSUM');
  });

  test('refuses the corpus of refused packages, but for what it does not judge', async () => {
    const names = (await readdir(refuses)).filter((name) => name.endsWith('.fzip'));
    const answers = ask(names.map((name) => ['verify', path.join(refuses, name)]));
    const passed = names.filter((_, n) => answers[n]?.code === 0).map((name) => name.split(' ')[0] as string);
    expect(new Set(passed)).toEqual(new Set(Object.keys(unjudged)));
    expect(answers.filter(({ code }) => code !== 0 && code !== 1)).toEqual([]);
    // Nearly always in the same words; where several codes fit, readers may differ in which they name first.
    const same = names.filter((name, n) => codeOf(answers[n] as Answer) === name.split(' ')[0]);
    expect(same.length).toBeGreaterThan(names.length * 0.8);
  });

  test('accepts the corpus of accepted packages', async () => {
    const names = (await readdir(accepts)).filter((name) => name.endsWith('.fzip'));
    const answers = ask(names.map((name) => ['verify', path.join(accepts, name)]));
    expect(names.filter((_, n) => answers[n]?.code !== 0)).toEqual([]);
    expect(names.length).toBeGreaterThan(100);
  });

  test('gives a verdict on whatever bytes come, and never says intact where ours does not', async () => {
    const zips = packages.filter((_, n) => n % 5 === 0);
    const changes = fc.record({ zip: fc.constantFrom(...zips), at: fc.nat(), byte: fc.nat(255), cut: fc.nat(19) });
    const changed = fc.sample(changes, { seed: 41, numRuns: 300 }).map(({ zip, at, byte, cut }) => {
      const bytes = Buffer.from(zip);
      bytes[at % bytes.length] = byte;
      return cut === 0 ? bytes.subarray(0, at % bytes.length) : bytes;
    });
    const garbage = fc
      .sample(fc.uint8Array({ maxLength: 300 }), { seed: 42, numRuns: 50 })
      .map((one) => Buffer.from(one));
    const all = [...changed, ...garbage, ...garbage.map((one) => Buffer.concat([Buffer.from('PK\x03\x04'), one]))];
    const questions: string[][] = [];
    for (const zip of all) questions.push(['verify', await keep(zip)]);
    const answers = ask(questions);
    for (const [n, zip] of all.entries()) {
      const { code, said } = answers[n] as Answer;
      expect([0, 1]).toContain(code);
      if (code === 1) expect(said.trim()).not.toBe('');
      else expect((await codesOf(zip)).filter((one) => !(one in unjudged))).toEqual([]);
    }
  });

  test('exits with 2 when it is asked for what it does not know, and with 3 when there is nothing to read', () => {
    const exit = (...of: string[]): number | null => spawnSync('python3', [reader, ...of]).status;
    expect([
      exit(),
      exit('verify'),
      exit('rows', 'x.fzip'),
      exit('rows', 'x.fzip', 'cats'),
      exit('list', 'a', 'b'),
    ]).toEqual(Array(5).fill(2));
    expect([exit('verify', path.join(folder, 'none.fzip')), exit('rows', folder, 'accounts')]).toEqual([3, 3]);
    expect(exit('verify', path.join(compat, 'real-with-files.fzip'))).toBe(0);
  });
});
