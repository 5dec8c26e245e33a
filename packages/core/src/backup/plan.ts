/** How the collected chunks and files are cut into volumes: fixed once, before the first volume is built. FORMAT.md section 1, "Volumes". */

import { type EntityKind, entityKinds } from '@fzip/format';
import * as z from 'zod';
import type { Job } from '../jobs.ts';
import { scopeOf } from '../ledger.ts';
import type { Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import type { ChunkRecord } from '../staging.ts';
import { collectedOf, kindsOf } from './collected.ts';
import { type Run, rowsInOrder, runsOf } from './in-order.ts';

/** Half-open: from `from` up to but not including `to`. */
const Slice = z.object({ from: z.int(), to: z.int() });

export const VolumePlan = z.object({
  /** Runs of transactions, and rows of `transaction_files` in package order. */
  transactions: Slice,
  files: Slice,
  /** Planned stored bytes. */
  bytes: z.number(),
});
export type VolumePlan = z.infer<typeof VolumePlan>;

/** Every volume of the set. The four small kinds and analytics stand in the first. */
export const Plan = z.object({ volumes: z.array(VolumePlan).min(1) });
export type Plan = z.infer<typeof Plan>;

const planScope = (work: Work): LedgerScope => scopeOf(work, 'backup-package', 'plan');

export const planOf = async (ports: Ports, job: Job): Promise<Plan> => {
  const kept = await ports.ledger.get(planScope(job), 0);
  return Plan.parse(kept ?? (await ports.ledger.put(planScope(job), 0, await planVolumes(ports, job))));
};

/** What all volumes together will take, once they are planned. */
export const plannedBytes = async (ports: Ports, job: Job): Promise<number | undefined> => {
  const kept = await ports.ledger.get(planScope(job), 0);
  return kept && Plan.parse(kept).volumes.reduce((sum, { bytes }) => sum + bytes, 0);
};

/** Has every volume built. Volumes that are built already answer so. */
export const sendPackages = async (ports: Ports, job: Job): Promise<void> => {
  const { volumes } = await planOf(ports, job);
  await ports.queues.send(
    'backup-package',
    volumes.map((_, n) => ({ jobId: job.jobId, attempt: job.attempt, volume: n + 1 })),
    job.userId,
  );
};

/** Room for the manifest and the ZIP's own records. */
const bytesPerEntry = 400;

const planVolumes = async (ports: Ports, job: Job): Promise<Plan> => {
  const { volumeBytes, volumeEntries } = ports.limits;
  const small = await Promise.all(
    kindsOf(job)
      .filter((kind) => kind !== 'transactions')
      .map((kind) => collectedOf(ports, job, kind)),
  );
  const firstBytes = small.flatMap(({ chunks }) => chunks).reduce((sum, chunk) => sum + chunk.stored, 0);
  const volumes: VolumePlan[] = [];
  let open = { transactions: { from: 0, to: 0 }, files: { from: 0, to: 0 }, bytes: firstBytes };
  let entries = entityKinds.length + 1;
  const room = (bytes: number, more: number) => {
    const empty = open.transactions.to === open.transactions.from && open.files.to === open.files.from;
    const full = open.bytes + bytes > volumeBytes || entries + more > volumeEntries;
    if (full && !(empty && volumes.length > 0)) {
      volumes.push(open);
      const { transactions, files } = open;
      open = {
        transactions: { from: transactions.to, to: transactions.to },
        files: { from: files.to, to: files.to },
        bytes: 0,
      };
      entries = entityKinds.length + 1;
    }
    open.bytes += bytes;
    entries += more;
  };
  const { chunks } = await collectedOf(ports, job, 'transactions');
  for (const { stored } of runsOf(chunks)) {
    room(stored, 0);
    open.transactions.to += 1;
  }
  const files = await collectedOf(ports, job, 'transaction_files');
  for await (const { row } of rowsInOrder(ports, 'transaction_files', files.chunks)) {
    room((typeof row.fileSize === 'number' ? row.fileSize : 0) + bytesPerEntry, 1);
    open.files.to += 1;
  }
  volumes.push(open);
  return { volumes };
};

/** What a volume holds of a kind, in order. */
export const runsIn = (plan: VolumePlan, volume: number, kind: EntityKind, chunks: readonly ChunkRecord[]): Run[] => {
  if (kind === 'transactions') return runsOf(chunks).slice(plan.transactions.from, plan.transactions.to);
  return volume === 1 ? runsOf(chunks) : [];
};
