/** Which chunks are written next: kind by kind, what others refer to first. */
import { type EntityKind, entityKinds } from '@fzip/format';
import type { Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { restoreSteps, restoringPhase } from './kinds.ts';
import type { Unpacked } from './unpacked.ts';

/** Sends the chunks of the first kind after `after` that has any; after the last kind, the verification. */
export const sendNextKind = async (
  ports: Ports,
  job: Job,
  { chunks }: Unpacked,
  after: EntityKind | undefined,
): Promise<void> => {
  const { jobId, attempt, userId } = job;
  // Chunks have raised the progress since the job was read.
  const progress = (await ports.jobs.find(jobId))?.progress ?? job.progress;
  const rest = entityKinds.slice(after === undefined ? 0 : entityKinds.indexOf(after) + 1);
  const kind = rest.find((each) => chunks[each] > 0);
  const phase = kind === undefined ? 'verifying' : restoringPhase(kind);
  await ports.jobs.report(jobId, attempt, ports.clock(), { percent: progress, phase });
  if (kind === undefined) return ports.queues.send('restore-verify', [{ jobId, attempt, piece: 0 }], userId);
  const messages = Array.from({ length: chunks[kind] }, (_, chunk) => ({ jobId, attempt, chunk, from: 0 }));
  return ports.queues.send(restoreSteps[kind], messages, userId);
};
