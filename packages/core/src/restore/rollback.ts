/** restore-rollback: deletes exactly what this restore wrote, where it belongs to this user, and ends the job. */

import { type EntityKind, entityKinds, type Row } from '@fzip/format';
import * as z from 'zod';
import { atRest, type Job, type Writing } from '../jobs.ts';
import { leased } from '../lease.ts';
import { scopeOf } from '../ledger.ts';
import type { RestoreRollbackMessage, Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { endOf, type Idle, isAtHome, type Settled, settle } from '../settle.ts';
import { idsOf, nameOf } from './prepare.ts';
import { olderScope, writtenScope } from './restore-chunk.ts';
import { rowBatches } from './rows.ts';
import { unpackedOf } from './unpacked.ts';

type Outcome = Idle | Settled;

const rollbackScope = (work: Work): LedgerScope => scopeOf(work, 'restore-rollback', 'profile');

const OlderVersions = z.object({ versions: z.array(z.string()) });

export const rollback = async (ports: Ports, message: RestoreRollbackMessage): Promise<Outcome> => {
  const job = await ports.jobs.find(message.jobId);
  if (!job) return 'unknown-job';
  if (job.attempt !== message.attempt) return 'out-of-date';
  if (!isAtHome(ports, job)) return 'other-world';
  if (atRest(job.status)) return 'at-rest';
  const { intent, writing } = job;
  if (job.status !== 'restore_rolling_back' || !intent || !writing) return 'out-of-order';
  await leased(ports, rollbackScope(message), 0, async () => {
    await writersGone(ports, job);
    await deleteAll(ports, job, writing);
    // A write that was under way when its writer's lease ended may land after the first pass.
    await deleteAll(ports, job, writing);
    await expectNothing(ports, job, writing);
  });
  return settle(ports, message, endOf(job, intent), { error: { code: intent.code, message: intent.message } });
};

/** Waits until no writer of this attempt holds a lease: the intent keeps new ones from beginning. */
const writersGone = async (ports: Ports, job: Job): Promise<void> => {
  const { chunks } = await unpackedOf(ports, job);
  for (const kind of entityKinds) {
    for (let n = 0; n < chunks[kind]; n += 1) {
      const until = await ports.ledger.leaseUntil(writtenScope(job, kind), n);
      if (until === undefined) continue;
      const left = until - ports.clock();
      if (left > 0) await waitForLease(ports, job, kind, n, left);
    }
  }
};

const waitForLease = async (ports: Ports, job: Job, kind: EntityKind, n: number, leftMs: number): Promise<void> => {
  const step = 250;
  for (let waited = 0; waited < leftMs; waited += step) {
    await ports.sleep(Math.min(step, leftMs - waited));
    if ((await ports.ledger.leaseUntil(writtenScope(job, kind), n)) === undefined) return;
  }
};

/** Every row that a restore writes, in the reverse of writing: what refers to others goes first. */
export async function* writtenRows(
  ports: Ports,
  job: Job,
  writing: Writing,
): AsyncGenerator<{ kind: EntityKind; rows: Row[] }> {
  const { chunks } = await unpackedOf(ports, job);
  for (const kind of [...entityKinds].reverse()) {
    for (let chunk = 0; chunk < chunks[kind]; chunk += 1) {
      for await (const batch of rowBatches(ports, job, kind, chunk, idsOf(writing))) {
        yield { kind, rows: batch.map(({ stored }) => stored) };
      }
    }
  }
}

const deleteAll = async (ports: Ports, job: Job, writing: Writing): Promise<void> => {
  for await (const { kind, rows } of writtenRows(ports, job, writing)) {
    await stillMine(ports, job);
    await ports.profiles.deleteOwn(job.userId, kind, rows);
    if (kind !== 'transaction_files') continue;
    for (const { s3Key } of rows) await deleteVersions(ports, job, writing, String(s3Key));
  }
};

/** A rollback that outlived its lease must not delete what a later restore wrote. Also the job's heartbeat. */
const stillMine = async (ports: Ports, { jobId, attempt, progress }: Job): Promise<void> => {
  const now = await ports.jobs.find(jobId);
  const mine = now?.status === 'restore_rolling_back' && now.attempt === attempt;
  if (!mine || ports.clock() >= ports.invocation.deadline)
    throw new Error(`the rollback of ${jobId} has run out of time`);
  await ports.jobs.report(jobId, attempt, ports.clock(), { percent: progress, phase: 'rolling_back' });
};

/** The bucket is versioned: deleting an object alone would leave its bytes. */
const deleteVersions = async (ports: Ports, job: Job, { idMode }: Writing, key: string): Promise<void> => {
  const noted = await ports.ledger.get(olderScope(job, key), 0);
  // Nothing noted: nothing was written there.
  if (idMode === 'preserve' && !noted) return;
  const older = new Set(noted ? OlderVersions.parse(noted).versions : []);
  const written: string[] = [];
  for await (const { versionId } of ports.files.versions(key)) if (!older.has(versionId)) written.push(versionId);
  for (const versionId of written) await ports.files.deleteVersion(key, versionId);
};

/** @throws Error if a row of this restore is still there: the rollback is done again */
const expectNothing = async (ports: Ports, job: Job, writing: Writing): Promise<void> => {
  for await (const { kind, rows } of writtenRows(ports, job, writing)) {
    const left = await ports.profiles.get(kind, rows, ['userId']);
    const n = left.findIndex((row) => row?.userId === job.userId);
    const row = rows[n];
    if (row) throw new Error(`${nameOf(kind, row)} is still there after the rollback`);
  }
};
