/** What follows from a damage is not told as more damage. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Profile, profile } from './arbitraries.ts';
import { check, pack, repack, replaceEntry, unpack } from './packing.ts';

const rich = profile.filter(
  ({ rows, files }) => rows.transactions.length > 1 && rows.categories.length > 1 && files.length > 0,
);

test.each(['accounts', 'categories', 'transaction_files', 'transactions'])(
  'of the rows of %s is one error, and none of what refers to them or counts them',
  async (kind) => {
    const [whole] = fc.sample(rich, { numRuns: 1, seed: 11 }) as [Profile];
    const entries = await unpack((await pack(whole)).zip);
    const name = `data/${kind}.json`;
    const text = String(entries.get(name));
    replaceEntry(entries, name, `${text.slice(0, text.indexOf('\n') + 1)}{"no row\n]}\n`);
    const { errors } = await check(repack(entries));
    expect(errors).toMatchObject([{ code: 'BAD_JSON', entry: name }]);
  },
);
