/** `fzip repair`: what it says, its exit codes, and that it never touches what it is given. */
import { link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { forbidden, fzip, packed, sample, stored } from './packages.ts';

const damaged = async (): Promise<{ place: string; folder: string; bytes: Buffer }> => {
  const zip = await packed();
  const bytes = zip.subarray(0, zip.indexOf('PK\x01\x02'));
  const place = await stored(bytes);
  return { place, folder: path.dirname(place), bytes };
};

test('a damaged package is repaired, and every other command then says that it is a part', async () => {
  const zip = await packed();
  const place = await stored(zip.subarray(0, zip.indexOf('data/transactions.json') + 2000));
  const out = path.join(path.dirname(place), 'saved.fzip');
  const { code, out: said, err } = await fzip(['repair', place, out]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(said).toContain('repaired: ');
  expect(said).toContain('manifest.json: not found');
  expect(said).toMatch(
    /data\/transactions\.json: \d+ rows? kept, how many are lost is not known: the package ends in it/,
  );
  for (const name of sample().files.map(({ fileName }) => fileName)) expect(said).toContain(name);
  const verified = await fzip(['verify', out]);
  expect(verified.code).toBe(0);
  for (const command of ['verify', 'inspect', 'preview']) {
    const shown = await fzip([command, out]);
    expect(shown.out, command).toContain('a part of a damaged package');
  }
});

test('--json says what is kept and lost in one document', async () => {
  const zip = await packed();
  const at = zip.indexOf('data/accounts.json') + 60;
  zip[at] = (zip[at] as number) ^ 0xff;
  const place = await stored(zip);
  const out = path.join(path.dirname(place), 'saved.fzip');
  const { code, out: said } = await fzip(['repair', '--json', place, out]);
  expect(code).toBe(0);
  const accounts = sample().rows.accounts.length;
  expect(JSON.parse(said)).toMatchObject({
    ok: true,
    verdict: 'repaired',
    out,
    kept: { rows: { accounts: 0, transactions: 40 }, unproven: 0 },
    lost: [{ what: 'rows', entry: 'data/accounts.json', kept: 0, stated: accounts, lost: accounts }],
  });
});

test('an intact package is left as it is, and nothing is written', async () => {
  const place = await stored(await packed());
  const { code, out } = await fzip(['repair', place, path.join(path.dirname(place), 'saved.fzip')]);
  expect(code).toBe(0);
  expect(out).toContain('intact: nothing to repair');
  expect(await readdir(path.dirname(place))).toEqual(['backup.fzip']);
});

describe('nothing is written and nothing left', () => {
  test('where nothing can be saved', async () => {
    const zip = await packed();
    for (const bytes of [Buffer.alloc(0), Buffer.from('no package at all'), zip.subarray(0, 60)]) {
      const place = await stored(bytes);
      const { code, err } = await fzip(['repair', place, path.join(path.dirname(place), 'saved.fzip')]);
      expect(code).toBe(1);
      expect(err).toContain('NOTHING_SAVED');
      expect(await readdir(path.dirname(place))).toEqual(['backup.fzip']);
    }
  });

  test.each(['a file', 'a folder', 'a link to nothing', 'the package', 'a link to the package', 'its other name'])(
    'where %s is already',
    async (what) => {
      const { place, folder, bytes } = await damaged();
      const out = what === 'the package' ? place : path.join(folder, 'saved.fzip');
      if (what === 'a file') await writeFile(out, 'mine');
      if (what === 'a folder') await mkdir(out);
      if (what === 'a link to nothing') await symlink(path.join(folder, 'nothing'), out);
      if (what === 'a link to the package') await symlink(place, out);
      if (what === 'its other name') await link(place, out);
      const before = await readdir(folder);
      const { code, err } = await fzip(['repair', place, out]);
      expect(code).toBe(2);
      expect(err).toContain(/package|other/.test(what) ? 'is the package itself' : 'is there already');
      expect(await readdir(folder)).toEqual(before);
      expect(await readFile(place)).toEqual(bytes);
      if (what === 'a file') expect(String(await readFile(out))).toBe('mine');
    },
  );

  test('where the disk does not take it, which is told of what was to be written', async () => {
    const { place, folder } = await damaged();
    const long = 'x'.repeat(300);
    const repaired = await fzip(['repair', '--json', place, path.join(folder, long)]);
    const extracted = await fzip([
      'extract',
      '--json',
      await stored(await packed()),
      '--dir',
      path.join(place, 'below'),
    ]);
    for (const [{ code, out }, named] of [
      [repaired, long],
      [extracted, path.join(place, 'below')],
    ] as const) {
      expect([code, JSON.parse(out).error.code]).toEqual([3, 'CANNOT_WRITE']);
      expect(JSON.parse(out).error.message).toContain(named);
    }
    expect(await readdir(folder)).toEqual(['backup.fzip']);
  });

  test('where the folder is missing, the package is not there, is a folder or a URL', async () => {
    const { place, folder } = await damaged();
    const out = path.join(folder, 'saved.fzip');
    expect((await fzip(['repair', place, path.join(folder, 'no', 'saved.fzip')])).code).toBe(2);
    expect((await fzip(['repair', 'https://example.com/x.fzip', out])).code).toBe(2);
    expect((await fzip(['repair', path.join(folder, 'no.fzip'), out])).code).toBe(3);
    expect((await fzip(['repair', folder, out])).code).toBe(3);
    expect(await readdir(folder)).toEqual(['backup.fzip']);
  });
});

test('through a link to its folder, what is there stays there', async () => {
  const { place, folder, bytes } = await damaged();
  const other = path.join(path.dirname(await stored(Buffer.from('x'))), 'there');
  await symlink(folder, other);
  expect((await fzip(['repair', place, path.join(other, 'backup.fzip')])).code).toBe(2);
  expect(await readFile(place)).toEqual(bytes);
  expect((await fzip(['repair', place, path.join(other, 'saved.fzip')])).code).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual(['backup.fzip', 'saved.fzip']);
});

test('what a damaged package is called reaches no terminal as it is', async () => {
  const { bytes } = await damaged();
  const nasty = Buffer.from(bytes);
  const name = nasty.indexOf('data/file_maps.json');
  nasty.write('data/\u202e_maps.json', name);
  const place = await stored(nasty);
  const { out, err } = await fzip(['repair', place, path.join(path.dirname(place), 'saved.fzip')]);
  expect(out).toContain('\\u202e_maps.json');
  expect(out + err).not.toMatch(forbidden);
});
