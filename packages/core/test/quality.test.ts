/** The score, as the specification gives it. */
import { quality } from '@fzip/core';
import { describe, expect, test } from 'vitest';

const whole = {
  errors: [],
  rowsExpected: 100,
  rowsFound: 100,
  filesPresent: 100,
  filesFailed: 0,
  defects: 0,
  moved: { count: 0, exact: true, ids: [] as string[] },
  plainBytes: 1_000,
  storedBytes: 250,
  seconds: 1.25,
  warnings: [],
};

describe('the quality score', () => {
  test.each([
    ['of a whole backup is 100', {}, 100, 'excellent'],
    ['loses 30 for broken integrity', { errors: ['wrong bytes'] }, 70, 'fair'],
    ['loses 40 for missing rows', { rowsFound: 99 }, 60, 'poor'],
    ['loses twice the failure rate of files', { filesPresent: 98, filesFailed: 2 }, 96, 'excellent'],
    ['is good at 90', { filesPresent: 95, filesFailed: 5 }, 90, 'good'],
    ['loses at most 50 for files', { filesPresent: 0, filesFailed: 100 }, 50, 'poor'],
    ['is never below 0', { errors: ['x'], rowsFound: 0, filesPresent: 0, filesFailed: 9 }, 0, 'poor'],
    ['loses at least 1 for known defects', { defects: 1 }, 99, 'excellent'],
  ])('%s', (_, facts, score, grade) => {
    expect(quality({ ...whole, ...facts })).toMatchObject({ score, overall_quality: grade });
  });

  test('says in words what is wrong and what to do', () => {
    const moved = { count: 2, exact: false, ids: ['a'] };
    const { issues, recommendations } = quality({ ...whole, filesPresent: 99, filesFailed: 1, moved });
    expect(issues).toEqual([
      'The bytes of 1 of 100 files could not be read',
      'At least 2 rows changed while they were read: a and 1 more',
    ]);
    expect(recommendations).toHaveLength(2);
  });
});
