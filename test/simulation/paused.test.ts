/** A consumer that is paused beyond the visibility of its message, and wakes when its restore was rolled back by others. */
import { describe, expect, test } from 'vitest';
import { pausing } from './faults.ts';
import { simulate } from './simulate.ts';

const minute = 60_000;

const steps = ['restore-accounts', 'restore-transaction-files', 'restore-transactions'];
const others = ['restore-categories', 'restore-file-maps', 'restore-analytics'];

describe('a consumer that wakes after the rollback', () => {
  const tried = process.env.FZIP_LONG === undefined ? steps : [...steps, ...others];
  test.each(tried)('does nothing, at whichever call it was paused (%s)', { timeout: 300_000 }, async (step) => {
    const ended: string[] = [];
    for (let nth = 1; ; nth += 1) {
      const faults = pausing(step, nth, 90 * minute);
      const { violations, endings } = await simulate({
        seed: 1,
        mode: 'wild',
        stories: ['canceledLate'],
        faults,
        endsAtDeadline: false,
        isUsual: true,
      });
      const paused = faults.paused();
      if (!paused) break;
      expect(violations, `paused at call ${nth}, ${paused.port}.${paused.method}`).toEqual([]);
      ended.push(...endings);
    }
    // At the last calls all is done already, and others go on.
    expect(new Set(ended)).toEqual(new Set(['restore_canceled', 'restore_completed']));
    expect(ended.filter((status) => status === 'restore_canceled').length).toBeGreaterThan(8);
  });
});
