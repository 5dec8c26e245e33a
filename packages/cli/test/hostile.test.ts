/** Whatever a package says, no command lets through what a terminal would obey. */
import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import * as anyRow from '../../format/test/arbitraries.ts';
import { editManifest, rawZip, repack, unpack } from '../../format/test/packing.ts';
import { forbidden, fzip, packed, sample, stored } from './packages.ts';

const nasty = '\u001b]0;owned\u0007\u202eexe.fdp\u200b\u009b31m\r\n\u0000';
/** A package without anything nasty, so that all of the other differs from it. */
const plain = await packed();
const commandsOf = async (place: string): Promise<string[][]> => [
  ['inspect', place],
  ['verify', place],
  ['preview', place],
  ['ls', place],
  ['ls', '--long', place],
  ['cat', place, 'no such entry \u001b[31m'],
  ['diff', place, place, '--by', 'content'],
  ['diff', place, await stored(plain)],
];

const expectHarmless = async (place: string): Promise<void> => {
  for (const argv of await commandsOf(place)) {
    const { out, err } = await fzip(argv);
    const { out: document } = await fzip([...argv, '--json']);
    for (const text of [out, err, document]) expect(text).not.toMatch(forbidden);
    expect(() => JSON.parse(document)).not.toThrow();
  }
};

/** A sample whose every text that is shown is nasty. */
const nastyPackage = async (): Promise<Buffer> => {
  const profile = sample();
  for (const row of profile.rows.accounts)
    Object.assign(row, { accountName: nasty, accountType: nasty, balance: nasty });
  for (const row of profile.rows.transaction_files) Object.assign(row, { fileFormat: nasty });
  for (const row of profile.rows.transactions) Object.assign(row, { currency: nasty, accountId: nasty });
  const entries = await unpack(await packed(profile));
  editManifest(entries, (manifest) => {
    Object.assign(manifest, {
      user_id: nasty,
      backup_timestamp: nasty,
      backup_type: nasty,
      housef3_version: nasty,
      job_id: nasty,
      filters: { [nasty]: nasty },
      not_included: [nasty],
      failed_files: [{ fileId: nasty, fileName: nasty, reason: nasty }],
      known_defects: [{ kind: 'accounts', field: nasty, missing: nasty, rows: 1 }],
      snapshot: { started_at: nasty, finished_at: nasty, passes: 1, moved: { count: 0, ids: [nasty] } },
    });
    manifest.volume.set_id = nasty;
  });
  return repack(entries);
};

describe('what a package says', () => {
  test('is escaped by every command', async () => {
    await expectHarmless(await stored(await nastyPackage()));
  });

  test('is escaped where the package is refused', async () => {
    const bytes = Buffer.from('x');
    for (const name of [`data/${nasty}`, `files/a/\u202e`, `${nasty}`, 'files/\u200b/\ud83d\udc68\u200d']) {
      await expectHarmless(await stored(rawZip([{ name, bytes }])));
      await expectHarmless(await stored(rawZip([{ name, bytes, flags: 0 }], { comment: 'x\u001b' })));
    }
  });

  test.prop([anyRow.profile], { numRuns: 15 })('is escaped, be it any profile', async (profile) => {
    await expectHarmless(await stored(await packed(profile)));
  });

  test('never adds a colour or an escape sequence on a terminal', async () => {
    const place = await stored(await nastyPackage());
    for (const argv of [
      ...(await commandsOf(place)),
      ['cat', place, 'accounts'],
      ['cat', place, 'data/accounts.json'],
    ]) {
      const { out, err } = await fzip([...argv, '--no-color'], { columns: 80 });
      expect(out).not.toMatch(forbidden);
      expect(err.replaceAll('\r\u001b[K', '')).not.toMatch(forbidden);
      const { out: colored } = await fzip(argv, { columns: 80 });
      // Of colours there are only ours, each turned off again.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      expect(colored.replaceAll(/\u001b\[(1|2|31|32|33|22|39)m/g, '')).toBe(out);
    }
  });

  test('is no path: an entry is named as it is, escaped', async () => {
    const bytes = Buffer.from('x');
    const { out } = await fzip(['ls', await stored(rawZip([{ name: 'files/a/b\u202ec', bytes }, await manifest()]))]);
    expect(out).toBe('files/a/b\\u202ec\nmanifest.json\n');
  });
});

const manifest = async () => {
  const entries = await unpack(await packed());
  return { name: 'manifest.json', bytes: entries.get('manifest.json') ?? Buffer.alloc(0) };
};

test('an argument of the user is escaped as well', async () => {
  for (const argv of [
    ['inspect', 'a\u001b[31m'],
    ['\u001b[31m'],
    ['inspect', '--\u001b[31m'],
    ['ls', 'https://\u202e'],
  ]) {
    const { out, err, code } = await fzip(argv);
    expect(code).toBeGreaterThan(1);
    expect(out + err).not.toMatch(forbidden);
  }
});
