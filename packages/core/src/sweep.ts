/** sweep: every few minutes, what nobody else will do any more. Bounded per run, idempotent. */
import { announceEnding, announceStart, endingOf, requestSent } from './announce.ts';
import { pieceScope } from './backup/collected.ts';
import { expireBackup, removeAll } from './backup/lifecycle.ts';
import { packagePrefix, sendValidates, volumeScope } from './backup/package.ts';
import { planOf, sendPackages } from './backup/plan.ts';
import { sendCollects, sendRequest } from './backup/request.ts';
import { atRest, type Job, type JobStatus, jobCan } from './jobs.ts';
import { redrivesAtMost, times } from './limits.ts';
import { type Ports, StaleJob } from './ports.ts';
import { failBackup, standing } from './settle.ts';
import { stagingPrefix } from './staging.ts';

/** Rows of each status, and staging folders, that one run looks at. */
const perRun = 10_000;

export type Swept = { redriven: number; failed: number; expired: number; announced: number; cleaned: number };

export const sweep = async (ports: Ports): Promise<Swept> => {
  const swept: Swept = { redriven: 0, failed: 0, expired: 0, announced: 0, cleaned: 0 };
  const now = ports.clock();
  for (const status of ['backup_initiated', 'backup_processing'] as const) {
    for await (const job of jobsWith(ports, status, () => true)) await unstick(ports, job, swept);
  }
  for await (const job of jobsWith(ports, 'backup_completed', (job) => jobCan.expire(job, now))) {
    if (await expireBackup(ports, job)) swept.expired += 1;
  }
  for (const status of ['backup_completed', 'backup_failed', 'backup_canceled', 'backup_expired'] as const) {
    for await (const job of jobsWith(ports, status, (job) => unsaid(job, now))) await tell(ports, job, swept);
  }
  await cleanStaging(ports, swept);
  return swept;
};

/** Jobs of a status that need something. The index is a hint: each such job is read again before anything is done. */
async function* jobsWith(ports: Ports, status: JobStatus, needy: (job: Job) => boolean): AsyncGenerator<Job> {
  let [looked, cursor] = [0, undefined as string | undefined];
  do {
    const page = await ports.jobs.withStatus(status, { limit: 100, ...(cursor ? { cursor } : {}) });
    for (const hint of page.jobs) {
      if (!needy(hint)) continue;
      const job = await ports.jobs.find(hint.jobId);
      if (job?.status === status && needy(job)) yield job;
    }
    looked += page.jobs.length;
    cursor = page.cursor;
  } while (cursor !== undefined && looked < perRun);
}

/** A job that went silent is sent on, twice; then it is failed. */
const unstick = async (ports: Ports, job: Job, swept: Swept): Promise<void> => {
  const now = ports.clock();
  if (job.intent) {
    await standing(ports, job);
    return;
  }
  const unsent = job.status === 'backup_initiated' && !job.announced.includes(requestSent(job));
  if (unsent && now - job.createdAt > times.announceAfter) {
    await sendRequest(ports, job);
    swept.announced += 1;
    return;
  }
  if (now - job.updatedAt < times.stuckAfter) return;
  if (job.redrives >= redrivesAtMost) {
    const minutes = Math.round((now - job.updatedAt) / 60_000);
    await failBackup(ports, job, 'STUCK', `nothing happened for ${minutes} minutes, after ${job.redrives} new starts`);
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

/** Sends again whatever the job's standing demands; consumers answer for what is done already. */
export const redrive = async (ports: Ports, job: Job): Promise<void> => {
  if (job.status === 'backup_initiated') return sendRequest(ports, { ...job, announced: [] });
  await announceStart(ports, job);
  const pieces = job.pieces ?? [];
  for (const n of pieces.keys()) {
    if (!(await ports.ledger.get(pieceScope(job), n))) return sendCollects(ports, job);
  }
  const plan = await planOf(ports, job);
  for (const n of plan.volumes.keys()) {
    if (!(await ports.ledger.get(volumeScope(job), n))) return sendPackages(ports, job);
  }
  return sendValidates(ports, job, plan);
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

/** Staging of jobs that need it no more: completed or gone at once, others when their retry window is over. */
const cleanStaging = async (ports: Ports, swept: Swept): Promise<void> => {
  let looked = 0;
  for await (const folder of ports.packages.folders('staging/')) {
    looked += 1;
    if (looked > perRun) return;
    const jobId = folder.slice('staging/'.length, -1);
    if (!(await isOver(ports, jobId))) continue;
    // The staging last: while it is there, the next run looks again.
    await removeUncounted(ports, jobId);
    await removeAll(ports.packages, stagingPrefix(jobId));
    swept.cleaned += 1;
  }
};

/** Volumes that no job counts: of a backup that failed or was canceled, or doubles that a crash left behind. */
const removeUncounted = async (ports: Ports, jobId: string): Promise<void> => {
  const job = await ports.jobs.find(jobId);
  if (job?.jobType !== 'backup') return;
  const counted = job.status === 'backup_completed' ? (job.packages ?? []).map(({ key }) => key) : [];
  await removeAll(ports.packages, packagePrefix(job), new Set(counted));
};

const isOver = async (ports: Ports, jobId: string): Promise<boolean> => {
  const job = await ports.jobs.find(jobId);
  if (!job) return true;
  if (!atRest(job.status)) return false;
  if (job.status === 'backup_completed' || job.status === 'backup_expired') return true;
  return ports.clock() - (job.completedAt ?? job.updatedAt) > times.retryWindow;
};
