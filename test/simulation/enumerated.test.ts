/** Every side effect of a backup and of a restore, with everything that may go wrong at it. */
import { describe, expect, test } from 'vitest';
import { type FaultKind, faultAt, messagesTwice } from './faults.ts';
import { simulate } from './simulate.ts';

const isLong = process.env.FZIP_LONG !== undefined;
/** Each of them in `test:long`; here every so many, each time others of each kind. */
const stride = isLong ? 1 : 9;

const kinds: readonly FaultKind[] = ['fails before', 'fails after', 'twice', 'dies before', 'dies after', 'half'];

/** Runs of one story, to which nothing happens but the one fault. */
const seed = 1;
const good = { backup: 'backup_completed', restore: 'restore_completed' } as const;

const effectsOf = async (story: keyof typeof good): Promise<number> => {
  const faults = faultAt(0, 'twice');
  const { violations } = await simulate({ seed, stories: [story], faults, mode: 'strict', isUsual: true });
  expect(violations).toEqual([]);
  return faults.effects();
};

describe.each(['backup', 'restore'] as const)('a %s of which one call goes wrong', (story) => {
  test.each(kinds)('(%s) is whole all the same, whichever call it is', { timeout: 1_800_000 }, async (kind) => {
    const effects = await effectsOf(story);
    expect(effects).toBeGreaterThan(100);
    const offset = kinds.indexOf(kind) % stride;
    for (let nth = 1 + offset; nth <= effects; nth += stride) {
      const faults = faultAt(nth, kind);
      const { violations, endings } = await simulate({ seed, stories: [story], faults, mode: 'strict', isUsual: true });
      expect(violations, `call ${nth} of ${effects} ${kind}`).toEqual([]);
      expect(endings).toEqual([good[story]]);
    }
  });
});

describe('a story of which messages come twice', () => {
  const stories = ['backup', 'restore', 'backupThenRestore', 'clearing'] as const;
  test.each(stories)('(%s) comes to its good end all the same', { timeout: 300_000 }, async (story) => {
    for (const every of [3, 7]) {
      const { violations } = await simulate({ seed, stories: [story], faults: messagesTwice(every), mode: 'strict' });
      expect(violations, `every ${every}. message comes twice`).toEqual([]);
    }
  });
});
