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
    [
      'tells of a row that came meanwhile as moved, and not as missing too',
      { rowsFound: 99, moved: { count: 1, exact: true, ids: [] } },
      94,
      'good',
    ],
    ['loses twice the failure rate of files', { filesPresent: 98, filesFailed: 2 }, 96, 'excellent'],
    ['is good at 90', { filesPresent: 95, filesFailed: 5 }, 90, 'good'],
    ['loses at most 50 for files', { filesPresent: 0, filesFailed: 100 }, 50, 'poor'],
    ['is never below 0', { errors: ['x'], rowsFound: 0, filesPresent: 0, filesFailed: 9 }, 0, 'poor'],
    ['loses at least 1 for known defects', { defects: 1 }, 99, 'excellent'],
  ])('%s', (_, facts, score, grade) => {
    expect(quality({ ...whole, ...facts })).toMatchObject({ score, overall_quality: grade });
  });

  const last = { jobId: '00000000-0000-4000-8000-000000000001', packageSize: 250, compressionRatio: 0.25 };
  test.each([
    ['as large as the last one', { last }, []],
    ['a little smaller', { last, storedBytes: 176 }, []],
    ['more than 30 % smaller', { last, storedBytes: 174 }, [/^The package has 174 bytes, 30 % less than the last/]],
    ['empty', { last, plainBytes: 0, storedBytes: 100 }, [/60 % less/]],
    [
      'compressed to less than half of what is usual for this user',
      { last, storedBytes: 124 },
      [/^The compression ratio of 0.124 is far below the usual: the last one of its kind had 0.25$/, /50 % less/],
    ],
    [
      'the first, and of little to compress',
      { storedBytes: 49 },
      [/ratio of 0.049 is far below the usual: usual is 0.05/],
    ],
    ['the first, and usual', { storedBytes: 50 }, []],
  ] as const)('of a package that is %s', (_, facts, expected) => {
    const found = quality({ ...whole, ...facts });
    expect(found.issues).toHaveLength(expected.length);
    for (const [n, issue] of expected.entries()) expect(found.issues[n]).toMatch(issue);
    // That is worth a look and takes nothing away: the package is whole.
    expect(found.score).toBe(100);
    expect(found.recommendations.join()).toMatch(expected.length > 0 ? /older backup/ : /^$/);
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
