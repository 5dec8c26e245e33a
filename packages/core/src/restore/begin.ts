/** Between the verdict and the first write: the profile is locked, looked at once more, and the way of writing is fixed. */
import { atRest, type Job, restoreParameters } from '../jobs.ts';
import { records } from '../ledger.ts';
import { type Ports, StaleJob } from '../ports.ts';
import { failRestore, type Settled } from '../settle.ts';
import { CheckedPiece, checkedScope } from './checked.ts';
import { inWords, isEmpty, rowsBeyondDefaults } from './empty.ts';
import { sendNextKind } from './sequence.ts';
import { unpackedOf } from './unpacked.ts';

/** How long the count under the lock may take; an empty profile is counted at once. */
const countingMs = 20_000;

export const begin = async (ports: Ports, job: Job): Promise<Settled> => {
  const other = await takeProfile(ports, job);
  if (other !== undefined) {
    return failRestore(ports, job, 'PROFILE_BUSY', `another restore (${other}) is writing into this profile`);
  }
  const { counts } = await rowsBeyondDefaults(ports, job.userId, countingMs);
  if (!isEmpty(counts)) {
    const message = `the profile is not empty any more: it holds ${inWords(counts)}; nothing was written`;
    return failRestore(ports, job, 'PROFILE_NOT_EMPTY', message);
  }
  const taken = await idsOfOthers(ports, job);
  const { idMode } = restoreParameters(job);
  if (idMode === 'preserve' && taken > 0) return failRestore(ports, job, 'ID_CONFLICT', conflict(taken));
  const begun = await fix(ports, job, idMode === 'auto' ? (taken > 0 ? 'remap' : 'preserve') : idMode);
  if (!begun) return 'out-of-order';
  await sendNextKind(ports, begun, await unpackedOf(ports, begun), undefined);
  return 'settled';
};

export const conflict = (taken: number): string =>
  `${taken} ids of the package belong to rows of other users; restore it with new ids (idMode "remap" or "auto")`;

/** The job that holds the profile, if it is another one that still works. */
const takeProfile = async (ports: Ports, job: Job): Promise<string | undefined> => {
  const me = { jobId: job.jobId, attempt: job.attempt };
  const holder = await ports.ledger.lockProfile(job.userId, me);
  if (holder.jobId === job.jobId) return undefined;
  const other = await ports.jobs.find(holder.jobId);
  if (other && !atRest(other.status)) return holder.jobId;
  const then = await ports.ledger.lockProfile(job.userId, me, holder.jobId);
  return then.jobId === job.jobId ? undefined : then.jobId;
};

/** How many of the package's ids belong to rows of other users, as checking found. */
const idsOfOthers = async (ports: Ports, job: Job): Promise<number> => {
  let taken = 0;
  for await (const piece of records(ports.ledger, checkedScope(job), (record) => CheckedPiece.parse(record))) {
    taken += piece.foreign;
  }
  return taken;
};

/** Fixes how the job writes, once: whoever comes second finds it fixed. Undefined if the job went another way. */
const fix = async (ports: Ports, job: Job, idMode: 'preserve' | 'remap'): Promise<Job | undefined> => {
  for (;;) {
    const now = await ports.jobs.find(job.jobId);
    if (now?.attempt !== job.attempt || now.intent) return undefined;
    if (now.status === 'restore_processing') return now;
    if (now.status !== 'restore_validating' && now.status !== 'restore_awaiting_confirmation') return undefined;
    try {
      const begun = await ports.jobs.change(now, {
        status: 'restore_processing',
        updatedAt: ports.clock(),
        currentPhase: 'verifying_empty_profile',
        writing: { idMode, secret: ports.newId() + ports.newId(), startedAt: ports.clock() },
      });
      ports.audit({ who: job.userId, what: 'job.status', jobId: job.jobId, outcome: begun.status });
      return begun;
    } catch (error) {
      if (!(error instanceof StaleJob)) throw error;
    }
  }
};
