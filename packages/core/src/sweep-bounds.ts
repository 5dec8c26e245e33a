/** How much one sweep does, and where the next one goes on: bounded per run, and yet everybody's turn comes. */
import * as z from 'zod';
import type { Job, JobStatus } from './jobs.ts';
import type { Ports } from './ports.ts';

/** Of a sweep's time, ms: what is left for the last of its work to end; and what it takes at least. */
const sweepTime = { spare: 20_000, least: 30_000 };
const jobsOnPage = 100;
const note = 'sweep';

const Places = z.record(z.string(), z.string());

export type Bounds = {
  /** The time of one part of the sweep is over. The parts share the invocation's time, so that none starves another. */
  isTimeUp(): boolean;
  /** False when a run has looked at as many as it may. */
  mayLook(looked: number): boolean;
};

export type Sweeping = {
  /** Bounds for the nth of so many parts. */
  part(n: number, parts: number): Bounds;
  /** Jobs of a status that need something: from where the last sweep stopped, if it did not come to the end. */
  jobsWith(part: string, bounds: Bounds, status: JobStatus, needy: (job: Job) => boolean): AsyncGenerator<Job>;
  /** Does something about one job; what fails is told at the end, so that no job keeps others from being looked at. */
  attempt(work: () => Promise<void>): Promise<void>;
  /** Keeps where this sweep stopped. @throws AggregateError of everything that failed */
  end(): Promise<void>;
};

export const beginSweep = async (ports: Ports): Promise<Sweeping> => {
  const begins = ports.clock();
  const time = Math.max(ports.invocation.deadline - sweepTime.spare - begins, sweepTime.least);
  const before = (await ports.ledger.recall(note)) ?? '{}';
  const places = placesOf(before);
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  return {
    attempt,
    part: (n, parts) => ({
      isTimeUp: () => ports.clock() > begins + (time * (n + 1)) / parts,
      mayLook: (looked) => looked < ports.limits.sweptAtMost,
    }),
    jobsWith: (part, bounds, status, needy) =>
      jobsWith(ports, { places, part: `${part} ${status}`, bounds, status, needy, attempt }),
    end: async () => {
      const now = JSON.stringify(places);
      if (now !== before) await ports.ledger.remember(note, now);
      if (failures.length > 0)
        throw new AggregateError(failures, `the sweep failed at ${failures.length} of its jobs: ${failures[0]}`);
    },
  };
};

const placesOf = (text: string): Record<string, string> => {
  try {
    return Places.parse(JSON.parse(text));
  } catch {
    // Another version's: this sweep begins at the beginning.
    return {};
  }
};

type Looking = {
  places: Record<string, string>;
  part: string;
  bounds: Bounds;
  status: JobStatus;
  needy: (job: Job) => boolean;
  attempt: Sweeping['attempt'];
};

/** The index is a hint: each job that seems to need something is read again before anything is done. */
async function* jobsWith(ports: Ports, looking: Looking): AsyncGenerator<Job> {
  const { places, part, bounds, status } = looking;
  let [looked, cursor] = [0, places[part]];
  do {
    const page = await pageOf(ports, status, cursor);
    for (const hint of page.jobs) {
      // The next sweep looks at this page again, of which less is left.
      if (bounds.isTimeUp()) return;
      const job = await lookedAt(ports, hint, looking);
      if (job) yield job;
    }
    looked += page.jobs.length;
    cursor = page.cursor;
    if (cursor === undefined) delete places[part];
    else places[part] = cursor;
  } while (cursor !== undefined && bounds.mayLook(looked) && !bounds.isTimeUp());
}

const lookedAt = async ({ jobs }: Ports, hint: Job, { status, needy, attempt }: Looking): Promise<Job | undefined> => {
  let found: Job | undefined;
  await attempt(async () => {
    const job = needy(hint) ? await jobs.find(hint.jobId) : undefined;
    if (job?.status === status && needy(job)) found = job;
  });
  return found;
};

/** Where another version stopped, this one may not be able to go on. */
const pageOf = async ({ jobs, limits }: Ports, status: JobStatus, cursor: string | undefined) => {
  const limit = Math.min(jobsOnPage, limits.sweptAtMost);
  try {
    return await jobs.withStatus(status, { limit, ...(cursor === undefined ? {} : { cursor }) });
  } catch (error) {
    if (cursor === undefined || !(error instanceof Error && error.name === 'BadCursor')) throw error;
    return jobs.withStatus(status, { limit });
  }
};
