/** The scratch tables between round trips: one validation of a user at a time has them, and leaves them empty. */
import { type EntityKind, entityKinds, type Row } from '@fzip/format';
import { derivedId, type Work } from '../ids.ts';
import { atRest, type Job } from '../jobs.ts';
import { leased } from '../lease.ts';
import { scopeOf } from '../ledger.ts';
import { takeLock } from '../lock.ts';
import { rowPages } from '../pages.ts';
import { type LedgerScope, ObjectGone, type Ports } from '../ports.ts';
import { cancelRestore, deleteRestore } from '../restore/request.ts';
import { writtenRows } from '../restore/rollback.ts';
import { Busy } from '../settle.ts';
import { stagingPrefix } from '../staging.ts';
import { roundTripJobs, worldOf } from '../world.ts';
import { deleteBackup, removeAll } from './lifecycle.ts';

/** Held by the validation that has a user's scratch tables. No user id has a `#`. */
const lockName = (userId: string): string => `round-trip#${userId}`;

/** Whoever empties the tables holds this lease, so that nobody begins to fill them meanwhile. */
const emptying = (userId: string): LedgerScope =>
  scopeOf({ jobId: derivedId(`scratch:${userId}`), attempt: 1 }, 'backup-examine', 'emptying');

/** While it is there, the sweep looks whether the round trip has left anything. */
const markOf = (job: Job): string => `${stagingPrefix(job.jobId)}round-trip`;

/** How long another round trip is left alone before it is looked at again. */
const waitMs = 30_000;

/** The world in which a validation's round trip is made. */
export const scratchOf = (ports: Ports, { jobId, attempt }: Work): Ports =>
  worldOf(ports, { roundTrip: { jobId, attempt } });

/** Takes a user's scratch tables for a validation, and empties them. @throws Busy while another one has them */
export const takeScratch = async (ports: Ports, job: Job): Promise<void> => {
  await ports.jobs.report(job.jobId, job.attempt, ports.clock(), { percent: 1, phase: 'validating' });
  await leased(ports, emptying(job.userId), 0, async () => {
    const holder = await takeLock(ports, lockName(job.userId), job);
    if (holder !== undefined) throw new Busy(`what validation ${holder} restores to`, waitMs);
    await ports.packages.put(markOf(job), Buffer.from(job.jobId));
    await empty(scratchOf(ports, job), job.userId);
  });
};

/**
 * Ends what a round trip began and removes what it left: its two jobs, its rows, its files. False while one of the jobs is
 * still to be undone. Rows are left alone if another validation has the tables, which emptied them before it began.
 */
export const leaveScratch = async (ports: Ports, job: Job): Promise<boolean> => {
  const world = scratchOf(ports, job);
  const { restoreId, backupId } = roundTripJobs(job);
  const backup = await ports.jobs.find(backupId);
  if (backup) await deleteBackup(world, backup);
  const restore = await ports.jobs.find(restoreId);
  if (restore) {
    await cancelRestore(world, restore);
    const now = await ports.jobs.find(restoreId);
    if (now && !atRest(now.status)) return false;
  }
  await leased(ports, emptying(job.userId), 0, async () => {
    if ((await takeLock(ports, lockName(job.userId), job)) !== undefined) return;
    // By their keys first: of a row that the index does not show nothing else would know.
    if (restore?.writing) await removeWritten(world, restore);
    await empty(world, job.userId);
    await ports.ledger.unlockProfile(lockName(job.userId), job.jobId);
  });
  if (restore) await deleteRestore(world, restore);
  await ports.packages.delete([markOf(job)]);
  return true;
};

const removeWritten = async (world: Ports, restore: Job): Promise<void> => {
  if (!restore.writing) return;
  try {
    for await (const { kind, rows } of writtenRows(world, restore, restore.writing)) {
      await remove(world, restore.userId, kind, rows);
    }
  } catch (error) {
    // What was staged goes after the rows: whoever died in between had removed them all.
    if (!(error instanceof ObjectGone)) throw error;
  }
};

/** Looks until nothing is seen: an index shows a row for a while after it was deleted. */
const empty = async (world: Ports, userId: string): Promise<void> => {
  await removeAll(world.files, `${userId}/`);
  for (const kind of [...entityKinds].reverse()) while ((await emptyOnce(world, userId, kind)) > 0);
};

const emptyOnce = async (world: Ports, userId: string, kind: EntityKind): Promise<number> => {
  let seen = 0;
  for await (const rows of rowPages(world, { userId, kind })) {
    await remove(world, userId, kind, rows);
    seen += rows.length;
  }
  return seen;
};

/** @throws Error when the lease under which rows are removed is about to end */
const remove = async (world: Ports, userId: string, kind: EntityKind, rows: readonly Row[]): Promise<void> => {
  if (world.clock() >= world.invocation.deadline) throw new Error('emptying the scratch tables has run out of time');
  if (rows.length > 0) await world.profiles.deleteOwn(userId, kind, rows);
};
