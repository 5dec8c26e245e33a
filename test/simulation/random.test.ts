/** Whole jobs under random faults. A seed that fails is run again, with its trace, by the line that the failure names. */
import { describe, expect, test } from 'vitest';
import { replayLine } from './replay.ts';
import { simulate } from './simulate.ts';

const seeds = process.env.FZIP_LONG === undefined ? 200 : 10_000;
/** Of one test, so that a failure comes soon. */
const together = 50;

describe('whole jobs under faults', () => {
  const groups = Array.from({ length: seeds / together }, (_, n) => n * together + 1);
  test.each(groups)('seeds from %i: every promise is kept', { timeout: 600_000 }, async (from) => {
    for (let seed = from; seed < from + together; seed += 1) {
      const { violations } = await simulate({ seed });
      expect(violations, replayLine(seed)).toEqual([]);
    }
  });

  test('follow from their seed alone', { timeout: 60_000 }, async () => {
    for (const seed of [3, 5, 17]) {
      const traced = async () => {
        const lines: string[] = [];
        await simulate({ seed, onTrace: (line) => lines.push(line) });
        return lines;
      };
      const [first, second] = [await traced(), await traced()];
      expect(first.length).toBeGreaterThan(100);
      expect(second).toEqual(first);
    }
  });
});
