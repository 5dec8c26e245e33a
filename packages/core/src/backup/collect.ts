/** backup-collect: reads one piece of a profile page by page into staged chunks, then looks again whether it moved meanwhile. */
import { formatRow, OrderFreeDigest, sortKey, toPackageRow } from '@fzip/format';
import { backupParameters, type CollectPiece, type Job } from '../jobs.ts';
import { finishPiece, records } from '../ledger.ts';
import type { BackupCollectMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { type Reporter, reporter } from '../progress.ts';
import { type Idle, standing } from '../settle.ts';
import { ChunkRecord, type Line, stageChunk } from '../staging.ts';
import { chunkScope, pieceScope, stageScope } from './collected.ts';
import { lookAgain, nameMoved, stagedRows } from './look-again.ts';
import { type Moved, nothingMoved } from './moved.ts';
import { sendPackages } from './plan.ts';
import { pagesOf, type Reading, type ReadPiece, timeIsShort, version } from './reading.ts';
import { referenceTally, stageIds } from './references.ts';
import { selectionOf } from './selection.ts';
import { piecesFrom, sendCollects } from './send-collects.ts';
import { strayObjects } from './strays.ts';
import { isPartial } from './types.ts';

type Outcome = Idle | 'collected' | 'continued' | 'early';

export const collect = async (ports: Ports, message: BackupCollectMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  const scope = pieceScope(message);
  const pieces = job.pieces ?? [];
  const piece = pieces[message.piece];
  if (!piece) throw new Error(`job ${job.jobId} has ${pieces.length} pieces, asked for is piece ${message.piece}`);
  if (!(await ports.ledger.get(scope, message.piece))) {
    // Sent by somebody who could not know; whoever collects the last piece before it sends it again.
    if (!(await areCollected(ports, job, piece.stage - 1))) return 'early';
    const read = await readPiece(ports, job, piece, message);
    if (read.kind === 'idle') return read.outcome;
    if (read.kind === 'continue') {
      await ports.queues.send('backup-collect', [read.message], job.userId);
      return 'continued';
    }
    await ports.ledger.put(scope, message.piece, read.record);
  }
  const { first, count } = piecesFrom(pieces, piece.stage);
  const isLastOfStage = await finishPiece(ports.ledger, stageScope(message, piece.stage), message.piece - first, count);
  if (isLastOfStage) await sendNext(ports, job, piece.stage);
  return 'collected';
};

const sendNext = async (ports: Ports, job: Job, stage: number): Promise<void> => {
  const next = (job.pieces ?? []).find((piece) => piece.stage > stage);
  if (next) await sendCollects(ports, job, next.stage);
  else await sendPackages(ports, job);
};

/** Whether every piece up to a stage is collected. */
const areCollected = async (ports: Ports, job: Job, stage: number): Promise<boolean> => {
  for (const [n, piece] of (job.pieces ?? []).entries()) {
    if (piece.stage <= stage && !(await ports.ledger.get(pieceScope(job), n))) return false;
  }
  return true;
};

/** Passes over the piece until two looks agree, or the passes are used up. */
const readPiece = async (
  ports: Ports,
  job: Job,
  piece: CollectPiece,
  from: BackupCollectMessage,
): Promise<ReadPiece> => {
  const pages = await pagesOf(ports, job, piece);
  const reading = { job, piece, pages, selection: await selectionOf(ports, job, piece.kind) };
  const total = Object.values(job.expected ?? {}).reduce((sum, count) => sum + count, 0);
  const progress = reporter(ports, job, { step: 'collect', piece: from.piece, total });
  let message = from;
  for (;;) {
    const chunks = await readChunks(ports, reading, message, progress);
    if (chunks.kind !== 'done') return chunks;
    const again = await secondLook(ports, reading, message, chunks.versions);
    if (again.kind !== 'done') return again;
    if (again.moved) {
      await progress.finish(chunks.seen);
      const { digest } = chunks;
      return {
        kind: 'done',
        record: {
          pass: message.pass,
          rows: digest.count,
          digest: digest.hex(),
          seenAfter: again.seenAfter,
          moved: again.moved,
          finishedAt: ports.clock(),
          ...(piece.unindexed && (await foundOf(ports, reading, message))),
        },
      };
    }
    const { recheck: _, cursor: __, ...rest } = message;
    message = { ...rest, pass: message.pass + 1, chunk: 0 };
  }
};

/** What a record tells of a piece that HouseF3's own index does not show. */
const foundOf = async (ports: Ports, reading: Reading, message: BackupCollectMessage) => {
  if (reading.piece.kind === 'transaction_files')
    return { strays: await strayObjects(ports, reading.job, reading.piece) };
  return { unindexed: await firstIds(stagedRows(ports, reading, message)) };
};

/** Ids of rows that a record names. */
const named = 100;

const firstIds = async (rows: AsyncIterable<{ id: string }>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of rows) {
    if (ids.length === named) break;
    ids.push(id);
  }
  return ids;
};

type SecondLook = { kind: 'done'; seenAfter: number; moved: Moved | undefined } | Exclude<ReadPiece, { kind: 'done' }>;

/** What moved since the piece was staged; undefined if it did and another pass may help. */
const secondLook = async (
  ports: Ports,
  reading: Reading,
  message: BackupCollectMessage,
  staged: OrderFreeDigest,
): Promise<SecondLook> => {
  if (message.naming) return nameMoved(ports, reading, message, message.naming);
  const again = await lookAgain(ports, reading, message);
  if (again.kind !== 'done') return again;
  const seenAfter = again.seen.count;
  if (again.seen.hex() === staged.hex() && seenAfter === staged.count) {
    return { kind: 'done', seenAfter, moved: nothingMoved };
  }
  if (message.pass < ports.limits.passes) return { kind: 'done', seenAfter, moved: undefined };
  return nameMoved(ports, reading, message, { rows: seenAfter });
};

type ReadChunks =
  | { kind: 'done'; digest: OrderFreeDigest; versions: OrderFreeDigest; seen: number }
  | Exclude<ReadPiece, { kind: 'done' }>;

/** Reads chunks from where the message says to the end, then sums what the ledger keeps of all of them. */
const readChunks = async (
  ports: Ports,
  reading: Reading,
  message: BackupCollectMessage,
  progress: Reporter,
): Promise<ReadChunks> => {
  const scope = chunkScope(message, message.piece, message.pass);
  let { chunk, cursor } = message;
  let rows = 0;
  while (message.recheck === undefined && message.naming === undefined) {
    const kept = await ports.ledger.get(scope, chunk);
    if (!kept && chunk > message.chunk) {
      if (timeIsShort(ports))
        return { kind: 'continue', message: { ...message, chunk, ...(cursor ? { cursor } : {}) } };
      const at = await standing(ports, message);
      if (!at.ok) return { kind: 'idle', outcome: at.outcome };
    }
    // The put decides whose chunk counts, and with it where the next one begins.
    const record = ChunkRecord.parse(
      kept ?? (await ports.ledger.put(scope, chunk, await readChunk(ports, reading, message, chunk, cursor))),
    );
    rows += record.seen ?? record.rows;
    await progress.at(rows);
    if (record.next === undefined) break;
    cursor = record.next;
    chunk += 1;
  }
  const [digest, versions] = [new OrderFreeDigest(), new OrderFreeDigest()];
  let seen = 0;
  for await (const record of records(ports.ledger, scope, (found) => ChunkRecord.parse(found))) {
    digest.addHex(record.digest, record.rows);
    versions.addHex(record.versions, record.rows);
    seen += record.seen ?? record.rows;
  }
  return { kind: 'done', digest, versions, seen };
};

/** Rows that are looked at for one chunk of rows taken, at most: few may be. */
const seenAtMost = 10;

/** Reads whole pages until the chunk is large enough, and stages what is taken of them. */
const readChunk = async (
  ports: Ports,
  { job, piece, selection, pages }: Reading,
  message: BackupCollectMessage,
  chunk: number,
  from: string | undefined,
): Promise<ChunkRecord> => {
  const { kind } = piece;
  const { chunkRows, chunkBytes } = ports.limits;
  const lines: Line[] = [];
  const versions = new OrderFreeDigest();
  const refers = referenceTally(kind);
  let [bytes, seen, cursor] = [0, 0, from];
  do {
    const page = selection.none ? { rows: [] } : await pages(cursor);
    seen += page.rows.length;
    for (const stored of page.rows) {
      if (!selection.takes(stored)) continue;
      const row = toPackageRow(kind, stored);
      const line = formatRow(row);
      lines.push({ line, row, at: sortKey(kind, row) });
      versions.add(version(kind, stored));
      bytes += line.length;
      refers.add(row, line);
    }
    cursor = page.cursor;
    // Looking for rows that are hardly ever there makes no chunk full.
    if (piece.unindexed && timeIsShort(ports)) break;
  } while (cursor !== undefined && lines.length < chunkRows && bytes < chunkBytes && seen < chunkRows * seenAtMost);
  const name = `${message.piece}.${message.pass}.${chunk}`;
  const staged = await stageChunk(ports, message, { kind, name }, lines, versions);
  const plain = refers.plain();
  // Whoever looks for what rows refer to finds it in the record, or in an object of its own.
  const isApart = lines.length > 0 && (plain === undefined || isPartial(backupParameters(job)));
  return {
    ...staged,
    ...(plain ? { plain } : {}),
    ...(cursor === undefined ? {} : { next: cursor }),
    ...(seen === lines.length ? {} : { seen }),
    ...(isApart ? { refers: await stageIds(ports, message, name, refers.ids) } : {}),
  };
};
