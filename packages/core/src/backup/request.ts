/** backup-request: creates the job if nobody has, counts what to expect, and has every kind collected. */
import { entityKinds } from '@fzip/format';
import { announceStart, requestSent } from '../announce.ts';
import type { Counts } from '../counts.ts';
import { derivedId } from '../ids.ts';
import { advance, backupParameters, type Job } from '../jobs.ts';
import type { BackupRequestMessage } from '../messages.ts';
import { createJob, newJob } from '../new-job.ts';
import { type DateRange, type Ports, StaleJob } from '../ports.ts';
import { profileWriter, writesInWords } from '../profile/writers.ts';
import { failBackup, type Idle, rowTtl, type Settled, standing } from '../settle.ts';
import { type Estimate, estimate } from './estimate.ts';
import type { BackupParameters } from './parameters.ts';
import { sendCollects } from './send-collects.ts';
import { cutRange, isLookedAt, piecesOf, rangeOf } from './types.ts';
import { unknownIds } from './unknown-ids.ts';

/** How long counting may take while somebody waits for the answer; the job itself counts to the end. */
const countingMs = 2_000;

/** Counts of what a backup will look at: of a partial one an upper bound, since only reading shows what it refers to. */
const expectedCounts = async (
  ports: Ports,
  userId: string,
  parameters: BackupParameters,
  withinMs = countingMs,
): Promise<{ counts: Counts; exact: boolean }> => {
  const range = rangeOf(parameters);
  const found = await Promise.all(
    entityKinds.map((kind) => {
      if (!isLookedAt(parameters, kind)) return { count: 0, exact: true };
      return kind === 'transactions'
        ? ports.profiles.count(userId, kind, withinMs, range)
        : ports.profiles.count(userId, kind, withinMs);
    }),
  );
  const counts = Object.fromEntries(entityKinds.map((kind, n) => [kind, found[n]?.count ?? 0])) as Counts;
  return { counts, exact: found.every(({ exact }) => exact) };
};

/** Several consumers read a large profile's transactions at once, each a part of its dates. */
const rangesOf = async (
  ports: Ports,
  userId: string,
  parameters: BackupParameters,
  transactions: number,
): Promise<DateRange[]> => {
  const range = rangeOf(parameters);
  const parts = Math.min(ports.limits.rangesAtMost, Math.ceil(transactions / ports.limits.rangeRows));
  const span = parts > 1 ? await ports.profiles.span(userId, range) : undefined;
  return span ? cutRange(range, span, parts) : [range];
};

const newBackup = (ports: Ports, jobId: string, userId: string, parameters: BackupParameters): Job =>
  newJob(ports, {
    jobId,
    userId,
    jobType: 'backup',
    status: 'backup_initiated',
    ttl: rowTtl(ports.clock()),
    parameters,
  });

/** A job that was deleted leaves this behind, so that a late message does not bring it back. */
const graveOf = (jobId: string) => ({ jobId, attempt: 1, step: 'backup-request', kind: 'deleted' }) as const;
/** The id that a key stands for now: a deleted job's is never used again, for its ledger tells of work that is gone. */
export const idOfKey = async (ports: Ports, ...key: string[]): Promise<string> => {
  for (let generation = 0; ; generation += 1) {
    const id = derivedId(JSON.stringify(generation === 0 ? key : [...key, generation]));
    if (!(await isBuried(ports, id))) return id;
  }
};

export const buryJob = (ports: Ports, jobId: string) => ports.ledger.put(graveOf(jobId), 0, { at: ports.clock() });
export const isBuried = async (ports: Ports, jobId: string): Promise<boolean> =>
  (await ports.ledger.get(graveOf(jobId), 0)) !== undefined;

export type CreatedBackup = { job: Job; created: boolean; estimate: Estimate };

/**
 * What the API does for `POST /fzip/backup`: the job's row, then its first message, then the note that it was sent.
 * The same user and idempotency key give the same job.
 */
export const createBackup = async (
  ports: Ports,
  request: { userId: string; parameters: BackupParameters; idempotencyKey?: string },
): Promise<CreatedBackup> => {
  const { userId, parameters, idempotencyKey } = request;
  const jobId = idempotencyKey === undefined ? ports.newId() : await idOfKey(ports, 'key', userId, idempotencyKey);
  const { counts, exact } = await expectedCounts(ports, userId, parameters);
  const { job, created } = await createJob(ports, newBackup(ports, jobId, userId, parameters));
  await sendRequest(ports, job);
  return { job, created, estimate: estimate(counts, exact, job.createdAt) };
};

/** A backup whose id was chosen by whoever asks: asking twice is asking once. */
export const createBackupAs = async (
  ports: Ports,
  jobId: string,
  { userId, parameters }: { userId: string; parameters: BackupParameters },
): Promise<void> => {
  const { job } = await createJob(ports, newBackup(ports, jobId, userId, parameters));
  await sendRequest(ports, job);
};

/** Sends a job's first message unless that is noted as done. Sending twice would change nothing. */
export const sendRequest = async (ports: Ports, job: Job): Promise<void> => {
  const id = requestSent(job);
  if (job.announced.includes(id)) return;
  const { jobId, attempt, userId } = job;
  const parameters = backupParameters(job);
  await ports.queues.send('backup-request', [{ jobId, attempt, userId, parameters }], userId);
  await ports.jobs.announce(jobId, [id]);
};

/** The job that a message asks for: its own, or one that follows from the message itself. */
export const jobOfMessage = ({ jobId, userId }: BackupRequestMessage, messageId: string): string =>
  jobId ?? derivedId(JSON.stringify(['message', userId, messageId]));

export type Requested = Idle | Settled | 'requested' | 'foreign-job' | 'deleted';

/** @param messageId names the message itself, from which a job's id follows if it carries none */
export const request = async (ports: Ports, message: BackupRequestMessage, messageId: string): Promise<Requested> => {
  const jobId = jobOfMessage(message, messageId);
  if (!(await ports.jobs.find(jobId))) {
    if (await isBuried(ports, jobId)) return 'deleted';
    await ports.jobs.create(newBackup(ports, jobId, message.userId, message.parameters));
  }
  const at = await standing(ports, { jobId, attempt: message.attempt });
  if (!at.ok) return at.outcome;
  // Ids are guessable by nobody, but a message may be wrong: it never works on another user's job.
  if (at.job.userId !== message.userId) return 'foreign-job';
  const initiated = at.job.status === 'backup_initiated';
  const [unknown] = initiated ? await unknownIds(ports, at.job.userId, backupParameters(at.job)) : [];
  if (unknown) return failBackup(ports, at.job, 'UNKNOWN_ID', `${unknown.field}: ${unknown.message}`);
  // A round trip reads tables that nobody else writes into.
  const writer = initiated && !ports.roundTrip ? await profileWriter(ports, at.job.userId) : undefined;
  if (writer)
    return failBackup(ports, at.job, 'PROFILE_BUSY', `${writesInWords(writer)}; a backup would be of a part of it`);
  const job = initiated ? await begun(ports, at.job) : at.job;
  // Somebody else moved it, or ended it: then the answer is theirs.
  if (!job) return request(ports, message, messageId);
  await announceStart(ports, job);
  await sendCollects(ports, job, 1);
  return 'requested';
};

const begun = async (ports: Ports, job: Job): Promise<Job | undefined> => {
  try {
    return await begin(ports, job);
  } catch (error) {
    if (error instanceof StaleJob) return undefined;
    throw error;
  }
};

/** Counts, cuts the work into pieces and fixes both in the job, before the first message goes out. */
const begin = async (ports: Ports, job: Job): Promise<Job> => {
  const parameters = backupParameters(job);
  const within = Math.floor(Math.max(0, ports.invocation.deadline - ports.clock()) / 2);
  const { counts } = await expectedCounts(ports, job.userId, parameters, within);
  const pieces = piecesOf(parameters, await rangesOf(ports, job.userId, parameters, counts.transactions ?? 0));
  const move = advance(job, 'backup_processing', ports.clock());
  if (!move.ok) throw new Error(`job ${job.jobId} is ${job.status} and cannot begin`);
  const begun = await ports.jobs.change(job, {
    ...move.patch,
    startedAt: ports.clock(),
    currentPhase: 'collecting_data',
    expected: counts,
    pieces,
  });
  ports.audit({ who: job.userId, what: 'job.status', jobId: job.jobId, outcome: begun.status });
  return begun;
};
