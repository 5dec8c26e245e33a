/** restore-check: looks at one chunk with the tables' eyes; the last one gives the verdict. */
import { type EntityKind, type Row, shortText, unwritableKeys } from '@fzip/format';
import { announceEnding } from '../announce.ts';
import { type Job, restoreParameters, type ValidationResults } from '../jobs.ts';
import { finishPiece, records } from '../ledger.ts';
import type { RestoreCheckMessage } from '../messages.ts';
import { type Ports, StaleJob } from '../ports.ts';
import { reporter } from '../progress.ts';
import { type Idle, refuseRestore, type Settled, settle, standing } from '../settle.ts';
import { begin, conflict } from './begin.ts';
import { CheckedPiece, checkedScope } from './checked.ts';
import { isEmpty, rowsBeyondDefaults } from './empty.ts';
import { nameOf } from './prepare.ts';
import { rowBatches } from './rows.ts';
import { piecesOf, type Unpacked, unpackedOf } from './unpacked.ts';

/** Problems in words that a piece keeps, and that a job keeps. */
const kept = { piece: 10, job: 100 };
export type Checked = Idle | Settled | 'checked' | 'waits';

export const check = async (ports: Ports, message: RestoreCheckMessage): Promise<Checked> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  // A crash between the decision and its messages is mended by whichever message comes again.
  if (job.status === 'restore_processing') return begin(ports, job);
  if (job.status !== 'restore_validating') return 'out-of-order';
  const unpacked = await unpackedOf(ports, job);
  const pieces = piecesOf(unpacked).length;
  const scope = checkedScope(message);
  if (!(await ports.ledger.get(scope, message.piece))) {
    await ports.ledger.put(scope, message.piece, await checkChunk(ports, job, message));
    await reporter(ports, job, { step: 'check', piece: message.piece, total: pieces }).finish(1);
  }
  if (!(await finishPiece(ports.ledger, scope, message.piece, pieces))) return 'checked';
  return concludeCheck(ports, job, unpacked);
};

const checkChunk = async (
  ports: Ports,
  job: Job,
  { kind, chunk }: { kind: EntityKind; chunk: number },
): Promise<CheckedPiece> => {
  const found: CheckedPiece = { problems: [], problemCount: 0, taken: 0 };
  for await (const batch of rowBatches(ports, job, kind, chunk, { ids: 'kept' })) {
    for (const { packaged, stored } of batch) {
      for (const { message } of unwritableKeys(kind, packaged)) {
        found.problemCount += 1;
        if (found.problems.length < kept.piece) found.problems.push(shortText(`${nameOf(kind, stored)}: ${message}`));
      }
    }
    // A row that the table would refuse has no key to ask for.
    if (found.problemCount === 0) {
      const keys = batch.map(({ stored }) => stored);
      found.taken += await takenRows(ports, job, kind, keys);
    }
  }
  return found;
};

const takenRows = async (ports: Ports, job: Job, kind: EntityKind, rows: Row[]): Promise<number> => {
  // The keys of analytics hold the user's id: nobody else can have them.
  if (kind === 'analytics' || restoreParameters(job).idMode === 'remap') return 0;
  const owners = await ports.profiles.get(kind, rows, ['userId']);
  return owners.filter((owner) => owner !== undefined).length;
};

/** The verdict over all chunks, and what follows from it. */
export const concludeCheck = async (ports: Ports, job: Job, unpacked: Unpacked): Promise<Checked> => {
  const problems: string[] = [];
  let [problemCount, taken] = [0, 0];
  for await (const piece of records(ports.ledger, checkedScope(job), (record) => CheckedPiece.parse(record))) {
    problems.push(...piece.problems.slice(0, kept.job - problems.length));
    problemCount += piece.problemCount;
    taken += piece.taken;
  }
  if (problemCount > 0) {
    const { warnings } = unpacked;
    const refusal = { errors: problems, errorCount: problemCount, errorsByCode: { BAD_KEY: problemCount }, warnings };
    return refuseRestore(ports, job, refusal);
  }
  const { counts } = await rowsBeyondDefaults(ports, job.userId);
  const profileEmpty = isEmpty(counts);
  const { idMode, validateOnly, requireConfirmation } = restoreParameters(job);
  // The package is right, and yet it cannot be restored as it was asked for.
  const isTaken = idMode === 'preserve' && taken > 0;
  const validationResults: ValidationResults = {
    profileEmpty,
    schemaValid: true,
    ready: profileEmpty && !isTaken,
    errors: isTaken ? [conflict(taken)] : [],
    errorCount: Number(isTaken),
    errorsByCode: isTaken ? { ID_CONFLICT: 1 } : {},
    warnings: unpacked.warnings,
  };
  const facts: Facts = {
    validationResults,
    packageCounts: unpacked.counts,
    ...(unpacked.summary && { packageSummary: { ...unpacked.summary, idsTaken: taken } }),
  };
  if (validateOnly) return settle(ports, job, 'restore_validation_passed', facts);
  if (requireConfirmation) return wait(ports, job, facts);
  const noted = await note(ports, job, facts);
  return noted ? begin(ports, noted) : 'out-of-order';
};

type Facts = Pick<Job, 'validationResults' | 'packageCounts' | 'packageSummary'>;

/** Keeps the verdict with the job. Undefined if the job went on meanwhile. */
const note = async (ports: Ports, job: Job, facts: Facts, more: { wait?: true } = {}): Promise<Job | undefined> => {
  const now = await ports.jobs.find(job.jobId);
  if (now?.status !== 'restore_validating' || now.attempt !== job.attempt || now.intent) return undefined;
  try {
    return await ports.jobs.change(now, {
      ...facts,
      updatedAt: ports.clock(),
      ...(more.wait ? { status: 'restore_awaiting_confirmation', currentPhase: 'awaiting_confirmation' } : {}),
    });
  } catch (error) {
    if (error instanceof StaleJob) return note(ports, job, facts, more);
    throw error;
  }
};

const wait = async (ports: Ports, job: Job, facts: Facts): Promise<Checked> => {
  const waiting = (await note(ports, job, facts, { wait: true })) ?? (await ports.jobs.find(job.jobId));
  if (waiting?.status !== 'restore_awaiting_confirmation') return 'out-of-order';
  await announceEnding(ports, waiting);
  return 'waits';
};
