/** What collecting left in the ledger, and how it is found again. */
import { type EntityKind, entityKinds } from '@fzip/format';
import * as z from 'zod';
import type { Job } from '../jobs.ts';
import { records, scopeOf } from '../ledger.ts';
import type { Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { ChunkRecord } from '../staging.ts';
import { Moved } from './moved.ts';

/** What the ledger keeps of a piece that was read to its end. */
export const PieceRecord = z.object({
  /** The pass whose chunks count. */
  pass: z.int(),
  rows: z.int(),
  digest: z.string(),
  /** What the look afterwards found. */
  seenAfter: z.int(),
  /** ms since epoch. */
  finishedAt: z.number(),
  /** What still moved after the last pass. */
  moved: Moved,
  /** Of rows that HouseF3's own index does not show: the first of them by their ids. */
  unindexed: z.array(z.string()).optional(),
  /** Objects in the user's file storage that no row names: how many there are, and the keys of the first. */
  strays: z.object({ count: z.int(), keys: z.array(z.string()) }).optional(),
});
export type PieceRecord = z.infer<typeof PieceRecord>;

export const pieceScope = (work: Work): LedgerScope => scopeOf(work, 'backup-collect', 'piece');

/** Pieces of one stage: the next begins when all of them are collected. */
export const stageScope = (work: Work, stage: number): LedgerScope => scopeOf(work, 'backup-collect', `stage.${stage}`);

export const chunkScope = (work: Work, piece: number, pass: number): LedgerScope =>
  scopeOf(work, 'backup-collect', `chunk.${piece}.${pass}`);

/** What was collected of each kind: its pieces' verdicts and, in order, the chunks that count. */
export type Collected = { pieces: PieceRecord[]; chunks: ChunkRecord[] };

/** @param before only pieces of stages before this one: those of the same are being collected */
export const collectedOf = async (
  ports: Ports,
  job: Job,
  kind: EntityKind,
  before = Number.POSITIVE_INFINITY,
): Promise<Collected> => {
  const collected: Collected = { pieces: [], chunks: [] };
  for (const [n, piece] of (job.pieces ?? []).entries()) {
    if (piece.kind !== kind || piece.stage >= before) continue;
    const found = await ports.ledger.get(pieceScope(job), n);
    if (!found) throw new Error(`job ${job.jobId}: piece ${n} (${kind}) is not collected`);
    const record = PieceRecord.parse(found);
    collected.pieces.push(record);
    const chunks = records(ports.ledger, chunkScope(job, n, record.pass), (chunk) => ChunkRecord.parse(chunk));
    for await (const chunk of chunks) collected.chunks.push(chunk);
  }
  return collected;
};

/** The kinds that this backup holds. */
export const kindsOf = (job: Job): EntityKind[] =>
  entityKinds.filter((kind) => (job.pieces ?? []).some((piece) => piece.kind === kind));
