/** sweep: every few minutes, what nobody else will do any more. Bounded per run, idempotent. */

import { type EntityKind, entityKinds } from '@fzip/format';
import { announceEnding, announceExpiring, announceStart, endingOf, lockReleased, requestSent } from './announce.ts';
import { pieceScope } from './backup/collected.ts';
import { failExamination, redriveExamination, sendExamination } from './backup/examination.ts';
import { expireBackup, removeAll } from './backup/lifecycle.ts';
import { jobOfPackage, packagePrefix, packagesPrefix, sendValidates, volumeScope } from './backup/package.ts';
import { planOf, sendPackages } from './backup/plan.ts';
import { sendRequest } from './backup/request.ts';
import { leaveScratch } from './backup/scratch.ts';
import { sendCollects } from './backup/send-collects.ts';
import { allStatuses, atRest, type Job, jobCan, workingStatuses } from './jobs.ts';
import { records } from './ledger.ts';
import { promised, redrivesAtMost, times } from './limits.ts';
import { type Ports, StaleJob } from './ports.ts';
import { sendClear } from './profile/request.ts';
import { uploaded } from './restore/request.ts';
import { writtenScope } from './restore/restore-chunk.ts';
import { sendNextKind } from './restore/sequence.ts';
import { sendUnpack } from './restore/start.ts';
import { unpackedOf } from './restore/unpacked.ts';
import { missingInWords, receivedUploads, uploadPrefix } from './restore/uploads.ts';
import { Busy, failBackup, failClear, failRestore, intend, locksProfile, release, standing } from './settle.ts';
import { stagingPrefix } from './staging.ts';
import { type Bounds, beginSweep, type Sweeping } from './sweep-bounds.ts';
import { worldOf } from './world.ts';

export type Swept = {
  redriven: number;
  failed: number;
  expired: number;
  announced: number;
  cleaned: number;
  /** Jobs that take longer than is promised. */
  late: number;
};

/**
 * One run. Where one stops, for it has looked at enough or its time is over, the next one goes on; two at once do nothing twice.
 * @throws AggregateError of what failed, when everything else is done
 */
export const sweep = async (ports: Ports): Promise<Swept> => {
  const swept: Swept = { redriven: 0, failed: 0, expired: 0, announced: 0, cleaned: 0, late: 0 };
  const sweeping = await beginSweep(ports);
  for (const [n, part] of parts.entries()) {
    await sweeping.attempt(() => part(ports, swept, sweeping, sweeping.part(n, parts.length)));
  }
  await sweeping.end();
  return swept;
};

type Part = (ports: Ports, swept: Swept, sweeping: Sweeping, bounds: Bounds) => Promise<void>;

const unstickAll: Part = async (ports, swept, { jobsWith, attempt }, bounds) => {
  const now = ports.clock();
  for (const status of workingStatuses) {
    for await (const job of jobsWith('unstick', bounds, status, () => true)) {
      if (isLate(job, now)) swept.late += 1;
      await attempt(() => unstick(worldOf(ports, job), job, swept));
    }
  }
};

const expireAll: Part = async (ports, swept, { jobsWith, attempt }, bounds) => {
  const now = ports.clock();
  for await (const job of jobsWith('expire', bounds, 'backup_completed', (job) => jobCan.expire(job, now))) {
    await attempt(async () => {
      if (await expireBackup(worldOf(ports, job), job)) swept.expired += 1;
    });
  }
  for await (const job of jobsWith('warn', bounds, 'backup_completed', (job) => isExpiring(job, now))) {
    await attempt(() => announceExpiring(worldOf(ports, job), job, job.expiresAt ?? 0));
  }
};

const tellAll: Part = async (ports, swept, { jobsWith, attempt }, bounds) => {
  const now = ports.clock();
  for (const status of allStatuses) {
    for await (const job of jobsWith('tell', bounds, status, (job) => unsaid(job, now)))
      await attempt(() => tell(worldOf(ports, job), job, swept));
    if (!atRest(status)) continue;
    for await (const job of jobsWith('unlock', bounds, status, (job) => mayLock(job, now)))
      await attempt(() => unlock(worldOf(ports, job), job));
  }
};

/** A job that waits for its user is not late, and neither is it while its user let it wait. */
const isLate = ({ jobType, status, createdAt, startedAt = createdAt, writing }: Job, now: number): boolean => {
  if (status === 'restore_uploaded' || status === 'restore_awaiting_confirmation') return false;
  return now - Math.max(startedAt, writing?.startedAt ?? 0) > promised[jobType];
};

/** A job that went silent is sent on, twice; then it is failed. */
const unstick = async (ports: Ports, job: Job, swept: Swept): Promise<void> => {
  const now = ports.clock();
  if (job.intent) {
    // A rollback never gives up: it is the only way to an empty profile. But somebody should look.
    const isLate = job.status === 'restore_rolling_back' && now - job.intent.at > times.rollbackAlarm;
    if (isLate) ports.measure('RollbackNotFinishing', 1, {});
    await standing(ports, job);
    return;
  }
  if (await expireWaiting(ports, job)) {
    swept.expired += 1;
    return;
  }
  // It waits for its user and is not stuck; the storage's notification may have been lost, and then this finds the upload.
  if (job.status === 'restore_awaiting_confirmation') return;
  if (job.status === 'restore_uploaded') return uploaded(ports, job);
  const unsent = job.status === 'backup_initiated' && !job.announced.includes(requestSent(job));
  if (unsent && now - job.createdAt > times.announceAfter) {
    await sendRequest(ports, job);
    swept.announced += 1;
    return;
  }
  const unasked = job.status === 'validation_processing' && !job.announced.includes(requestSent(job));
  if (unasked && now - job.createdAt > times.announceAfter) {
    await sendExamination(ports, job);
    swept.announced += 1;
    return;
  }
  if (now - job.updatedAt < times.stuckAfter) return;
  if (job.redrives >= redrivesAtMost) {
    const minutes = Math.round((now - job.updatedAt) / 60_000);
    const message = `nothing happened for ${minutes} minutes, after ${job.redrives} new starts`;
    if (job.jobType === 'restore') await failRestore(ports, job, 'STUCK', message);
    else if (job.jobType === 'clear') await failClear(ports, job, 'STUCK', message);
    else if (job.jobType === 'validation') await failExamination(ports, job, 'STUCK', message);
    else await failBackup(ports, job, 'STUCK', message);
    swept.failed += 1;
    return;
  }
  try {
    const driven = await ports.jobs.change(job, { redrives: job.redrives + 1, updatedAt: now });
    await redrive(ports, driven);
    swept.redriven += 1;
  } catch (error) {
    // Somebody moved the job meanwhile: it is not stuck.
    if (!(error instanceof StaleJob)) throw error;
  }
};

/** A restore that waits for its user waits a day: for its package, or for the word to go on. */
const expireWaiting = async (ports: Ports, job: Job): Promise<boolean> => {
  const since = job.status === 'restore_uploaded' ? job.createdAt : job.updatedAt;
  if (job.status !== 'restore_uploaded' && job.status !== 'restore_awaiting_confirmation') return false;
  if (ports.clock() - since < times.waitsAtMost) return false;
  const [code, what] =
    job.status === 'restore_uploaded'
      ? ['UPLOAD_EXPIRED', `${missingInWords(await receivedUploads(ports, job))} was not uploaded`]
      : ['CONFIRMATION_EXPIRED', 'nobody confirmed'];
  await intend(ports, job, { kind: 'cancel', code, message: `${what} within 24 hours; nothing was written` });
  await standing(ports, job);
  return true;
};

/** Sends again whatever the job's standing demands; consumers answer for what is done already. */
export const redrive = (ports: Ports, job: Job): Promise<void> => {
  if (job.jobType === 'validation') return redriveExamination(ports, job);
  if (job.jobType === 'clear') return sendClear(ports, job);
  return job.jobType === 'restore' ? redriveRestore(ports, job) : redriveBackup(ports, job);
};

const redriveRestore = async (ports: Ports, job: Job): Promise<void> => {
  const { jobId, attempt, userId } = job;
  if (job.status === 'restore_uploaded') return uploaded(ports, job);
  if (job.status === 'restore_validating') return sendUnpack(ports, job);
  if (job.status === 'restore_rolling_back') return ports.queues.send('restore-rollback', [{ jobId, attempt }], userId);
  if (job.status !== 'restore_processing') return;
  const unpacked = await unpackedOf(ports, job);
  let before: EntityKind | undefined;
  for (const kind of entityKinds) {
    const written = await ports.ledger.get(writtenScope(job, kind), unpacked.chunks[kind] - 1);
    if (unpacked.chunks[kind] > 0 && !(written && (await isWhole(ports, job, kind, unpacked.chunks[kind])))) break;
    before = kind;
  }
  return sendNextKind(ports, job, unpacked, before);
};

const isWhole = async (ports: Ports, job: Job, kind: EntityKind, chunks: number): Promise<boolean> => {
  let found = 0;
  for await (const _ of records(ports.ledger, writtenScope(job, kind), (record) => record)) found += 1;
  return found >= chunks;
};

const redriveBackup = async (ports: Ports, job: Job): Promise<void> => {
  if (job.status === 'backup_initiated') return sendRequest(ports, { ...job, announced: [] });
  await announceStart(ports, job);
  const pieces = job.pieces ?? [];
  for (const [n, { stage }] of pieces.entries()) {
    if (!(await ports.ledger.get(pieceScope(job), n))) return sendCollects(ports, job, stage);
  }
  const plan = await planOf(ports, job);
  for (const n of plan.volumes.keys()) {
    if (!(await ports.ledger.get(volumeScope(job), n))) return sendPackages(ports, job);
  }
  return sendValidates(ports, job, plan);
};

/** In the last two hours of a backup that was kept for longer. */
const isExpiring = (job: Job, now: number): boolean => {
  const { expiresAt, completedAt = job.createdAt } = job;
  if (expiresAt === undefined || expiresAt <= now || expiresAt - completedAt <= times.expiringBefore) return false;
  return expiresAt - now <= times.expiringBefore;
};

/** True when a crash may have left a job's ending unsaid: it is old enough for whoever ended it to have said it. */
const unsaid = (job: Job, now: number): boolean => {
  const ending = endingOf(job);
  return ending !== undefined && !job.announced.includes(ending.id) && now - job.updatedAt > times.announceAfter;
};

const tell = async (ports: Ports, job: Job, swept: Swept): Promise<void> => {
  await announceEnding(ports, job);
  swept.announced += 1;
};

/** True when a crash, or a call that took effect late, may have left a profile to a job at rest. */
const mayLock = (job: Job, now: number): boolean =>
  locksProfile(job) && !job.announced.includes(lockReleased(job)) && now - job.updatedAt > times.announceAfter;

/** Once for each attempt: whoever ended it has done the same before, but for an accident. */
const unlock = async (ports: Ports, job: Job): Promise<void> => {
  await release(ports, job);
  await ports.jobs.announce(job.jobId, [lockReleased(job)]);
};

/** Staging of jobs that need it no more: completed or gone at once, others when their retry window is over. */
const cleanStaging: Part = async (ports, swept, _sweeping, { mayLook, isTimeUp }) => {
  let looked = 0;
  for await (const folder of ports.packages.folders('staging/')) {
    if (!mayLook(looked) || isTimeUp()) return;
    looked += 1;
    const jobId = folder.slice('staging/'.length, -1);
    if (!(await isOver(ports, jobId))) continue;
    // The staging last: while it is there, the next run looks again.
    if (!(await removeUncounted(ports, jobId))) continue;
    await removeAll(ports.packages, stagingPrefix(jobId));
    swept.cleaned += 1;
  }
};

/** Uploads that nobody will read any more: of restores that rest, or that are gone. */
const cleanUploads: Part = async (ports, swept, _sweeping, { mayLook, isTimeUp }) => {
  let looked = 0;
  for await (const user of ports.packages.folders('uploads/')) {
    for await (const folder of ports.packages.folders(user)) {
      if (!mayLook(looked) || isTimeUp()) return;
      looked += 1;
      if (!(await isOver(ports, folder.slice(user.length, -1)))) continue;
      await removeAll(ports.packages, folder);
      swept.cleaned += 1;
    }
  }
};

/**
 * Multipart uploads whose writer died: of packages whose job rests or is gone, staging or none. A job that works may be writing
 * them; when it has ended, what is left of them is not.
 */
const endUploads: Part = async (ports, swept, _sweeping, { mayLook, isTimeUp }) => {
  let looked = 0;
  for await (const { key, uploadId } of ports.packages.unfinished(packagesPrefix)) {
    if (!mayLook(looked) || isTimeUp()) return;
    looked += 1;
    const job = await ports.jobs.find(jobOfPackage(key));
    if (job && !atRest(job.status)) continue;
    await ports.packages.abort(key, uploadId);
    swept.cleaned += 1;
  }
};

/** Uploads of files that a restore began and whose writer died: begun under its lock, and so nobody else's. */
const endFileUploads = async ({ files }: Ports, { userId, writing, completedAt }: Job): Promise<void> => {
  if (!writing || completedAt === undefined) return;
  for await (const { key, uploadId, startedAt } of files.unfinished(`${userId}/`)) {
    if (startedAt >= writing.startedAt && startedAt <= completedAt) await files.abort(key, uploadId);
  }
};

/**
 * Volumes that no job counts: of a backup that failed or was canceled, or doubles that a crash left behind; and what the round
 * trip of a validation left. False if that is not all gone yet.
 */
const removeUncounted = async (ports: Ports, jobId: string): Promise<boolean> => {
  const job = await ports.jobs.find(jobId);
  if (job?.jobType === 'validation') return isLeft(ports, job);
  if (job?.jobType === 'restore') {
    await removeAll(ports.packages, uploadPrefix(job));
    await endFileUploads(worldOf(ports, job), job);
  }
  if (job?.jobType !== 'backup') return true;
  const counted = job.status === 'backup_completed' ? (job.packages ?? []).map(({ key }) => key) : [];
  await removeAll(ports.packages, packagePrefix(job), new Set(counted));
  return true;
};

/** False while another consumer is about it. */
const isLeft = async (ports: Ports, job: Job): Promise<boolean> => {
  try {
    return await leaveScratch(ports, job);
  } catch (error) {
    if (error instanceof Busy) return false;
    throw error;
  }
};

const isOver = async (ports: Ports, jobId: string): Promise<boolean> => {
  const job = await ports.jobs.find(jobId);
  if (!job) return true;
  if (!atRest(job.status)) return false;
  // Its validation undoes it, by what is staged.
  if (job.roundTrip && (await works(ports, job.roundTrip.jobId))) return false;
  if (
    [
      'backup_completed',
      'backup_expired',
      'restore_completed',
      'restore_validation_passed',
      'restore_canceled',
      'validation_completed',
      'validation_failed',
    ].includes(job.status)
  )
    return true;
  return ports.clock() - (job.completedAt ?? job.updatedAt) > times.retryWindow;
};

const works = async (ports: Ports, jobId: string): Promise<boolean> => {
  const job = await ports.jobs.find(jobId);
  return job !== undefined && !atRest(job.status);
};

/** In this order; each has its share of the time. */
const parts: readonly Part[] = [unstickAll, expireAll, tellAll, cleanStaging, cleanUploads, endUploads];
