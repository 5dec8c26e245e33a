/** restore-rollback: deletes exactly what this restore wrote, where it belongs to this user, and ends the job. */

import { type EntityKind, entityKinds, type Row } from '@fzip/format';
import { atRest, type Job, type Writing } from '../jobs.ts';
import { leased, requireTime } from '../lease.ts';
import { scopeOf } from '../ledger.ts';
import { times } from '../limits.ts';
import type { RestoreRollbackMessage, Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { endOf, type Idle, isAtHome, type Settled, settle } from '../settle.ts';
import { restoreSteps } from './kinds.ts';
import { idsOf, nameOf } from './prepare.ts';
import { deleteWritten, writtenScope } from './restore-chunk.ts';
import { rowBatches } from './rows.ts';
import { unpackedOf } from './unpacked.ts';

type Outcome = Idle | Settled | 'continued';

const rollbackScope = (work: Work): LedgerScope => scopeOf(work, 'restore-rollback', 'profile');

export const rollback = async (ports: Ports, message: RestoreRollbackMessage): Promise<Outcome> => {
  const job = await ports.jobs.find(message.jobId);
  if (!job) return 'unknown-job';
  if (job.attempt !== message.attempt) return 'out-of-date';
  if (!isAtHome(ports, job)) return 'other-world';
  if (atRest(job.status)) return 'at-rest';
  const { intent, writing } = job;
  if (job.status !== 'restore_rolling_back' || !intent || !writing) return 'out-of-order';
  const went = await leased(ports, rollbackScope(message), 0, async () => {
    const mayLand = await writersGone(ports, job);
    if ((await deleteAll(ports, job, writing, 'first')) === 'time-up') return 'time-up';
    // A write that was under way when its writer's lease ended, or that its writer gave up, may land after the first pass.
    if (mayLand) await ports.sleep(times.landing);
    if ((await deleteAll(ports, job, writing, 'second')) === 'time-up') return 'time-up';
    return expectNothing(ports, job, writing);
  });
  if (went === 'time-up') {
    await ports.queues.send('restore-rollback', [message], job.userId);
    return 'continued';
  }
  return settle(ports, message, endOf(job, intent), { error: { code: intent.code, message: intent.message } });
};

/**
 * Waits until no writer of this attempt holds a lease: the intent keeps new ones from beginning. True if one did not give its
 * lease back, or failed: then what it wrote last may still be under way.
 */
const writersGone = async (ports: Ports, job: Job): Promise<boolean> => {
  const { chunks } = await unpackedOf(ports, job);
  let mayLand = false;
  for (const kind of entityKinds) {
    if (chunks[kind] > 0 && (await ports.ledger.blamed(job, restoreSteps[kind])) !== undefined) mayLand = true;
    for (let n = 0; n < chunks[kind]; n += 1) {
      const until = await ports.ledger.leaseUntil(writtenScope(job, kind), n);
      if (until === undefined) continue;
      const left = until - ports.clock();
      const isGivenBack = left > 0 && (await waitForLease(ports, job, kind, n, left));
      if (!isGivenBack) mayLand = true;
    }
  }
  return mayLand;
};

/** True if the lease was given back before it ended. */
const waitForLease = async (ports: Ports, job: Job, kind: EntityKind, n: number, leftMs: number): Promise<boolean> => {
  const step = 250;
  for (let waited = 0; waited < leftMs; waited += step) {
    await ports.sleep(Math.min(step, leftMs - waited));
    if ((await ports.ledger.leaseUntil(writtenScope(job, kind), n)) === undefined) return true;
  }
  return false;
};

/** The chunks that a restore writes, each with its rows, in the reverse of writing: what refers to others goes first. */
async function* writtenChunks(
  ports: Ports,
  job: Job,
  writing: Writing,
): AsyncGenerator<{ kind: EntityKind; chunk: number; batches: AsyncGenerator<Row[]> }> {
  const { chunks } = await unpackedOf(ports, job);
  for (const kind of [...entityKinds].reverse())
    for (let chunk = 0; chunk < chunks[kind]; chunk += 1)
      yield { kind, chunk, batches: storedRows(ports, job, writing, kind, chunk) };
}

async function* storedRows(
  ports: Ports,
  job: Job,
  writing: Writing,
  kind: EntityKind,
  chunk: number,
): AsyncGenerator<Row[]> {
  for await (const batch of rowBatches(ports, job, kind, chunk, idsOf(writing)))
    yield batch.map(({ stored }) => stored);
}

/** Every row that a restore writes, in that order. */
export async function* writtenRows(
  ports: Ports,
  job: Job,
  writing: Writing,
): AsyncGenerator<{ kind: EntityKind; rows: Row[] }> {
  for await (const { kind, batches } of writtenChunks(ports, job, writing))
    for await (const rows of batches) yield { kind, rows };
}

type Pass = 'first' | 'second' | 'check';
type Went = 'done' | 'time-up';

const passScope = (work: Work, pass: Pass, kind: EntityKind): LedgerScope =>
  scopeOf(work, 'restore-rollback', `${pass}.${kind}`);

/**
 * Every row that a restore writes. A chunk that is done with is noted, so that a rollback of any size goes on where it stopped, in as many
 * invocations as it takes.
 */
const eachChunk = async (
  ports: Ports,
  job: Job,
  writing: Writing,
  pass: Pass,
  work: (kind: EntityKind, rows: Row[]) => Promise<void>,
): Promise<Went> => {
  let isBegun = false;
  for await (const { kind, chunk, batches } of writtenChunks(ports, job, writing)) {
    const scope = passScope(job, pass, kind);
    if (await ports.ledger.get(scope, chunk)) continue;
    if (isBegun && ports.invocation.deadline - ports.clock() < ports.limits.handOverMs) return 'time-up';
    for await (const rows of batches) {
      await stillMine(ports, job);
      await work(kind, rows);
    }
    await ports.ledger.put(scope, chunk, { done: true });
    isBegun = true;
  }
  return 'done';
};

const deleteAll = (ports: Ports, job: Job, writing: Writing, pass: Pass): Promise<Went> =>
  eachChunk(ports, job, writing, pass, (kind, rows) => deleteRows(ports, job, writing, kind, rows));

const deleteRows = async (
  ports: Ports,
  job: Job,
  writing: Writing,
  kind: EntityKind,
  rows: readonly Row[],
): Promise<void> => {
  await ports.profiles.deleteOwn(job.userId, kind, rows);
  if (kind !== 'transaction_files') return;
  for (const { s3Key } of rows) {
    requireTime(ports, `roll back ${job.jobId}`);
    await deleteWritten(ports, job, writing, String(s3Key));
  }
};

/** A rollback that outlived its lease must not delete what a later restore wrote. Also the job's heartbeat. */
const stillMine = async (ports: Ports, { jobId, attempt, progress }: Job): Promise<void> => {
  await ports.jobs.report(jobId, attempt, ports.clock(), { percent: progress, phase: 'rolling_back' });
  const now = await ports.jobs.find(jobId);
  if (now?.status !== 'restore_rolling_back' || now.attempt !== attempt)
    throw new Error(`the rollback of ${jobId} is another's by now`);
  requireTime(ports, `roll back ${jobId}`);
};

/** What is still there is deleted once more. @throws Error that names a row of it: it is to be looked at again */
const expectNothing = (ports: Ports, job: Job, writing: Writing): Promise<Went> =>
  eachChunk(ports, job, writing, 'check', async (kind, rows) => {
    const left = await ports.profiles.get(kind, rows, ['userId']);
    const still = rows.filter((_, n) => left[n]?.userId === job.userId);
    const [row] = still;
    if (!row) return;
    await deleteRows(ports, job, writing, kind, still);
    throw new Error(`${nameOf(kind, row)} was still there after the rollback; it is deleted once more`);
  });
