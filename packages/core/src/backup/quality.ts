/** The quality score: what a user may think of a backup, in a number and in words. */

import { shortText } from '@fzip/format';
import type { Job, Quality } from '../jobs.ts';
import { type ExaminationMode, type ExaminationNote, examinationModes } from './examined.ts';
import type { LastBackup } from './last-backup.ts';

/** What was found out about a stored package, over all its volumes. */
export type Facts = {
  /** Wrong bytes, wrong rows, wrong counts: what ends a backup. */
  errors: readonly string[];
  /** Rows that were expected and found. */
  rowsExpected: number;
  rowsFound: number;
  filesPresent: number;
  filesFailed: number;
  /** Dangling references and odd values, which travel as they are; one row may have several. */
  defects: number;
  /** Rows that still changed while they were read, the first of them by id; not exact is "at least". */
  moved: { count: number; exact: boolean; ids: readonly string[] };
  /** Bytes of all entries, and of the package. */
  plainBytes: number;
  storedBytes: number;
  seconds: number;
  /** The last backup that took the same. */
  last?: LastBackup | undefined;
  warnings: readonly string[];
};

/** Points off, as the specification gives them; those for known defects and moved rows are ours. */
const off = {
  integrity: 30,
  completeness: 40,
  failedFilesAtMost: 50,
  failedFilesRate: 2,
  defectsAtMost: 15,
  // Rows that may be missing are never excellent, however few.
  movedAtLeast: 6,
  movedAtMost: 40,
} as const;

const grades = [
  [95, 'excellent'],
  [85, 'good'],
  [70, 'fair'],
  [0, 'poor'],
] as const;

const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);
const rounded = (value: number): number => Math.round(value * 10) / 10;
const listed = 100;

export const quality = (facts: Facts): Quality => {
  const files = facts.filesPresent + facts.filesFailed;
  // A row that came while rows were read is one that moved, and told as such.
  const missingRows = Math.max(0, facts.rowsExpected - facts.rowsFound - facts.moved.count);
  const defects = percent(facts.defects, Math.max(1, facts.rowsFound));
  const broken = facts.errors.length > 0;
  const failureRate = files === 0 ? 0 : percent(facts.filesFailed, files);
  const score =
    100 -
    (broken ? off.integrity : 0) -
    (missingRows > 0 ? off.completeness : 0) -
    Math.min(off.failedFilesAtMost, off.failedFilesRate * failureRate) -
    (facts.moved.count > 0
      ? Math.min(off.movedAtMost, Math.max(off.movedAtLeast, percent(facts.moved.count, Math.max(1, facts.rowsFound))))
      : 0) -
    (facts.defects > 0 ? Math.min(off.defectsAtMost, Math.max(1, defects)) : 0);
  const score0 = rounded(Math.max(0, score));
  return {
    overall_quality: grades.find(([least]) => score0 >= least)?.[1] ?? 'poor',
    score: score0,
    data_integrity_score: rounded(
      broken ? Math.max(0, 100 - off.integrity - facts.errors.length) : 100 - Math.min(off.defectsAtMost, defects),
    ),
    completeness_score: rounded(
      percent(
        facts.rowsFound - Math.min(facts.rowsFound, facts.moved.count) + facts.filesPresent,
        Math.max(facts.rowsExpected, facts.rowsFound) + files,
      ),
    ),
    files_processed: facts.filesPresent,
    files_failed: facts.filesFailed,
    compression_ratio: ratioOf(facts),
    processing_time_seconds: rounded(facts.seconds),
    issues: issues(facts, missingRows)
      .slice(0, listed)
      .map((issue) => shortText(issue, longestIssue)),
    recommendations: recommendations(facts, missingRows),
  };
};

/** Ten ids and what is wrong with them. */
const longestIssue = 800;

/** Stored bytes a plain one, in thousandths. */
const ratioOf = ({ plainBytes, storedBytes }: Facts): number =>
  plainBytes === 0 ? 1 : Math.round((1000 * storedBytes) / plainBytes) / 1000;

/** Of a profile that says something, deflate leaves a tenth to a half. Small ones are mostly ZIP records. */
const usual = { ratio: 0.05, ofLast: 0.5, shrunkTo: 0.7 } as const;

/** A package that is much less than one would expect: no error of the package, and worth a look at the profile. */
const suspicions = (facts: Facts): string[] => {
  const { storedBytes, last } = facts;
  const ratio = ratioOf(facts);
  const least = last ? last.compressionRatio * usual.ofLast : usual.ratio;
  const found: string[] = [];
  if (ratio < least) {
    const than = last ? `the last one of its kind had ${last.compressionRatio}` : `usual is ${usual.ratio} at least`;
    found.push(`The compression ratio of ${ratio} is far below the usual: ${than}`);
  }
  if (last && storedBytes < last.packageSize * usual.shrunkTo) {
    const less = Math.floor(100 - percent(storedBytes, last.packageSize));
    found.push(
      `The package has ${storedBytes} bytes, ${less} % less than the last one of its kind (${last.packageSize} bytes, backup ${last.jobId})`,
    );
  }
  return found;
};

const untrusted = 'Make a new backup; this one cannot be trusted.';

const rows = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`;

const issues = (facts: Facts, missingRows: number): string[] => [
  ...facts.errors,
  ...(missingRows > 0 ? [`${rows(missingRows)} of ${facts.rowsExpected} are missing`] : []),
  ...(facts.filesFailed > 0
    ? [`The bytes of ${facts.filesFailed} of ${facts.filesPresent + facts.filesFailed} files could not be read`]
    : []),
  ...(facts.moved.count > 0 ? [movedIssue(facts.moved)] : []),
  ...(facts.defects > 0
    ? [
        `${facts.defects} ${facts.defects === 1 ? 'value is' : 'values are'} odd or ${facts.defects === 1 ? 'refers' : 'refer'} to something that is not there`,
      ]
    : []),
  ...suspicions(facts),
  ...facts.warnings,
];

const movedIssue = ({ count, exact, ids }: Facts['moved']): string => {
  const changed = `${rows(count)} changed while ${count === 1 ? 'it was' : 'they were'} read`;
  return `${exact ? changed : `At least ${changed}`}${named(ids, count)}`;
};

/** Ids that one issue names; the package's manifest names more. */
const namedInIssue = 10;

/** `: a, b and 7 more`; nothing if no id is known. */
export const named = (ids: readonly string[], count: number): string => {
  const shown = ids.slice(0, namedInIssue);
  if (shown.length === 0) return '';
  return `: ${shown.join(', ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`;
};

const recommendations = (facts: Facts, missingRows: number): string[] => [
  ...(facts.errors.length > 0 || missingRows > 0 ? [untrusted] : []),
  ...(facts.filesFailed > 0
    ? ['Look at the failed files: upload them again to HouseF3 if you still have them, then make a new backup.']
    : []),
  ...(facts.moved.count > 0 ? ['Make a backup again when nothing is being imported.'] : []),
  ...(facts.defects > 0
    ? ['Nothing to do for restoring: the package states these rows, and a restore brings them back as they are.']
    : []),
  ...(suspicions(facts).length > 0
    ? ['If you have not deleted much in HouseF3 lately, look there for what is missing, and keep your older backup.']
    : []),
];

/** Whether a validation on demand has found that the package is not what it was when it was completed. */
export const isDamaged = ({ examinations = {} }: Pick<Job, 'examinations'>): boolean =>
  damages(examinations).length > 0;

/** What takes back that a mode found damage: every byte was read again and is right, or the package was restored, which reads every byte too. */
const mendedBy: Readonly<Record<ExaminationMode, readonly ExaminationMode[]>> = {
  deep: ['deep', 'round_trip'],
  compare: ['deep', 'round_trip'],
  round_trip: ['round_trip'],
};

const damages = (examinations: NonNullable<Job['examinations']>): ExaminationNote[] =>
  examinationModes.flatMap((mode) => {
    const found = examinations[mode];
    const isMended = mendedBy[mode].some((by) => {
      const proof = examinations[by];
      return proof?.ok && found && proof.at > found.at;
    });
    return found?.damaged && !isMended ? [found] : [];
  });

/** What may be thought of a backup by now: damage that was found later takes its good marks away. */
export const qualityNow = ({ validation, examinations = {} }: Pick<Job, 'validation' | 'examinations'>) => {
  const found = damages(examinations).flatMap(({ issues }) => issues);
  if (!validation || found.length === 0) return validation;
  const after: Quality = {
    ...validation,
    overall_quality: 'poor',
    score: Math.max(0, rounded(validation.score - off.integrity)),
    data_integrity_score: Math.max(0, 100 - off.integrity - found.length),
    issues: [...found, ...validation.issues].slice(0, listed),
    recommendations: [untrusted, ...validation.recommendations],
  };
  return after;
};
