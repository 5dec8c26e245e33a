/** What an operator does with a message that failed for good: looks at it, and sends it again where that helps. */
import * as z from 'zod';
import { atRest, type Job, type JobType, jobCan } from './jobs.ts';
import { type Messages, messageSchemas } from './messages.ts';
import type { DeadLetter, Ports } from './ports.ts';
import { startMessages } from './restore/start.ts';
import type { Step } from './topology.ts';

/** What helps instead of sending the message again. */
const advices = {
  retry: 'the restore failed and its profile is empty again: run it again with POST /fzip/restore/{id}/retry',
  'new-restore': 'the restore failed before its package was taken in: begin a new one',
  'new-backup': 'the backup failed and left nothing behind: begin a new one',
  'new-validation': 'the validation failed and changed nothing: begin a new one',
  'new-clear': 'what was cleared stays cleared: ask for the rest to be cleared again',
} as const;
export type Advice = keyof typeof advices;

export type Redriven =
  | { outcome: 'resent'; message: string }
  /** It was sent again at `at` (ms since epoch); if it fails once more, that is a dead letter of its own. */
  | { outcome: 'resent-before'; at: number; message: string }
  | { outcome: 'advised'; advice: Advice; message: string }
  /** Nothing to do, or nothing that helps. */
  | { outcome: 'left'; why: Left; message: string };

type Left = 'malformed' | 'cut' | 'out-of-date' | 'at-rest' | 'unknown-job';

export type OperatorPorts = Pick<Ports, 'jobs' | 'ledger' | 'queues' | 'clock' | 'audit'>;

/** What becomes of a letter when it is redriven now; nothing is sent or changed. */
export type Verdict = Exclude<Redriven, { outcome: 'resent' }> | { outcome: 'would-be-resent'; message: string };

/** @param job that the letter is about, as it stands now */
export const verdictOn = (letter: DeadLetter, job: Job | undefined): Verdict => {
  const left = (why: Left, message: string): Verdict => ({ outcome: 'left', why, message });
  const { step, bodyBytes, resentAt } = letter;
  if (resentAt !== undefined) {
    return { outcome: 'resent-before', at: resentAt, message: `was sent again ${new Date(resentAt).toISOString()}` };
  }
  if (bodyBytes !== undefined) return left('cut', `only the beginning of its ${bodyBytes} bytes was kept`);
  if (messagesOf(letter) === undefined) return left('malformed', `is no ${step} message and would fail again`);
  const resend: Verdict = { outcome: 'would-be-resent', message: `goes to ${step} again` };
  if (letter.jobId === undefined) return resend;
  // A message from outside whose job could not even be made: it makes the job when it comes again.
  if (!job) return step === 'backup-request' ? resend : left('unknown-job', `job ${letter.jobId} is gone`);
  if (letter.attempt !== undefined && letter.attempt !== job.attempt) {
    return left('out-of-date', `is of attempt ${letter.attempt}; job ${job.jobId} is at attempt ${job.attempt}`);
  }
  if (!atRest(job.status)) return resend;
  const advice = adviceOn(job);
  if (advice) return { outcome: 'advised', advice, message: `job ${job.jobId} is ${job.status}; ${advices[advice]}` };
  return left('at-rest', `job ${job.jobId} is ${job.status}: there is nothing to do`);
};

const adviceOn = (job: Job): Advice | undefined => {
  if (!job.status.endsWith('_failed')) return undefined;
  if (jobCan.retry(job)) return 'retry';
  return { restore: 'new-restore', backup: 'new-backup', validation: 'new-validation', clear: 'new-clear' }[
    job.jobType
  ] as { [type in JobType]: Advice }[JobType];
};

/** The messages that a letter holds, as its step takes them; undefined if it holds none that the step would understand. */
const messagesOf = ({ step, body, jobId }: DeadLetter): Messages[Step][] | undefined => {
  try {
    const parsed: unknown = JSON.parse(body);
    if (step === 'restore-start') return startMessages(parsed);
    const message = messageSchemas[step].parse(parsed);
    // Its job's id may follow from the name of the message, which it would not keep.
    return step === 'backup-request' && jobId !== undefined ? [{ ...message, jobId } as Messages[Step]] : [message];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
};

/**
 * Sends a dead letter to its step again, if its attempt is the job's and the job still moves; says what helps otherwise. A letter
 * is sent again once: twice does nothing, and what fails anew is a letter of its own.
 */
export const redriveLetter = async (ports: OperatorPorts, letter: DeadLetter): Promise<Redriven> => {
  const job = letter.jobId === undefined ? undefined : await ports.jobs.find(letter.jobId);
  const verdict = verdictOn(letter, job);
  if (verdict.outcome !== 'would-be-resent') return verdict;
  const { id, step, user = job?.userId ?? 'unknown', jobId } = letter;
  await ports.queues.send(step, messagesOf(letter) ?? [], user);
  // A crash before this has it sent once more when it is asked for again, which changes nothing: every step works idempotently.
  await ports.ledger.noteResent(id, ports.clock());
  ports.audit({ who: 'operator', what: 'dead-letter.redrive', ...(jobId && { jobId }), outcome: step });
  return { outcome: 'resent', message: `sent to ${step} again` };
};

export type LetterStory = { at: number; what: string };

/** What happened around a letter, oldest first, as far as the job's row and the letter tell. */
export const storyOf = (letter: DeadLetter, job: Job | undefined): LetterStory[] => {
  const told: [number | undefined, string][] = [
    [job?.createdAt, `${job?.jobType} ${job?.jobId} was asked for`],
    [job?.startedAt, 'its work began'],
    [letter.at, `a message failed for good at ${letter.step}: ${letter.cause ?? 'no cause was kept'}`],
    [job?.intent?.at, `the job was told to end: ${job?.intent?.message}`],
    [letter.resentAt, `the message was sent to ${letter.step} again`],
    [job?.completedAt, `the job ended as ${job?.status}`],
  ];
  return told.flatMap(([at, what]) => (at === undefined ? [] : [{ at, what }])).sort((one, other) => one.at - other.at);
};
