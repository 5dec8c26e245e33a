/** restore-{kind}: writes one chunk into the tables; files' bytes before their rows. */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntityKind, Entry, Row, Volume } from '@fzip/format';
import * as z from 'zod';
import { derivedId } from '../ids.ts';
import type { Job, Writing } from '../jobs.ts';
import { leased, requireTime } from '../lease.ts';
import { finishPiece, scopeOf } from '../ledger.ts';
import type { RestoreChunkMessage, Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { reporter } from '../progress.ts';
import { failRestore, type Idle, type Settled, standing } from '../settle.ts';
import { conflict } from './begin.ts';
import { restoreSteps, restoringPhase } from './kinds.ts';
import { idsOf } from './prepare.ts';
import { type Prepared, rowBatches } from './rows.ts';
import { sendNextKind } from './sequence.ts';
import { piecesOf, stagedChunk, unpackedOf } from './unpacked.ts';
import { holderOf, openUploads } from './uploads.ts';

export const writtenScope = (work: Work, kind: EntityKind): LedgerScope => scopeOf(work, restoreSteps[kind], 'chunk');

type Outcome = Idle | Settled | 'written' | 'continued';

export const restoreChunk =
  (kind: EntityKind) =>
  async (ports: Ports, message: RestoreChunkMessage): Promise<Outcome> => {
    const at = await standing(ports, message);
    if (!at.ok) return at.outcome;
    const { job } = at;
    if (job.status !== 'restore_processing' || !job.writing) return 'out-of-order';
    const { writing } = job;
    const scope = writtenScope(message, kind);
    const unpacked = await unpackedOf(ports, job);
    if (!(await ports.ledger.get(scope, message.chunk))) {
      const outcome = await leased(ports, scope, message.chunk, () => write(ports, job, writing, kind, message));
      if (typeof outcome === 'object') {
        // The lease is given back by now, so that whoever goes on does not find the piece busy.
        await ports.queues.send(restoreSteps[kind], [{ ...message, from: outcome.from }], job.userId);
        return 'continued';
      }
      if (outcome !== 'written') return outcome;
      const total = piecesOf(unpacked).length;
      await reporter(ports, job, {
        step: 'write',
        piece: `${kind}:${message.chunk}`,
        total,
        phase: restoringPhase(kind),
      }).finish(1);
    }
    if (await finishPiece(ports.ledger, scope, message.chunk, unpacked.chunks[kind])) {
      await sendNextKind(ports, job, unpacked, kind);
    }
    return 'written';
  };

const write = async (
  ports: Ports,
  job: Job,
  writing: Writing,
  kind: EntityKind,
  { chunk, from }: RestoreChunkMessage,
): Promise<Exclude<Outcome, 'continued'> | { from: number }> => {
  const files = kind === 'transaction_files' ? await openHolders(ports, job, chunk) : undefined;
  let rows = 0;
  for await (const batch of rowBatches(ports, job, kind, chunk, idsOf(writing))) {
    rows += batch.length;
    if (rows <= from) continue;
    // Attempt, intent and lease, before every batch: a rollback may have begun, and then nothing is written any more.
    const at = await standing(ports, job);
    if (!at.ok) return at.outcome;
    if (ports.invocation.deadline - ports.clock() < ports.limits.handOverMs && rows - batch.length > from) {
      return { from: rows - batch.length };
    }
    for (const some of files ? groupsOf(ports, files, batch) : []) {
      // Files may take long: the same look before each of them, or before some small ones.
      if (!(await standing(ports, job)).ok) return 'stopping';
      await allEnded(some.map((file) => writeFile(ports, job, writing, file)));
    }
    const still = await standing(ports, job);
    if (!still.ok) return still.outcome;
    requireTime(ports, `write ${kind} ${chunk}`);
    const stored = batch.map((row) => row.stored);
    const conflicts = await put(ports, job, writing, kind, stored);
    if (conflicts > 0) return failRestore(ports, job, 'ID_CONFLICT', conflict(conflicts));
  }
  await ports.ledger.put(writtenScope(job, kind), chunk, { rows });
  return 'written';
};

const put = async (
  ports: Ports,
  job: Job,
  { idMode }: Writing,
  kind: EntityKind,
  rows: Prepared['stored'][],
): Promise<number> => {
  if (idMode === 'preserve') return (await ports.profiles.putOwn(job.userId, kind, rows)).conflicts;
  await ports.profiles.putFresh(kind, rows);
  return 0;
};

/** The volumes that hold the bytes of a chunk's files. */
export const openHolders = async (ports: Ports, job: Job, chunk: number): Promise<ReadonlyMap<number, Volume>> => {
  const { holders } = await stagedChunk(ports, job, 'transaction_files', chunk);
  return openUploads(ports, job, holders);
};

/** Where a restore that keeps ids notes which versions of a file were there before it: a rollback leaves them. */
export const olderScope = (work: Work, key: string): LedgerScope =>
  scopeOf(work, 'restore-transaction-files', `older.${derivedId(key)}`);

/** New ids give new keys, where nothing can have been before. */
const noteOlderVersions = async (ports: Ports, job: Job, { idMode }: Writing, key: string): Promise<void> => {
  if (idMode === 'remap') return;
  const versions: string[] = [];
  for await (const { versionId } of ports.files.versions(key)) versions.push(versionId);
  await ports.ledger.put(olderScope(job, key), 0, { versions });
};

/** Content types of what HouseF3 imports; anything else is bytes. */
const contentTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  ofx: 'application/x-ofx',
  qfx: 'application/x-ofx',
  qif: 'application/qif',
  pdf: 'application/pdf',
  json: 'application/json',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  excel: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** A file that the package has the bytes of. */
type HeldFile = Prepared & { volume: Volume; entry: Entry };

/** Files that are written at the same time: small ones some together, each large one alone. */
const groupsOf = function* (
  { limits }: Ports,
  files: ReadonlyMap<number, Volume>,
  rows: readonly Prepared[],
): Generator<HeldFile[]> {
  let group: HeldFile[] = [];
  for (const row of rows) {
    const held = holderOf(files, row.packaged);
    if (!held) continue;
    const isLarge = held.entry.size > limits.smallFileBytes;
    if (group.length > 0 && (isLarge || group.length >= limits.filesAhead)) {
      yield group;
      group = [];
    }
    group.push({ ...row, ...held });
    if (!isLarge) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
};

/** Waits for all, and only then fails as the first that did: whoever gives its lease back must have stopped writing. */
const allEnded = async (works: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
};

/** Stores a file's bytes without any user metadata: HouseF3 would take such an object for a new upload and import it again. */
const writeFile = async (
  ports: Ports,
  job: Job,
  writing: Writing,
  { packaged, stored, volume, entry }: HeldFile,
): Promise<void> => {
  await noteOlderVersions(ports, job, writing, String(stored.s3Key));
  const contentType = contentTypes[String(packaged.fileFormat)] ?? 'application/octet-stream';
  const body: Readable = volume.body(entry);
  const key = String(stored.s3Key);
  const isLarge = entry.size > ports.limits.smallFileBytes;
  const bytes = isLarge ? undefined : await buffer(body);
  requireTime(ports, `write the file ${String(stored.fileId)}`);
  if (bytes) await ports.files.put(key, bytes, { contentType });
  else await ports.files.upload(key, body, { contentType });
  if (ports.clock() >= ports.invocation.deadline) await takeBack(ports, job, writing, stored);
};

/** A file that was begun in time and whole too late: others may have undone the restore meanwhile, and know nothing of it. */
const takeBack = async (ports: Ports, job: Job, writing: Writing, stored: Row): Promise<void> => {
  const now = await ports.jobs.find(job.jobId);
  if (now?.attempt === job.attempt && (now.status === 'restore_processing' || now.status === 'restore_completed'))
    return;
  // The row of whoever has restored the same file since says that it is theirs.
  const [row] = await ports.profiles.get('transaction_files', [stored], ['userId']);
  if (!row) await deleteWritten(ports, job, writing, String(stored.s3Key));
};

const OlderVersions = z.object({ versions: z.array(z.string()) });

/** Deletes what this restore wrote at a key. The bucket is versioned: deleting an object alone would leave its bytes. */
export const deleteWritten = async (ports: Ports, job: Work, { idMode }: Writing, key: string): Promise<void> => {
  const noted = await ports.ledger.get(olderScope(job, key), 0);
  // Nothing noted: nothing was written there.
  if (idMode === 'preserve' && !noted) return;
  const older = new Set(noted ? OlderVersions.parse(noted).versions : []);
  const written: string[] = [];
  for await (const { versionId } of ports.files.versions(key)) if (!older.has(versionId)) written.push(versionId);
  for (const versionId of written) await ports.files.deleteVersion(key, versionId);
};
