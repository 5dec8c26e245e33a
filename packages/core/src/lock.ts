/** One job at a time: the lock of a profile, taken over from jobs that rest or are gone. DESIGN.md section 8, rule 3. */
import { atRest, type Job } from './jobs.ts';
import type { Ports } from './ports.ts';

/** Takes a lock for a job, which it may hold already. Returns the job that holds it, if it is another one that still works. */
export const takeLock = async (ports: Ports, name: string, job: Job): Promise<string | undefined> => {
  const me = { jobId: job.jobId, attempt: job.attempt };
  const holder = await ports.ledger.lockProfile(name, me);
  if (holder.jobId === job.jobId) return undefined;
  const other = await ports.jobs.find(holder.jobId);
  if (other && !atRest(other.status)) return holder.jobId;
  const then = await ports.ledger.lockProfile(name, me, holder.jobId);
  return then.jobId === job.jobId ? undefined : then.jobId;
};
