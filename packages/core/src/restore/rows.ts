/** Staged rows on their way into the tables, some at a time. */
import { type EntityKind, parseRow, type Row } from '@fzip/format';
import type { Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { chunkLines } from '../staging.ts';
import { type Ids, prepare } from './prepare.ts';
import { stagedChunk } from './unpacked.ts';

/** A row as the package has it, and as the table is to have it. */
export type Prepared = { packaged: Row; stored: Row };

/** Rows between two looks at whether the work is still wanted. */
const batchRows = 500;

export async function* rowBatches(
  ports: Ports,
  job: Job,
  kind: EntityKind,
  chunk: number,
  ids: Ids,
): AsyncGenerator<Prepared[]> {
  let batch: Prepared[] = [];
  for await (const line of chunkLines(ports, await stagedChunk(ports, job, kind, chunk))) {
    const packaged = parseRow(line);
    batch.push({ packaged, stored: prepare(kind, packaged, job.userId, ids) });
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
