/** What our reader accepts, other readers of ZIP files read with the same names and the same bytes. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { bufferSource, openVolume } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { pack, rawZip, repack, unpack } from './packing.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const folders = ['../../../test/compat/housef3/', './accepts/'].map((one) =>
  fileURLToPath(new URL(one, import.meta.url)),
);

/** Names and SHA-256 of every entry, by each package's path. */
type Listing = Record<string, Record<string, string>>;

let folder = '';
const paths: string[] = [];
const ours: Listing = {};
/** Packages with LZMA or what a later version of ZIP needs: Info-ZIP does not try those, yauzl knows no LZMA. */
const beyond = { unzip: new Set<string>(), yauzl: new Set<string>() };
const newestForUnzip = 46;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-differential-'));
  const packages: Buffer[] = [];
  for (const [n, found] of fc.sample(profile, { seed: 5, numRuns: 24 }).entries()) {
    const { zip } = await pack(found, { asStreams: n % 2 === 0 });
    packages.push(zip, repack(await unpack(zip)));
    packages.push(
      rawZip(
        [...(await unpack(zip))].map(([name, bytes]) => ({ name, bytes })),
        { zip64: {}, comment: 'x' },
      ),
    );
  }
  for (const of of folders) {
    for (const name of await readdir(of))
      if (name.endsWith('.fzip')) packages.push(await readFile(path.join(of, name)));
  }
  for (const [n, zip] of packages.entries()) {
    const place = path.join(folder, `${n}.fzip`);
    await writeFile(place, zip);
    paths.push(place);
    const volume = await openVolume(bufferSource(zip));
    ours[place] = {};
    for (const entry of volume.entries) {
      ours[place][entry.name] = sha256(await buffer(volume.body(entry)));
      const isLzma = entry.method === 14;
      if (isLzma) beyond.yauzl.add(place);
      if (isLzma || neededBy(zip, entry.name) > newestForUnzip) beyond.unzip.add(place);
    }
  }
});

/** The version that the directory says is needed. */
const neededBy = (zip: Buffer, name: string): number => {
  for (let at = zip.indexOf('PK\x01\x02'); at !== -1; at = zip.indexOf('PK\x01\x02', at + 4)) {
    if (zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)) === name)
      return zip.readUInt16LE(at + 6) & 0xff;
  }
  throw new Error(`${name} is not in the directory`);
};

afterAll(() => rm(folder, { recursive: true, force: true }));

const python = `
import hashlib, json, sys, zipfile
found = {}
for place in sys.argv[1:]:
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None, place
        found[place] = {info.filename: hashlib.sha256(archive.read(info)).hexdigest() for info in archive.infolist()}
print(json.dumps(found))
`;

describe('a package that is accepted', () => {
  // Python and Info-ZIP are no part of the project; .ci/run installs them.
  test.skipIf(!has('python3', '--version'))("has the same names and bytes for Python's zipfile", () => {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', python, ...paths], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(ours);
  });

  // See above.
  test.skipIf(!has('unzip', '-v'))('is without errors for Info-ZIP', () => {
    expect(beyond.unzip.size).toBeLessThan(10);
    for (const place of paths.filter((one) => !beyond.unzip.has(one))) {
      const { status, stdout } = spawnSync('unzip', ['-tqq', place], { encoding: 'utf8' });
      expect(status, `${place}: ${stdout}`).toBe(0);
    }
  });

  test('has the same names and bytes for yauzl', async () => {
    expect(beyond.yauzl.size).toBeLessThan(10);
    for (const place of paths.filter((one) => !beyond.yauzl.has(one))) {
      const archive = await fromBufferPromise(await readFile(place), { strictFileNames: true });
      const found: Record<string, string> = {};
      for await (const entry of archive.eachEntry()) {
        found[entry.fileName] = sha256(await buffer(await archive.openReadStreamPromise(entry)));
      }
      expect(found).toEqual(ours[place]);
    }
  });
});
