/** restore-verify: reads everything back by key, strongly consistent, and holds it against the package. Only this makes a restore completed. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { entityKinds, formatRow, type Row, type Volume, withNormalNumbers } from '@fzip/format';
import type { Job, Writing } from '../jobs.ts';
import { finishPiece, scopeOf } from '../ledger.ts';
import type { RestoreVerifyMessage, Work } from '../messages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { profileCounts } from '../profile/counts.ts';
import { reporter } from '../progress.ts';
import { failRestore, type Idle, type Settled, settle, standing } from '../settle.ts';
import { idsOf, nameOf } from './prepare.ts';
import { openHolders } from './restore-chunk.ts';
import { type Prepared, rowBatches } from './rows.ts';
import { type Piece, piecesOf, type Unpacked, unpackedOf } from './unpacked.ts';
import { holderOf } from './uploads.ts';

type Outcome = Idle | Settled | 'verified';

const countingMs = 20_000;

const verifiedScope = (work: Work): LedgerScope => scopeOf(work, 'restore-verify', 'piece');

export const verify = async (ports: Ports, message: RestoreVerifyMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  if (job.status !== 'restore_processing' || !job.writing) return 'out-of-order';
  const unpacked = await unpackedOf(ports, job);
  const pieces = piecesOf(unpacked);
  const piece = pieces[message.piece];
  // An empty package has nothing to be read back.
  if (!piece) return pieces.length === 0 ? complete(ports, job, unpacked) : 'out-of-order';
  const scope = verifiedScope(message);
  if (!(await ports.ledger.get(scope, message.piece))) {
    const wrong = await verifyChunk(ports, job, job.writing, piece);
    if (wrong !== undefined) return failRestore(ports, job, 'VERIFY_FAILED', wrong);
    await ports.ledger.put(scope, message.piece, { verified: true });
    await reporter(ports, job, { step: 'verify', piece: message.piece, total: pieces.length }).finish(1);
  }
  if (!(await finishPiece(ports.ledger, scope, message.piece, pieces.length))) return 'verified';
  return complete(ports, job, unpacked);
};

/** What differs first, in words; undefined if the chunk stands in the tables as the package has it. */
const verifyChunk = async (
  ports: Ports,
  job: Job,
  writing: Writing,
  { kind, chunk }: Piece,
): Promise<string | undefined> => {
  const files = kind === 'transaction_files' ? await openHolders(ports, job, chunk) : undefined;
  for await (const batch of rowBatches(ports, job, kind, chunk, idsOf(writing))) {
    const found = await ports.profiles.get(
      kind,
      batch.map(({ stored }) => stored),
    );
    for (const [n, { stored }] of batch.entries()) {
      const row = found[n];
      if (!row) return `${nameOf(kind, stored)} was written and is not there`;
      if (comparable(row) !== comparable(stored)) return `${nameOf(kind, stored)} was written and is another now`;
    }
    for (const row of files ? batch : []) {
      const wrong = files && (await verifyFile(ports, files, row));
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
};

/** A row's content whatever its numbers' spelling. */
const comparable = (row: Row): string => formatRow(withNormalNumbers(row));

const verifyFile = async (
  ports: Ports,
  files: ReadonlyMap<number, Volume>,
  { packaged, stored }: Prepared,
): Promise<string | undefined> => {
  const held = holderOf(files, packaged);
  if (!held) return undefined;
  const { volume, entry } = held;
  const key = String(stored.s3Key);
  const info = await ports.files.head(key);
  if (info?.size !== entry.size) {
    return `file ${String(stored.fileId)} has ${info?.size ?? 'no'} bytes in storage, ${entry.size} in the package`;
  }
  const [there, here] = [await ports.files.read(key, { etag: info.etag }), volume.body(entry)];
  const [found, expected] = await Promise.all([sha256(there), sha256(here)]);
  return found === expected
    ? undefined
    : `file ${String(stored.fileId)} has other bytes in storage than in the package`;
};

const sha256 = async (body: Readable): Promise<string> => {
  const hashing = createHash('sha256');
  for await (const block of body) hashing.update(block as Buffer);
  return hashing.digest('hex');
};

/** Rows that others wrote meanwhile are never touched; they are named. The index may lag behind, so fewer is no fault. */
const complete = async (ports: Ports, job: Job, unpacked: Unpacked): Promise<Settled> => {
  const { counts } = await profileCounts(ports, job.userId, countingMs);
  const appeared = entityKinds
    .filter((kind) => counts[kind] > unpacked.counts[kind])
    .map(
      (kind) => `${kind}: the profile holds ${counts[kind] - unpacked.counts[kind]} rows besides those of the package`,
    );
  const { validationResults } = job;
  return settle(ports, job, 'restore_completed', {
    currentPhase: 'completed',
    results: unpacked.counts,
    ...(validationResults && appeared.length > 0
      ? { validationResults: { ...validationResults, warnings: [...validationResults.warnings, ...appeared] } }
      : {}),
  });
};
