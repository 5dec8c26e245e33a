/** profile-clear: deletes a user's rows kind by kind, then the files with all their versions. Whatever of it is done stays done. */
import { type EntityKind, entityKinds, idOf, kindRules, type Row, referencesOf } from '@fzip/format';
import { atRest, type Job } from '../jobs.ts';
import { leased, requireTime } from '../lease.ts';
import { scopeOf } from '../ledger.ts';
import { takeLock } from '../lock.ts';
import type { ProfileClearMessage } from '../messages.ts';
import { rowPages } from '../pages.ts';
import type { Ports } from '../ports.ts';
import { failClear, type Idle, type Settled, settle, standing } from '../settle.ts';

type Outcome = Idle | Settled | 'continued';

/** Looks at the whole profile, until one finds nothing. Rows that came meanwhile are deleted by the next. */
const mostPasses = 5;
/** Versions of objects that are deleted at the same time. */
const atOnce = 16;

export const clearProfile = async (ports: Ports, message: ProfileClearMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  if (job.jobType !== 'clear') return 'out-of-order';
  const scope = scopeOf(message, 'profile-clear', 'profile');
  const went = await leased(ports, scope, 0, () => clearAlone(ports, message));
  if (typeof went === 'string') return went;
  // The lease is given back by now, so that whoever goes on does not find the profile busy.
  await ports.queues.send('profile-clear', [{ ...message, pass: went.pass, done: went.done }], job.userId);
  return 'continued';
};

/**
 * Works and ends the job while nobody else can: another consumer may have ended it before the lease was had, or would go on
 * after it was given back, and what is in the profile then was restored since.
 */
const clearAlone = async (
  ports: Ports,
  message: ProfileClearMessage,
): Promise<Exclude<Outcome, 'continued'> | Extract<Went, { end: 'time-up' }>> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  const other = await takeLock(ports, job.userId, job);
  if (other !== undefined)
    return failClear(ports, job, 'PROFILE_BUSY', `another job (${other}) has this profile; nothing was cleared`);
  // Ended by a dead letter meanwhile, it has no use of the profile, and must not touch what others put there.
  const now = await ports.jobs.find(job.jobId);
  if (!now || atRest(now.status)) {
    await ports.ledger.unlockProfile(job.userId, job.jobId);
    return 'at-rest';
  }
  const went = await clearing(ports, job, message);
  if (went.end === 'time-up') return went;
  if (went.end === 'filling') {
    const why = `rows keep appearing: ${went.left} more in the last of ${mostPasses} looks; stop what writes into the profile`;
    return failClear(ports, job, 'PROFILE_FILLING', why);
  }
  return settle(ports, message, 'clear_completed', { currentPhase: 'completed', results: job.expected });
};

type Went = { end: 'empty' } | { end: 'time-up'; pass: number; done: number } | { end: 'filling'; left: number };

const clearing = async (ports: Ports, job: Job, message: ProfileClearMessage): Promise<Went> => {
  const isTimeUp = (): boolean => ports.invocation.deadline - ports.clock() < ports.limits.handOverMs;
  const total = Math.max(
    1,
    entityKinds.reduce((sum, kind) => sum + (job.expected?.[kind] ?? 0), 0),
  );
  let { done } = message;
  /** False when time is up; also the heartbeat. */
  const goOn = async (rows: number): Promise<boolean> => {
    done += rows;
    const percent = Math.min(99, Math.floor((done / total) * 99));
    await ports.jobs.report(job.jobId, job.attempt, ports.clock(), { percent, phase: 'clearing' });
    // Ended by a dead letter or the sweep: what is in the profile from now on is not to be cleared.
    const now = await ports.jobs.find(job.jobId);
    if (!now || atRest(now.status)) throw new Error(`clearing ${job.jobId} has ended meanwhile`);
    return !isTimeUp();
  };
  for (let pass = message.pass; ; pass += 1) {
    const left = await clearRows(ports, job, pass, goOn);
    if (left === 'time-up') return { end: 'time-up', pass, done };
    if (left === 0) break;
    if (pass >= mostPasses) return { end: 'filling', left };
  }
  // After the rows, so that none is left whose file is gone.
  const isCleared = await clearFiles(ports, job, goOn);
  return isCleared ? { end: 'empty' } : { end: 'time-up', pass: mostPasses, done };
};

type GoOn = (rows: number) => Promise<boolean>;

/** One look at everything: what refers to others goes first. How many rows were there to be deleted. */
const clearRows = async (ports: Ports, job: Job, pass: number, goOn: GoOn): Promise<number | 'time-up'> => {
  const { userId } = job;
  let deleted = 0;
  for await (const rows of hiddenTransactions(ports, userId)) {
    deleted += await deleteThere(ports, userId, 'transactions', rows);
    if (!(await goOn(rows.length))) return 'time-up';
  }
  for (const kind of [...entityKinds].reverse()) {
    for await (const rows of rowPages(ports, { userId, kind })) {
      await clearReferred(ports, userId, kind, rows);
      // The index may show what is gone already, so that only the first look believes it.
      if (pass === 1) await deleteInTime(ports, userId, kind, rows);
      deleted += pass === 1 ? rows.length : await deleteThere(ports, userId, kind, rows);
      if (!(await goOn(rows.length))) return 'time-up';
    }
  }
  return deleted;
};

/** One that slept past its time must not delete what was restored since. */
const deleteInTime = async (ports: Ports, userId: string, kind: EntityKind, rows: readonly Row[]): Promise<void> => {
  requireTime(ports, 'clear the profile');
  await ports.profiles.deleteOwn(userId, kind, rows);
};

/** Deletes the rows that are there, whatever an index says. How many were. */
const deleteThere = async (ports: Ports, userId: string, kind: EntityKind, rows: readonly Row[]): Promise<number> => {
  const found = await ports.profiles.get(kind, rows, ['userId']);
  const there = rows.filter((_, n) => found[n]?.userId === userId);
  await deleteInTime(ports, userId, kind, there);
  return there.length;
};

/** Transactions that the user's index does not show, since they lack its range key: by the index of their account. */
async function* hiddenTransactions(ports: Ports, userId: string): AsyncGenerator<Row[]> {
  for await (const accounts of rowPages(ports, { userId, kind: 'accounts' }))
    for (const account of accounts) yield* hiddenOf(ports, userId, account);
}

async function* hiddenOf(ports: Ports, userId: string, account: Row): AsyncGenerator<Row[]> {
  const accountId = idOf('accounts', account);
  if (accountId === undefined) return;
  let cursor: string | undefined;
  do {
    const query = { userId, kind: 'transactions', accountId, ...(cursor ? { cursor } : {}) } as const;
    const page = await ports.profiles.unindexed(query);
    if (page.rows.length > 0) yield page.rows;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Accounts and categories that no index shows are known by what refers to them alone, so they go before it does. */
const clearReferred = async (ports: Ports, userId: string, kind: EntityKind, rows: readonly Row[]): Promise<void> => {
  const ids = new Map<EntityKind, Set<string>>();
  for (const row of rows)
    for (const { to, id } of referencesOf(kind, row)) ids.set(to, (ids.get(to) ?? new Set()).add(id));
  for (const [to, some] of ids) {
    const { id } = kindRules[to];
    if (id === undefined || to === 'transaction_files' || to === 'file_maps') continue;
    const keys = [...some].map((one) => ({ [id]: one, userId }));
    const found = await ports.profiles.get(to, keys);
    const hidden = found.filter((row): row is Row => row?.userId === userId && isHidden(to, row));
    // What only such an account leads to goes before it.
    for (const account of to === 'accounts' ? hidden : [])
      for await (const some of hiddenOf(ports, userId, account)) await deleteThere(ports, userId, 'transactions', some);
    await deleteInTime(ports, userId, to, hidden);
  }
};

const isHidden = (kind: EntityKind, row: Row): boolean => {
  const { rangeKey } = kindRules[kind];
  return rangeKey !== undefined && row[rangeKey] === undefined;
};

/** Every version of every object below the user's own folder. False when time is up. */
const clearFiles = async (ports: Ports, { userId }: Job, goOn: GoOn): Promise<boolean> => {
  let batch: { key: string; versionId: string }[] = [];
  const flush = async (): Promise<boolean> => {
    requireTime(ports, 'clear the files');
    await Promise.all(batch.map(({ key, versionId }) => ports.files.deleteVersion(key, versionId)));
    batch = [];
    return goOn(0);
  };
  for await (const version of ports.files.everyVersion(`${userId}/`)) {
    batch.push(version);
    if (batch.length >= atOnce && !(await flush())) return false;
  }
  await flush();
  return true;
};
