/** What a backup will come to, told before it begins. */
import type { EntityKind } from '@fzip/format';
import type { Counts } from '../counts.ts';
import { atRest, type Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { plannedBytes } from './plan.ts';

/** Stored bytes a row, measured on packages of sample profiles; of a file map or category the rules make the difference. */
const storedBytesPerRow: Readonly<Record<EntityKind, number>> = {
  accounts: 150,
  categories: 250,
  file_maps: 150,
  // The row and the file's own bytes, which no count shows: the mean of sample profiles.
  transaction_files: 6_000,
  transactions: 130,
  analytics: 200,
};

/** Rows a second through all steps, and what even an empty backup takes, on two cores. */
const rowsPerSecond = 4_000;
const leastSeconds = 2;

export type Estimate = {
  /** Bytes of the package. */
  bytes: number;
  /** ms since epoch. */
  completionAt: number;
  /** False when counting stopped early: then both are "at least". */
  exact: boolean;
};

export const estimate = (counts: Counts, exact: boolean, at: number): Estimate => {
  const kinds = Object.entries(counts) as [EntityKind, number][];
  const bytes = kinds.reduce((sum, [kind, count]) => sum + count * storedBytesPerRow[kind], 2_000);
  const rows = kinds.reduce((sum, [, count]) => sum + count, 0);
  return { bytes, completionAt: at + Math.ceil(leastSeconds + rows / rowsPerSecond) * 1_000, exact };
};

/** Shares of a job that say too little about its speed: it starts in leaps. */
const leastShare = 0.01;

/**
 * When a job that began at `startedAt` will be done: as was thought at first in so far as it still has everything before it, and
 * as its own speed tells in so far as it has it behind it. Always after `now`. All times in ms since epoch.
 */
export const correctedCompletion = (known: {
  startedAt: number;
  firstThought: number;
  progress: number;
  now: number;
}): number => {
  const { startedAt, firstThought, progress, now } = known;
  const done = Math.min(1, Math.max(0, progress / 100));
  const elapsed = Math.max(0, now - startedAt);
  const bySpeed = done < leastShare ? firstThought - startedAt : elapsed / done;
  const whole = (1 - done) * (firstThought - startedAt) + done * bySpeed;
  return Math.max(now + 1_000, Math.round(startedAt + whole));
};

/**
 * The estimate of a backup that is being made, from the rows counted when it began, from the volumes planned once all is collected, and
 * from its own speed. Undefined for one that rests, and for one that has not counted yet.
 */
export const estimateNow = async (ports: Ports, job: Job): Promise<Estimate | undefined> => {
  if (atRest(job.status) || !job.expected) return undefined;
  const { expected, progress, createdAt, startedAt = createdAt } = job;
  const first = estimate(expected, true, createdAt);
  return {
    bytes: (await plannedBytes(ports, job)) ?? first.bytes,
    completionAt: correctedCompletion({ startedAt, firstThought: first.completionAt, progress, now: ports.clock() }),
    exact: true,
  };
};
