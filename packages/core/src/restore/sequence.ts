/** Which chunks are written next: kind by kind, what others refer to first. */
import { type EntityKind, entityKinds } from '@fzip/format';
import type { Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { restoreSteps, restoringPhase } from './kinds.ts';
import { piecesOf, type Unpacked } from './unpacked.ts';

/** Sends the chunks of the next kind that has some, or of the first if `after` is undefined; behind the last kind, the verification of every chunk. */
export const sendNextKind = async (
  ports: Ports,
  job: Job,
  unpacked: Unpacked,
  after: EntityKind | undefined,
): Promise<void> => {
  const { jobId, attempt, userId } = job;
  const { chunks } = unpacked;
  // Chunks have raised the progress since the job was read.
  const progress = (await ports.jobs.find(jobId))?.progress ?? job.progress;
  const rest = entityKinds.slice(after === undefined ? 0 : entityKinds.indexOf(after) + 1);
  const kind = rest.find((each) => chunks[each] > 0);
  const phase = kind === undefined ? 'verifying' : restoringPhase(kind);
  await ports.jobs.report(jobId, attempt, ports.clock(), { percent: progress, phase });
  if (kind === undefined) {
    const pieces = Math.max(1, piecesOf(unpacked).length);
    const verifies = Array.from({ length: pieces }, (_, piece) => ({ jobId, attempt, piece }));
    return ports.queues.send('restore-verify', verifies, userId);
  }
  const messages = Array.from({ length: chunks[kind] }, (_, chunk) => ({ jobId, attempt, chunk, from: 0 }));
  return ports.queues.send(restoreSteps[kind], messages, userId);
};
