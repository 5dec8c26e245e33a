/** Progress from rows and bytes done. A heartbeat too: a job that reports is not stuck. */
import type { Job, Phase } from './jobs.ts';
import { times } from './limits.ts';
import type { Ports } from './ports.ts';

/** What each step of a job is worth, in percent, and its phase where the step has one; the last percents are the verdict's. */
const steps: Readonly<
  Record<
    'collect' | 'package' | 'validate' | 'examine' | 'check' | 'write' | 'verify',
    { worth: number; phase?: Phase }
  >
> = {
  collect: { worth: 45, phase: 'collecting_data' },
  package: { worth: 34, phase: 'building_fzip_package' },
  validate: { worth: 20, phase: 'validating' },
  examine: { worth: 99, phase: 'validating' },
  check: { worth: 25, phase: 'validating_schema' },
  write: { worth: 50 },
  verify: { worth: 24, phase: 'verifying' },
};

/** Tallies are whole numbers: hundredths of a percent of the job. */
const unit = 100;

export type Reporter = {
  /** Tells how much of the step's total this piece has done; written no oftener than every two seconds. */
  at(done: number): Promise<void>;
  /** The same, written at once. */
  finish(done: number): Promise<void>;
};

/** Reports for one piece of a step; `total` is what all its pieces together will do, in rows or bytes. */
export const reporter = (
  ports: Ports,
  job: Job,
  work: { step: keyof typeof steps; piece: string | number; total: number; phase?: Phase },
): Reporter => {
  const { worth, phase = work.phase } = steps[work.step];
  let written = Number.NEGATIVE_INFINITY;
  const finish = async (done: number) => {
    written = ports.clock();
    const share = work.total === 0 ? 0 : Math.min(1, done / work.total);
    const tallied = await ports.ledger.tally(
      job.jobId,
      job.attempt,
      `${work.step}:${work.piece}`,
      Math.floor(share * worth * unit),
    );
    await ports.jobs.report(job.jobId, job.attempt, ports.clock(), {
      percent: Math.min(99, Math.floor(tallied / unit)),
      ...(phase ? { phase } : {}),
    });
  };
  const at = async (done: number) => {
    if (ports.clock() - written >= times.progressEvery) await finish(done);
  };
  return { at, finish };
};
