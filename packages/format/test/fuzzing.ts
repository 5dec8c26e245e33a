/** What every fuzzing test shares: packages to begin with, how many cases, and what any package must come to. */
import { readdir, readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { bufferSource, checkPackage, checkVolume, oneSet, openVolume, PackageRefused, refusals } from '../src/index.ts';
import { type Profile, profile } from './arbitraries.ts';
import { pack, sha256, unpack } from './packing.ts';

export const cases = Number(process.env.FZIP_FUZZ_CASES ?? 2_000);
/** The same cases in every run of `npm test`; others each time when more are asked for. */
const seed = process.env.FZIP_FUZZ_CASES === undefined ? { seed: 20_261_127 } : {};
const properties = 7;
export const fuzzing = { ...seed, numRuns: Math.ceil(cases / properties) };
export const longestMs = 30_000 + cases * 20;

export type Seed = { profile: Profile; zip: Buffer; entries: Map<string, Buffer> };

/** Packages of ours. */
export const makeSeeds = async (): Promise<Seed[]> => {
  const seeds: Seed[] = [];
  for (const [n, found] of fc.sample(profile, { seed: 11, numRuns: 6 }).entries()) {
    const { zip } = await pack(found, { asStreams: n % 2 === 0 });
    seeds.push({ profile: found, zip, entries: await unpack(zip) });
  }
  return seeds;
};

const largestSeed = 64 * 1024;

/** Packages of every edge that is accepted: of other makers, with gzip, LZMA, zip64. */
export const acceptedZips = async (): Promise<Buffer[]> => {
  const folder = new URL('accepts/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => /\.(fzip|zip)$/.test(name)).sort();
  const accepted = await Promise.all(names.map((name) => readFile(new URL(encodeURIComponent(name), folder))));
  expect(accepted.length).toBeGreaterThan(100);
  return accepted.filter(({ length }) => length < largestSeed);
};

/** Rows of an entry, by Node's own inflate and parser. */
const rowsIn = (name: string, bytes: Buffer): number => {
  const plain = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  const value = JSON.parse(plain.toString().replace(/^\ufeff/, '')) as unknown[] | Record<string, unknown[]>;
  return Array.isArray(value) ? value.length : Object.values(value).flat().length;
};

/** Every entry by yauzl alone: a reader that knows nothing of packages. Of LZMA it reads the name, for it has no decoder. */
const readPlainly = async (zip: Buffer): Promise<Map<string, Buffer | undefined>> => {
  const archive = await fromBufferPromise(zip);
  const found = new Map<string, Buffer | undefined>();
  for await (const entry of archive.eachEntry()) {
    const isLzma = entry.compressionMethod === 14;
    found.set(entry.fileName, isLzma ? undefined : await buffer(await archive.openReadStreamPromise(entry)));
  }
  return found;
};

/** Reads all there is. The verdict: a refusal's code, the errors' codes, or `intact` after a second opinion. */
const limits = { uncompressedBytes: 64 * 2 ** 20, entries: 1_000 };

const judge = async (zip: Buffer): Promise<string> => {
  try {
    const volume = await openVolume(bufferSource(zip), limits);
    const { intact, errors, counts } = await checkVolume(volume);
    if (!intact) return errors.map(({ code }) => code).join();
    const plainly = await readPlainly(zip);
    expect([...volume.entries].map(({ name }) => name)).toEqual([...plainly.keys()]);
    for (const entry of volume.entries) {
      const bytes = plainly.get(entry.name);
      if (bytes) expect(sha256(await buffer(volume.body(entry))), entry.name).toBe(sha256(bytes));
    }
    for (const [kind, { name }] of volume.data) {
      const bytes = plainly.get(name);
      if (bytes) expect(counts[kind] === rowsIn(name, bytes), `${counts[kind]} rows of ${kind}`).toBe(true);
    }
    return 'intact';
  } catch (error) {
    if (error instanceof PackageRefused) return error.code;
    throw error;
  }
};

/** The same of some files that are given as one package: they must not be called intact unless each of them is. */
const judgeSet = async (zips: readonly Buffer[]): Promise<string> => {
  try {
    const opened: { name: string; volume: Awaited<ReturnType<typeof openVolume>> }[] = [];
    for (const [n, zip] of zips.entries())
      opened.push({ name: `given ${n + 1}`, volume: await openVolume(bufferSource(zip), limits) });
    const { intact, volumes, set } = await checkPackage(oneSet(opened).map(({ volume }) => volume));
    const errors = [...volumes.flatMap((one) => one.errors), ...(set?.errors ?? [])];
    if (!intact) return errors.map(({ code }) => code).join();
    expect(errors).toEqual([]);
    for (const zip of zips) await readPlainly(zip);
    return 'intact';
  } catch (error) {
    if (error instanceof PackageRefused) return error.code;
    throw error;
  }
};

const verdicts = ['intact', ...Object.keys(refusals)];

/** No small package needs a hundredth of it, however busy the machine is. */
const patienceMs = 60_000;

const inTime = async (judging: Promise<string>): Promise<string> => {
  const given = new AbortController();
  const tooLate = setTimeout(patienceMs, undefined, { signal: given.signal }).then(() => {
    throw new Error(`no verdict within ${patienceMs / 1000} s`);
  });
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([judging, tooLate]);
  } finally {
    given.abort();
  }
};

const expectKnown = (codes: string): void => {
  for (const verdict of codes.split(',')) expect(verdicts).toContain(verdict);
};

export const expectVerdict = async (zip: Buffer): Promise<void> => expectKnown(await inTime(judge(zip)));

export const expectSetVerdict = async (zips: readonly Buffer[]): Promise<void> =>
  expectKnown(await inTime(judgeSet(zips)));
