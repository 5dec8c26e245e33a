/** Sends the pieces of a stage to be collected. */
import type { CollectPiece, Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';

/** Where the pieces of a stage stand among all: the first, and how many there are. */
export const piecesFrom = (pieces: readonly CollectPiece[], stage: number): { first: number; count: number } => ({
  first: pieces.findIndex((piece) => piece.stage === stage),
  count: pieces.filter((piece) => piece.stage === stage).length,
});

/** Has every piece of a stage collected. Pieces that are collected already answer so. */
export const sendCollects = async (ports: Ports, job: Job, stage: number): Promise<void> => {
  const pieces = job.pieces ?? [];
  const { first, count } = piecesFrom(pieces, stage);
  const { jobId, attempt, userId } = job;
  const messages = pieces
    .slice(first, first + count)
    .map(({ kind }, n) => ({ jobId, attempt, piece: first + n, kind, pass: 1, chunk: 0 }));
  await ports.queues.send('backup-collect', messages, userId);
};
