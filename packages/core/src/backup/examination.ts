/** Validations on demand: asked for, sent on, ended, and noted with the backup they are about. */
import * as z from 'zod';
import { requestSent } from '../announce.ts';
import { type Job, jobCan } from '../jobs.ts';
import { records, scopeOf } from '../ledger.ts';
import { times } from '../limits.ts';
import type { Work } from '../messages.ts';
import { createJob, newJob } from '../new-job.ts';
import { type LedgerScope, type Ports, StaleJob } from '../ports.ts';
import { fulfil, intend, type Settled } from '../settle.ts';
import type { Examination, ExaminationNote } from './examined.ts';
import { idOfKey, isBuried } from './request.ts';

/** What the ledger keeps of a piece that was looked at; what was found in it differs by mode. */
export const Piece = z.looseObject({
  /** ms since epoch */
  at: z.number(),
  /** The last piece there is. */
  last: z.boolean(),
});
export type Piece = z.infer<typeof Piece>;

export const lookScope = (work: Work): LedgerScope => scopeOf(work, 'backup-examine', 'piece');

/** DynamoDB deletes by seconds. A result is kept as long as the ledger that it was made from. */
export const examinationTtl = (now: number): number => Math.floor((now + times.rowKept) / 1000);

export type CreatedExamination = { job: Job; created: boolean };

/** The job's row, then its first message, then the note that it was sent. The same user and key give the same job. */
export const createExamination = async (
  ports: Ports,
  { userId, idempotencyKey, ...asked }: Examination & { userId: string; idempotencyKey?: string },
): Promise<CreatedExamination> => {
  const jobId = idempotencyKey === undefined ? ports.newId() : await idOfExaminationKey(ports, userId, idempotencyKey);
  const made = newJob(ports, {
    jobId,
    userId,
    jobType: 'validation',
    status: 'validation_processing',
    ttl: examinationTtl(ports.clock()),
    currentPhase: 'validating',
    examination: asked,
  });
  const { job, created } = await createJob(ports, made);
  await sendExamination(ports, job);
  return { job, created };
};

const idOfExaminationKey = (ports: Ports, userId: string, key: string): Promise<string> =>
  idOfKey(ports, 'validation', userId, key);

/** The validation that a user's idempotency key stands for already. */
export const examinationOfKey = async (ports: Ports, userId: string, key: string): Promise<Job | undefined> =>
  ports.jobs.find(await idOfExaminationKey(ports, userId, key));

/** Sends a validation's first message unless that is noted as done. */
export const sendExamination = async (ports: Ports, job: Job): Promise<void> => {
  const id = requestSent(job);
  if (job.announced.includes(id)) return;
  await sendPiece(ports, job, 0);
  await ports.jobs.announce(job.jobId, [id]);
};

export const sendPiece = ({ queues }: Ports, { jobId, attempt, userId }: Job, piece: number): Promise<void> =>
  queues.send('backup-examine', [{ jobId, attempt, piece }], userId);

/** Sends on a validation that has gone silent, from the first piece that is not looked at. */
export const redriveExamination = async (ports: Ports, job: Job): Promise<void> => {
  let piece = 0;
  for await (const { last } of records(ports.ledger, lookScope(job), (record) => Piece.parse(record))) {
    if (last) break;
    piece += 1;
  }
  return sendPiece(ports, job, piece);
};

/** A validation that cannot be done: that is no verdict on the backup, so nothing is noted with it. */
export const failExamination = async (ports: Ports, work: Work, code: string, message: string): Promise<Settled> => {
  await intend(ports, work, { kind: 'fail', code, message });
  const job = await ports.jobs.find(work.jobId);
  return job?.intent ? fulfil(ports, job, job.intent) : 'unknown-job';
};

/** The backup a validation is about, while it has its package. A deletion or expiry that has begun counts as done. */
export const examinedBackup = async (ports: Ports, job: Job): Promise<Job | undefined> => {
  const backupId = job.examination?.backupId ?? '';
  const backup = await ports.jobs.find(backupId);
  // The request was checked; the row decides all the same.
  if (backup?.jobType !== 'backup' || backup.userId !== job.userId) return undefined;
  if (!jobCan.examine(backup, ports.clock()) || (await isBuried(ports, backupId))) return undefined;
  return backup;
};

/** Notes what a validation found with its backup; the latest look of a mode counts. Doing it twice is doing it once. */
export const noteWithBackup = async (ports: Ports, job: Job, note: ExaminationNote): Promise<void> => {
  const { backupId = '', mode = 'deep' } = job.examination ?? {};
  for (;;) {
    const backup = await ports.jobs.find(backupId);
    if (backup?.status !== 'backup_completed') return;
    const known = backup.examinations?.[mode];
    if (known && known.at >= note.at) return;
    try {
      await ports.jobs.change(backup, { examinations: { ...backup.examinations, [mode]: note } });
      return;
    } catch (error) {
      if (!(error instanceof StaleJob)) throw error;
    }
  }
};
