/** A consumer that is paused beyond the visibility of its message, and wakes when its restore was rolled back by others. */
import { describe, expect, test } from 'vitest';
import { type Call, type Faults, noFaults } from './faults.ts';
import { simulate } from './simulate.ts';

const minute = 60_000;

/** Of the calls that a step's first process makes, the n-th answers after so long. */
const pausing = (step: string, nth: number, ms: number): Faults & { paused(): Call | undefined } => {
  let [calls, first] = [0, undefined as string | undefined];
  let paused: Call | undefined;
  return {
    ...noFaults,
    paused: () => paused,
    of: (call, _, process) => {
      if (!process.startsWith(`${step} `)) return undefined;
      first ??= process;
      if (process !== first) return undefined;
      calls += 1;
      if (calls !== nth) return undefined;
      paused = call;
      return { kind: 'pauses', ms };
    },
  };
};

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
