/** Between the verdict and the first write: the profile is locked, looked at once more, and the way of writing is fixed. */
import { type Job, type JobStatus, restoreParameters } from '../jobs.ts';
import { records } from '../ledger.ts';
import { takeLock } from '../lock.ts';
import { type Ports, StaleJob } from '../ports.ts';
import { fulfil, release, type Settled } from '../settle.ts';
import { CheckedPiece, checkedScope } from './checked.ts';
import { inWords, isEmpty, rowsBeyondDefaults } from './empty.ts';
import { sendNextKind } from './sequence.ts';
import { unpackedOf } from './unpacked.ts';

/** How long the count under the lock may take; an empty profile is counted at once. */
const countingMs = 20_000;

/**
 * Decides once, at the version of the job that was looked at, whether it writes or fails: whoever comes second, or comes
 * again after a crash, finds it decided and only sends what the decision demands.
 */
export const begin = async (ports: Ports, { jobId, attempt }: Pick<Job, 'jobId' | 'attempt'>): Promise<Settled> => {
  for (;;) {
    const job = await ports.jobs.find(jobId);
    if (!job) return 'unknown-job';
    if (job.attempt !== attempt) return 'out-of-date';
    if (job.intent) return fulfil(ports, job, job.intent);
    if (job.status === 'restore_processing') {
      await sendNextKind(ports, job, await unpackedOf(ports, job), undefined);
      return 'already-there';
    }
    if (!waiting.has(job.status)) {
      // It may have come to rest after the profile was taken for it, in vain.
      await release(ports, job);
      return 'out-of-order';
    }
    const decided = await decide(ports, job);
    if (!decided) continue;
    ports.audit({ who: job.userId, what: 'job.status', jobId, outcome: decided.intent?.code ?? decided.status });
    if (decided.intent) return fulfil(ports, decided, decided.intent);
    await sendNextKind(ports, decided, await unpackedOf(ports, decided), undefined);
    return 'settled';
  }
};

const waiting: ReadonlySet<JobStatus> = new Set<JobStatus>(['restore_validating', 'restore_awaiting_confirmation']);

/** The job as decided; undefined if somebody moved it meanwhile, and all has to be looked at again. */
const decide = async (ports: Ports, job: Job): Promise<Job | undefined> => {
  const verdict = await mayWrite(ports, job);
  const at = ports.clock();
  try {
    if ('code' in verdict) return await ports.jobs.change(job, { intent: { kind: 'fail', ...verdict, at } });
    return await ports.jobs.change(job, {
      status: 'restore_processing',
      updatedAt: at,
      currentPhase: 'verifying_empty_profile',
      writing: { ...verdict, secret: ports.newId() + ports.newId(), startedAt: at },
    });
  } catch (error) {
    if (error instanceof StaleJob) return undefined;
    throw error;
  }
};

type Verdict = { code: string; message: string } | { idMode: 'preserve' | 'remap' };

/** Takes the profile, counts once more what it holds, and says how to write, or why not. */
const mayWrite = async (ports: Ports, job: Job): Promise<Verdict> => {
  const other = await takeLock(ports, job.userId, job);
  if (other !== undefined) {
    return { code: 'PROFILE_BUSY', message: `another job (${other}) is writing into this profile` };
  }
  const { counts } = await rowsBeyondDefaults(ports, job.userId, countingMs);
  if (!isEmpty(counts)) {
    const message = `the profile is not empty any more: it holds ${inWords(counts)}; nothing was written`;
    return { code: 'PROFILE_NOT_EMPTY', message };
  }
  const taken = await takenIds(ports, job);
  const { idMode } = restoreParameters(job);
  if (idMode === 'preserve' && taken > 0) return { code: 'ID_CONFLICT', message: conflict(taken) };
  if (idMode === 'auto') return { idMode: taken > 0 ? 'remap' : 'preserve' };
  return { idMode };
};

export const conflict = (taken: number): string =>
  `${taken} ids of the package are taken by rows that are there already; restore it with new ids (idMode "remap")`;

/** How many of the package's ids rows have already, as checking found. */
const takenIds = async (ports: Ports, job: Job): Promise<number> => {
  let taken = 0;
  for await (const piece of records(ports.ledger, checkedScope(job), (record) => CheckedPiece.parse(record))) {
    taken += piece.taken;
  }
  return taken;
};
