import { expect, test } from 'vitest';
import { untilNoneLeft } from '../src/left-over.ts';
import { inSlices, sideBySide } from '../src/side-by-side.ts';

test('what is handed back is sent again, after waits that grow while nothing is taken', async () => {
  const waits: number[] = [];
  const sizes: number[] = [];
  const answers = [[1, 2, 3], [1, 2, 3], [3], []];
  const send = async (left: readonly number[]) => {
    sizes.push(left.length);
    return answers[sizes.length - 1] ?? [];
  };
  await untilNoneLeft([1, 2, 3], send, async (ms) => waits.push(ms));
  expect(sizes).toEqual([3, 3, 3, 1]);
  expect(waits).toHaveLength(3);
  for (const [n, most] of [200, 400, 100].entries()) expect(waits[n]).toBeLessThanOrEqual(most);
});

test('ten answers in a row that take nothing are an error that tells how many are left', async () => {
  let calls = 0;
  const refuse = async (left: readonly number[]) => {
    calls += 1;
    return calls === 1 ? left.slice(1) : left;
  };
  await expect(untilNoneLeft([1, 2, 3], refuse, async () => undefined)).rejects.toThrow(
    '2 of 3 items were handed back',
  );
  expect(calls).toBe(11);
});

test('work runs side by side, never more than allowed', async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  await sideBySide([1, 2, 3, 4, 5, 6, 7], 3, async (n) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    done.push(n);
  });
  expect(most).toBe(3);
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('the first failure begins no more work, waits for what runs, and is thrown', async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const work = sideBySide([1, 2, 3, 4, 5, 6], 2, async (n) => {
    begun.push(n);
    if (n === 1) throw new Error('one fails');
    await new Promise(setImmediate);
    ended.push(n);
  });
  await expect(work).rejects.toThrow('one fails');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});

test('slices hold at most as many as allowed, and everything once', () => {
  expect(inSlices([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(inSlices([], 2)).toEqual([]);
});
