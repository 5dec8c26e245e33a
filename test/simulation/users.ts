/** What users do: by requests of the API that may fail and are then repeated, and by uploads to the storage. */
import {
  cancelBackup,
  cancelRestore,
  confirmRestore,
  createBackup,
  createClear,
  createRestore,
  deleteBackup,
  deleteRestore,
  type Job,
  type Ports,
  type RestoreParameters,
  retryRestore,
  StaleJob,
  uploaded,
  uploadKey,
} from '@fzip/core';
import { portsOf } from './calls.ts';
import type { PackageMade } from './packages.ts';
import { complete, type Profile, putProfile } from './profiles.ts';
import { violated, type World } from './world.ts';

/** API Gateway gives up then, and so does the user soon after. */
const [requestSeconds, patienceMs] = [29, 40_000];
const safeFrom = 4;

export const rest = (world: World, ms: number): Promise<void> =>
  new Promise((resolve) => world.timeline.after(ms, resolve));

/** Has a user act; the run is not over before they are done. */
export const act = (world: World, deeds: () => Promise<void>): void => {
  world.actors += 1;
  deeds().then(
    () => {
      world.actors -= 1;
    },
    (error) => violated(world, `a user's request failed for good: ${String(error)}`),
  );
};

/** A request, repeated until it is answered. */
const request = async <T>(world: World, name: string, work: (ports: Ports) => Promise<T>): Promise<T> => {
  for (let n = 1; ; n += 1) {
    const process = world.begin(`api ${name}`, requestSeconds, { isSafe: n >= safeFrom, endsAtDeadline: true });
    const working = work(portsOf(world, process)).finally(() => process.end());
    working.catch(() => undefined);
    const tooLate = rest(world, patienceMs).then(() => Promise.reject(new Error('no answer')));
    tooLate.catch(() => undefined);
    try {
      return await Promise.race([working, process.death, tooLate]);
    } catch (error) {
      if (n > safeFrom * 2) throw error;
      world.trace?.(process.name, `answers ${String(error)}`, '');
      // Somebody else was faster: the API says 409 or looks again, and so does whoever asks.
      await rest(world, error instanceof StaleJob ? 50 : 1_000 * n);
    }
  }
};

/** The job as it stands, without a request. */
export const peek = (world: World, jobId: string): Promise<Job | undefined> => world.memory.jobs.find(jobId);

/** Waits until a job is as it is wanted, or for so long. */
export const waitFor = async (
  world: World,
  jobId: string,
  is: (job: Job | undefined) => boolean,
  mostMs: number,
  firstMs = 500,
): Promise<Job | undefined> => {
  for (let [waited, step] = [0, firstMs]; waited < mostMs; step = Math.min(step * 2, 300_000)) {
    const job = await peek(world, jobId);
    if (is(job)) return job;
    waited += step;
    await rest(world, step);
  }
  return undefined;
};

export const lives = async (world: World, user: string, profile: Profile): Promise<void> => {
  world.story.before.set(user, profile);
  await putProfile(world.memory, profile);
};

export const backUp = async (world: World, user: string, profile: Profile, expiresInHours = 72): Promise<string> => {
  const idempotencyKey = `backup-${world.story.backups.size}`;
  const { job } = await request(world, 'create backup', (ports) =>
    createBackup(ports, { userId: user, parameters: complete(expiresInHours), idempotencyKey }),
  );
  world.story.backups.set(job.jobId, profile);
  return job.jobId;
};

/** Asks for a restore; its id, or undefined if the profile is not empty. */
export const askForRestore = async (
  world: World,
  user: string,
  made: PackageMade,
  parameters: Partial<RestoreParameters> = {},
): Promise<string | undefined> => {
  const idempotencyKey = `restore-${world.story.restores.size}-${user}`;
  const asked = { volumes: made.volumes.length, ...parameters };
  const created = await request(world, 'create restore', (ports) =>
    createRestore(ports, { userId: user, parameters: asked, idempotencyKey }),
  );
  if (!created.ok) return undefined;
  world.story.restores.set(created.job.jobId, made.profile);
  return created.job.jobId;
};

/** Uploads every volume by its form; the storage tells of it late, twice or never. */
export const upload = async (world: World, user: string, jobId: string, { volumes }: PackageMade): Promise<void> => {
  for (const [n, bytes] of volumes.entries()) {
    await rest(world, world.chance.between(5, 400));
    const key = uploadKey({ userId: user, jobId }, n + 1);
    await world.memory.packages.put(key, bytes, { contentType: 'application/zip' });
    world.trace?.('storage', `takes ${key}`, '');
    if (world.faults.isLost(world.timeline.now())) world.trace?.('storage', 'loses its notification', '');
    else world.queues.send('restore-start', notificationOf(key), user);
  }
};

/** As S3 writes it, keys URL-encoded. */
const notificationOf = (key: string): string =>
  JSON.stringify({ Records: [{ s3: { object: { key: encodeURIComponent(key).replaceAll('%2F', '/') } } }] });

/** A request about a job that its API would look up first; nothing is done to one that is gone. */
const about =
  (name: string, deed: (ports: Ports, job: Job) => Promise<unknown>) =>
  (world: World, jobId: string): Promise<void> =>
    request(world, name, async (ports) => {
      const job = await ports.jobs.find(jobId);
      if (job) await deed(ports, job);
    });

export const sayUploaded = about('upload', uploaded);
export const confirm = about('start', confirmRestore);
export const cancel = about('cancel', (ports, job) =>
  job.jobType === 'backup' ? cancelBackup(ports, job) : cancelRestore(ports, job),
);
export const remove = about('delete', (ports, job) =>
  job.jobType === 'backup' ? deleteBackup(ports, job) : deleteRestore(ports, job),
);
export const retry = about('retry', retryRestore);

/** Asks for the profile to be cleared; the job's id if it began. */
export const clear = async (world: World, user: string): Promise<string | undefined> => {
  const created = await request(world, 'clear', (ports) => createClear(ports, { userId: user, withoutBackup: true }));
  return created.ok ? created.job.jobId : undefined;
};
