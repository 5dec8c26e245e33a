/** `fzip diff`: two packages, whatever they are made of; equal or not in the exit code. */
import { describe, expect, test } from 'vitest';
import { packSet } from '../../format/test/sets.ts';
import { fzip, packed, sample, stored } from './packages.ts';

const profile = sample();
const [transaction] = profile.rows.transactions;
const changed = {
  ...profile,
  rows: {
    ...profile.rows,
    transactions: profile.rows.transactions.map((row) => (row === transaction ? { ...row, memo: 'new memo' } : row)),
  },
};
const [one, other] = [await packed(profile), await packed(changed)];

describe('fzip diff', () => {
  test('says equal, or what differs, to people and to programs', async () => {
    const [a, b, c] = [await stored(one), await stored(other), await stored(one)];
    const same = await fzip(['diff', a, c]);
    expect([same.code, same.out.trimEnd().split('\n').at(-1)]).toEqual([0, 'equal, compared by id']);
    const { code, out } = await fzip(['diff', a, b]);
    expect(code).toBe(1);
    expect(out).toContain(`~ transactions ${String(transaction?.transactionId)}`);
    expect(out).toMatch(/^ {4}memo: .* → "new memo"$/m);
    const document = JSON.parse((await fzip(['diff', '--json', a, b])).out);
    expect(document).toMatchObject({
      ok: false,
      equal: false,
      by: 'id',
      differences: [{ kind: 'transactions', change: 'changed', fields: [{ field: 'memo', to: 'new memo' }] }],
      kinds: { transactions: { changed: 1, added: 0, removed: 0 } },
    });
  });

  test('takes the volumes of a set for one package, and copies of one set by --with', async () => {
    const volumes = await Promise.all((await packSet(profile, 3)).map((zip) => stored(zip)));
    expect((await fzip(['diff', await stored(one), ...volumes])).code).toBe(0);
    expect((await fzip(['diff', ...volumes, '--with', ...volumes.toReversed()])).code).toBe(0);
    const lacking = await fzip(['diff', await stored(one), ...volumes.slice(1)]);
    expect([lacking.code, lacking.err]).toEqual([1, expect.stringContaining('2 volumes of 3 were given')]);
  });

  test('compares two packages and no other number, up to a limit that is one', async () => {
    const place = await stored(one);
    for (const argv of [
      [place],
      [place, place, place],
      [place, place, '--limit', '-1'],
      [place, place, '--by', 'luck'],
    ])
      expect((await fzip(['diff', ...argv])).code, argv.join(' ')).toBe(2);
    expect((await fzip(['diff', place, `${place}-not-there`])).code).toBe(3);
  });
});
