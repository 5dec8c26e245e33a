/** backup-examine: looks at a completed backup once more, piece by piece, and says what was found. The package is never touched. */

import type { Job } from '../jobs.ts';
import { leased } from '../lease.ts';
import { records } from '../ledger.ts';
import type { BackupExamineMessage } from '../messages.ts';
import type { LedgerRecord, Ports } from '../ports.ts';
import { type Idle, type Settled, settle, standing } from '../settle.ts';
import {
  examinationTtl,
  examinedBackup,
  failExamination,
  lookScope,
  noteWithBackup,
  Piece,
  sendPiece,
} from './examination.ts';
import { compare } from './examine-compare.ts';
import { deep } from './examine-deep.ts';
import { roundTrip } from './examine-round-trip.ts';
import type { ExaminationMode, Examined } from './examined.ts';

/** What is looked at: the validation, and its backup as it stands. */
export type Subject = { job: Job; backup: Job };

/** A way of looking at a backup. */
export type Examiner = {
  /** Looks at one piece. What is wrong is in the record; only a failed call is thrown. `waits`: for another job, which sends the piece again. */
  look(ports: Ports, subject: Subject, piece: number): Promise<(LedgerRecord & { last: boolean }) | 'waits'>;
  /** The verdict over the records of all pieces, or why there is none. */
  judge(subject: Subject, pieces: readonly Piece[]): Examined | NoVerdict;
};

/** A validation that could not be done, as its error. */
export type NoVerdict = { code: string; message: string };

const examiners: Readonly<Record<ExaminationMode, Examiner>> = { deep, compare, round_trip: roundTrip };

/** How many issues the backup's row keeps. */
const noted = 10;

type Outcome = Idle | Settled | 'examined' | 'out-of-order' | 'waits';

export const examine = async (ports: Ports, message: BackupExamineMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  if (!job.examination) return 'out-of-order';
  const examiner = examiners[job.examination.mode];
  const backup = await examinedBackup(ports, job);
  if (!backup) return gone(ports, job);
  const scope = lookScope(message);
  if (!(await ports.ledger.get(scope, message.piece))) {
    const looked = await leased(ports, scope, message.piece, async () => {
      const record = await examiner.look(ports, { job, backup }, message.piece);
      if (record === 'waits') return record;
      // What was not found any more may have been deleted meanwhile, which is nothing that the package could help.
      if (!(await examinedBackup(ports, job))) return undefined;
      return ports.ledger.put(scope, message.piece, { ...record, at: ports.clock() });
    });
    if (looked === 'waits') return 'waits';
    if (!looked) return gone(ports, job);
  }
  const { last } = Piece.parse(await ports.ledger.get(scope, message.piece));
  if (last) return conclude(ports, { job, backup }, examiner);
  await sendPiece(ports, job, message.piece + 1);
  return 'examined';
};

const gone = (ports: Ports, job: Job): Promise<Settled> =>
  failExamination(ports, job, 'BACKUP_GONE', 'the backup was deleted or has expired, so it could not be validated');

/** The backup is told first: whoever sees the validation completed sees its result there as well. */
const conclude = async (ports: Ports, subject: Subject, examiner: Examiner): Promise<Settled> => {
  const { job } = subject;
  const pieces: Piece[] = [];
  for await (const piece of records(ports.ledger, lookScope(job), (record) => Piece.parse(record))) pieces.push(piece);
  const examined = examiner.judge(subject, pieces);
  if ('code' in examined) return failExamination(ports, job, examined.code, examined.message);
  const { ok, damaged, issues, issueCount } = examined;
  const at = pieces.at(-1)?.at ?? 0;
  const validationId = job.jobId;
  await noteWithBackup(ports, job, { validationId, at, ok, damaged, issues: issues.slice(0, noted), issueCount });
  return settle(ports, job, 'validation_completed', {
    currentPhase: 'completed',
    examined,
    ttl: examinationTtl(ports.clock()),
  });
};
