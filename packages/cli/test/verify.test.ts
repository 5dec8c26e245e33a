/** `fzip verify`: one verdict for what was given, and no green tick over a volume that was not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { packSet } from '../../format/test/sets.ts';
import { fzip, packed, sample, stored, temporaryFolder } from './packages.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const zips = await packSet(sample(), 3);
const paths = (numbers: readonly number[]): Promise<string[]> =>
  Promise.all(numbers.map((number) => stored(zips[number - 1] as Buffer, `part-${number}.fzip`)));

type Verdict = { ok: boolean; verdict: string; setChecked: boolean; error?: { code: string } };
const verdictOf = async (argv: readonly string[]): Promise<Verdict & { code: number }> => {
  const { code, out } = await fzip(['verify', '--json', ...argv]);
  const { ok, verdict, setChecked, error } = JSON.parse(out) as Verdict;
  return { code, ok, verdict, setChecked, ...(error ? { error } : {}) };
};

describe('fzip verify', () => {
  test('of a package, or of all volumes of one in any order, says intact', async () => {
    const intact = { code: 0, ok: true, verdict: 'intact', setChecked: true };
    expect(await verdictOf([await stored(await packed())])).toEqual(intact);
    expect(await verdictOf(await paths([3, 1, 2]))).toEqual(intact);
    expect((await fzip(['verify', ...(await paths([1, 2, 3]))])).out).toMatch(/^the set: intact: 3 volumes of 3, /m);
  });

  test('of one volume says that the set was not checked', async () => {
    for (const number of [1, 2, 3]) {
      const given = await paths([number]);
      expect(await verdictOf(given)).toEqual({ code: 0, ok: true, verdict: 'intact', setChecked: false });
      const { out } = await fzip(['verify', ...given]);
      expect(out).toContain(`intact volume ${number} of 3`);
      expect(out).toContain('set not checked');
    }
  });

  test('of some volumes names those that are missing', async () => {
    expect(await verdictOf(await paths([1, 3]))).toMatchObject({
      code: 1,
      verdict: 'damaged',
      setChecked: false,
      error: { code: 'MISSING_VOLUME' },
    });
    expect((await fzip(['verify', ...(await paths([1, 3]))])).out).toContain('volume 2 of 3 is missing');
  });

  test('of volumes of two packages, or of one volume twice, refuses', async () => {
    const [first] = await paths([1]);
    const refused = async (argv: string[]) => (await fzip(['verify', ...argv])).err;
    expect(await refused([first as string, await stored(await packed())])).toContain(
      'allowed together are volumes of one set',
    );
    expect(await refused([first as string, first as string])).toContain('allowed is each volume once');
  });
});

describe('what is no file', () => {
  test.each(['verify', 'inspect', 'repair'])('gets no verdict of %s, and is not waited for', async (command) => {
    const folder = await temporaryFolder();
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [place, what] of [
      [pipe, 'a pipe'],
      ['/dev/null', 'a device'],
      [folder, 'a folder'],
    ] as const) {
      const out = command === 'repair' ? [path.join(folder, 'out.fzip')] : [];
      const { code, err } = await fzip([command, place, ...out]);
      expect([code, err]).toEqual([3, expect.stringContaining(`it is ${what}; allowed are files`)]);
    }
    const empty = await fzip([command, '', ...(command === 'repair' ? ['x'] : [])]);
    expect([empty.code, empty.err]).toEqual([command === 'verify' ? 3 : 2, expect.stringContaining('is empty')]);
  });

  test('is no place to write to either', async () => {
    const zip = await stored(await packed());
    for (const dir of ['/proc/nowhere/at/all', '/dev/null/x'])
      expect(await fzip(['extract', zip, '-d', dir])).toMatchObject({ code: 3 });
    expect(await fzip(['extract', zip, '-d', ''])).toMatchObject({ code: 2 });
    expect(await fzip(['convert', '--to', 'fzip', zip, `${path.dirname(zip)}/new/`])).toMatchObject({ code: 2 });
  });

  test('as an outlet that takes nothing is said to be one', async () => {
    const zip = await stored(await packed());
    const outlet = await open('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [main, 'verify', zip], {
      stdio: ['ignore', outlet.fd, 'pipe'],
      encoding: 'utf8',
    });
    await outlet.close();
    expect([status, stderr]).toEqual([3, expect.stringContaining('standard output could not be written')]);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  });
});
