/** backup-collect: reads one piece of a profile page by page into staged chunks, then looks again whether it moved meanwhile. */
import {
  type EntityKind,
  formatRow,
  formatValue,
  idOf,
  kindRules,
  OrderFreeDigest,
  type Row,
  sortKey,
  toPackageRow,
} from '@fzip/format';
import type { Job } from '../jobs.ts';
import { finishPiece, records } from '../ledger.ts';
import type { BackupCollectMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { type Reporter, reporter } from '../progress.ts';
import { type Idle, standing } from '../settle.ts';
import { ChunkRecord, type Line, stageChunk } from '../staging.ts';
import { chunkScope, type PieceRecord, pieceScope } from './collected.ts';
import { sendPackages } from './plan.ts';

type Outcome = Idle | 'collected' | 'continued';

export const collect = async (ports: Ports, message: BackupCollectMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  const scope = pieceScope(message);
  if (!(await ports.ledger.get(scope, message.piece))) {
    const read = await readPiece(ports, job, message);
    if (read.kind === 'idle') return read.outcome;
    if (read.kind === 'continue') {
      await ports.queues.send('backup-collect', [read.message], job.userId);
      return 'continued';
    }
    await ports.ledger.put(scope, message.piece, read.record);
  }
  if (await finishPiece(ports.ledger, scope, message.piece, job.pieces?.length ?? 0)) await sendPackages(ports, job);
  return 'collected';
};

type ReadPiece =
  | { kind: 'done'; record: PieceRecord }
  | { kind: 'continue'; message: BackupCollectMessage }
  | { kind: 'idle'; outcome: Idle };

const timeIsShort = (ports: Ports): boolean => ports.invocation.deadline - ports.clock() < ports.limits.handOverMs;

/** Passes over the piece until two looks agree, or the passes are used up. */
const readPiece = async (ports: Ports, job: Job, from: BackupCollectMessage): Promise<ReadPiece> => {
  const total = Object.values(job.expected ?? {}).reduce((sum, count) => sum + count, 0);
  const progress = reporter(ports, job, { step: 'collect', piece: from.piece, total });
  let message = from;
  for (;;) {
    const chunks = await readChunks(ports, job, message, progress);
    if (chunks.kind !== 'done') return chunks;
    const again = await lookAgain(ports, job, message);
    if (again.kind !== 'done') return again;
    const agree = again.seen.hex() === chunks.versions.hex() && again.seen.count === chunks.versions.count;
    if (agree || message.pass >= ports.limits.passes) {
      await progress.finish(chunks.digest.count);
      const { digest } = chunks;
      return {
        kind: 'done',
        record: {
          pass: message.pass,
          rows: digest.count,
          digest: digest.hex(),
          seenAfter: again.seen.count,
          moved: !agree,
          finishedAt: ports.clock(),
        },
      };
    }
    const { recheck: _, cursor: __, ...rest } = message;
    message = { ...rest, pass: message.pass + 1, chunk: 0 };
  }
};

type ReadChunks =
  | { kind: 'done'; digest: OrderFreeDigest; versions: OrderFreeDigest }
  | Exclude<ReadPiece, { kind: 'done' }>;

/** Reads chunks from where the message says to the end, then sums what the ledger keeps of all of them. */
const readChunks = async (
  ports: Ports,
  job: Job,
  message: BackupCollectMessage,
  progress: Reporter,
): Promise<ReadChunks> => {
  const scope = chunkScope(message, message.piece, message.pass);
  let { chunk, cursor } = message;
  let rows = 0;
  while (message.recheck === undefined) {
    const kept = await ports.ledger.get(scope, chunk);
    if (!kept && chunk > message.chunk) {
      if (timeIsShort(ports))
        return { kind: 'continue', message: { ...message, chunk, ...(cursor ? { cursor } : {}) } };
      const at = await standing(ports, message);
      if (!at.ok) return { kind: 'idle', outcome: at.outcome };
    }
    // The put decides whose chunk counts, and with it where the next one begins.
    const record = ChunkRecord.parse(
      kept ?? (await ports.ledger.put(scope, chunk, await readChunk(ports, job, message, chunk, cursor))),
    );
    rows += record.rows;
    await progress.at(rows);
    if (record.next === undefined) break;
    cursor = record.next;
    chunk += 1;
  }
  const [digest, versions] = [new OrderFreeDigest(), new OrderFreeDigest()];
  for await (const record of records(ports.ledger, scope, (found) => ChunkRecord.parse(found))) {
    digest.addHex(record.digest, record.rows);
    versions.addHex(record.versions, record.rows);
  }
  return { kind: 'done', digest, versions };
};

/** Reads whole pages until the chunk is large enough, and stages them. */
const readChunk = async (
  ports: Ports,
  job: Job,
  message: BackupCollectMessage,
  chunk: number,
  from: string | undefined,
): Promise<ChunkRecord> => {
  const { kind } = message;
  const lines: Line[] = [];
  const versions = new OrderFreeDigest();
  let [bytes, cursor] = [0, from];
  do {
    const page = await ports.profiles.page({ userId: job.userId, kind, ...(cursor ? { cursor } : {}) });
    for (const stored of page.rows) {
      const row = toPackageRow(kind, stored);
      const line = formatRow(row);
      lines.push({ line, row, at: sortKey(kind, row) });
      versions.add(version(kind, stored));
      bytes += line.length;
    }
    cursor = page.cursor;
  } while (cursor !== undefined && lines.length < ports.limits.chunkRows && bytes < ports.limits.chunkBytes);
  const name = `${message.piece}.${message.pass}.${chunk}`;
  const staged = await stageChunk(ports, message, { kind, name }, lines, versions);
  return { ...staged, ...(cursor === undefined ? {} : { next: cursor }) };
};

/** What names a row and tells whether it changed. Analytics have no `updatedAt`; they have the date of their computing. */
const version = (kind: EntityKind, row: Row): string =>
  `${idOf(kind, row) ?? ''}\n${formatValue(row.updatedAt ?? row.computedDate ?? null)}`;

const versionAttributes = (kind: EntityKind): string[] => {
  const { id } = kindRules[kind];
  return [...(id === undefined ? ['analyticType', 'timePeriod', 'accountId'] : [id]), 'updatedAt', 'computedDate'];
};

type LookAgain = { kind: 'done'; seen: OrderFreeDigest } | Exclude<ReadPiece, { kind: 'done' }>;

/** The second look: ids and times of change alone, over the whole piece. */
const lookAgain = async (ports: Ports, job: Job, message: BackupCollectMessage): Promise<LookAgain> => {
  const { kind, recheck } = message;
  const seen = new OrderFreeDigest();
  if (recheck) seen.addHex(recheck.digest, recheck.rows);
  let cursor = recheck?.cursor;
  do {
    const attributes = versionAttributes(kind);
    const page = await ports.profiles.page({ userId: job.userId, kind, attributes, ...(cursor ? { cursor } : {}) });
    for (const row of page.rows) seen.add(version(kind, row));
    cursor = page.cursor;
    if (cursor === undefined) break;
    const at = await standing(ports, message);
    if (!at.ok) return { kind: 'idle', outcome: at.outcome };
    if (timeIsShort(ports)) {
      return { kind: 'continue', message: { ...message, recheck: { digest: seen.hex(), rows: seen.count, cursor } } };
    }
  } while (cursor !== undefined);
  return { kind: 'done', seen };
};
