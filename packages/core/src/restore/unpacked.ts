/** What unpacking left: the counts of a package, and its rows as staged chunks that every later step reads. */

import { type EntityKind, entityKinds } from '@fzip/format';
import * as z from 'zod';
import { Counts } from '../counts.ts';
import type { Job } from '../jobs.ts';
import { scopeOf } from '../ledger.ts';
import type { Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { ChunkRecord } from '../staging.ts';
import { PackageSummary } from './summary.ts';

/** What a piece of the unpacking found. */
export const Judged = z.object({
  errors: z.array(z.string()),
  errorCount: z.int(),
  errorsByCode: z.record(z.string(), z.int()).default({}),
  warnings: z.array(z.string()),
});
export type Judged = z.infer<typeof Judged>;

/** Piece 0 is the rows of all volumes, piece n the bytes of the files of the n-th upload. */
export const unpackPieces = ({ uploads = [] }: Job): number => uploads.length + 1;

/** The ledger's record of a package's rows, which is that of piece 0. */
export const Unpacked = Judged.extend({
  counts: Counts,
  /** Staged chunks of each kind. */
  chunks: Counts,
  /** Absent of a package that is refused. */
  summary: PackageSummary.optional(),
});
export type Unpacked = z.infer<typeof Unpacked>;

export const unpackedScope = (work: Work): LedgerScope => scopeOf(work, 'restore-unpack', 'volume');

export const stagedScope = (work: Work, kind: EntityKind): LedgerScope =>
  scopeOf(work, 'restore-unpack', `chunk.${kind}`);

/** @throws Error if the package is not unpacked yet */
export const unpackedOf = async (ports: Ports, job: Job): Promise<Unpacked> => {
  const record = await ports.ledger.get(unpackedScope(job), 0);
  if (!record) throw new Error(`job ${job.jobId}: its package is not unpacked`);
  return Unpacked.parse(record);
};

/** A staged chunk; of transaction files also which uploads hold their bytes, by their place among the job's. */
const StagedChunk = ChunkRecord.extend({ holders: z.array(z.int()).default([]) });
export type StagedChunk = z.infer<typeof StagedChunk>;

export const stagedChunk = async (ports: Ports, job: Job, kind: EntityKind, n: number): Promise<StagedChunk> =>
  StagedChunk.parse(await ports.ledger.get(stagedScope(job, kind), n));

/** One chunk among the chunks of all kinds. */
export type Piece = { kind: EntityKind; chunk: number };

/** Every chunk, in writing order; its place in the list is the piece's number. */
export const piecesOf = ({ chunks }: Unpacked): Piece[] =>
  entityKinds.flatMap((kind) => Array.from({ length: chunks[kind] }, (_, chunk) => ({ kind, chunk })));

export const noCounts = (): Counts => Object.fromEntries(entityKinds.map((kind) => [kind, 0])) as Counts;
