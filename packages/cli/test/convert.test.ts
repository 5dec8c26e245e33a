/** `fzip convert`: there and back, never over what is there, and nothing left of what fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, symlink, watch, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { packSet } from '../../format/test/sets.ts';
import { fzip, packed, sample, stored, temporaryFolder } from './packages.ts';

describe('fzip convert', () => {
  test('writes the other dialect and back: the same rows and files', async () => {
    const [from, folder] = [await stored(await packed()), await temporaryFolder()];
    const [there, back] = [path.join(folder, 'there.fzip'), path.join(folder, 'back.fzip')];
    const { code, out } = await fzip(['convert', '--json', '--to', 'housef3', from, there]);
    const document = JSON.parse(out);
    expect([code, document]).toMatchObject([0, { ok: true, out: there, dialect: 'housef3-2.5' }]);
    expect(document.notHeld).toContainEqual(expect.objectContaining({ kind: 'files', what: 'ignored', rows: 3 }));
    expect((await fzip(['convert', '--to', 'fzip', there, back])).code).toBe(0);
    expect((await fzip(['diff', from, back])).code).toBe(0);
    expect((await fzip(['verify', there, '--json'])).code).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['back.fzip', 'there.fzip']);
  });

  test('makes one volume of a set, and asks for those that are missing', async () => {
    const zips = await packSet(sample(), 3);
    const volumes = await Promise.all(zips.map((zip) => stored(zip)));
    const out = path.join(await temporaryFolder(), 'whole.fzip');
    const lacking = await fzip(['convert', '--to', 'fzip', ...volumes.slice(0, 2), out]);
    expect([lacking.code, lacking.err]).toEqual([1, expect.stringContaining('2 volumes of 3')]);
    expect((await fzip(['convert', '--to', 'fzip', ...volumes, out])).code).toBe(0);
    expect((await fzip(['diff', out, ...volumes])).code).toBe(0);
  });

  test.each([
    ['interrupted', '../src/main.ts', 'SIGINT'],
    ['ended through the file that runs it', '../bin/fzip.mjs', 'SIGTERM'],
  ] as const)('leaves nothing when it is %s', async (_how, program, signal) => {
    const [from, folder] = [await stored(await packed(sample(20_000))), await temporaryFolder()];
    const seen = watch(folder);
    const out = path.join(folder, 'out.fzip');
    const main = fileURLToPath(new URL(program, import.meta.url));
    const child = spawn(process.execPath, [main, 'convert', '--to', 'housef3', from, out], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    // Its own folder for what has to be sorted comes after the draft.
    for await (const { filename } of seen)
      if (filename?.startsWith('.fzip-') && (await readdir(folder)).length > 1) break;
    child.kill(signal);
    expect(await ended).toEqual([130, null]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('never writes over anything, and leaves nothing of a package that is damaged', async () => {
    const zip = await packed();
    const from = await stored(zip);
    const folder = path.dirname(from);
    await writeFile(path.join(folder, 'there'), 'mine');
    await symlink(from, path.join(folder, 'link'));
    for (const out of [from, path.join(folder, 'there'), path.join(folder, 'link'), path.join(folder, 'no', 'folder')])
      expect((await fzip(['convert', '--to', 'housef3', from, out])).code, out).toBe(2);
    expect(await readFile(from)).toEqual(zip);
    expect(await readFile(path.join(folder, 'there'), 'utf8')).toBe('mine');
    const broken = Buffer.from(zip);
    broken[200] = (broken[200] ?? 0) ^ 1;
    const damaged = await fzip(['convert', '--to', 'fzip', await stored(broken), path.join(folder, 'new')]);
    expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining('fzip repair')]);
    expect((await fzip(['convert', '--to', 'fzip', path.join(folder, 'absent'), path.join(folder, 'new')])).code).toBe(
      3,
    );
    for (const argv of [
      ['convert', from, 'new'],
      ['convert', '--to', 'zip', from, 'new'],
      ['convert', '--to', 'fzip', from],
    ])
      expect((await fzip(argv)).code).toBe(2);
    expect((await readdir(folder)).sort()).toEqual([path.basename(from), 'link', 'there']);
  });
});
