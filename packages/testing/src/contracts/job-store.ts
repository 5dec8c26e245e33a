/** The promises of `JobStore`, one test each. */
import { randomUUID } from 'node:crypto';
import { type Job, type JobStore, StaleJob } from '@fzip/core';
import { expect, test } from 'vitest';
import { sampleJob, sampleRestoreJob, someUser } from '../samples.ts';
import { contract, type Make } from './contract.ts';
import { jobListingTests } from './job-listing.ts';

/** `elsewhere` is the same table as another process has it. */
export type JobStoreWorld = { store: JobStore; elsewhere(): JobStore };

export const jobStoreContract = (name: string, make: Make<JobStoreWorld>): void =>
  contract(`the job store ${name}`, make, (made) => {
    findAndCreateTests(made);
    changeTests(made);
    reportTests(made);
    announceTests(made);
    jobListingTests(made);
  });

type World = () => JobStoreWorld;

const created = async (world: World, but: Partial<Job> = {}): Promise<Job> => {
  const job = sampleJob(but);
  expect(await world().store.create(job)).toBe(true);
  return job;
};

const findAndCreateTests = (world: World): void => {
  test('find: a read sees every earlier write', async () => {
    const job = await created(world, {
      announced: ['a', 'b'],
      intent: { kind: 'cancel', code: 'C', message: '', at: 1 },
    });
    expect(await world().store.find(job.jobId)).toEqual(job);
  });

  test('create, change: what was written is there for another process too', async () => {
    const job = await created(world);
    expect(await world().elsewhere().find(job.jobId)).toEqual(job);
    const changed = await world().elsewhere().change(job, { redrives: 1 });
    expect(await world().store.find(job.jobId)).toEqual(changed);
    await expect(world().store.change(job, { redrives: 2 })).rejects.toThrow(StaleJob);
  });

  test('create, find and change: everything of a restore', async () => {
    const { uploads, validationResults, ...asked } = sampleRestoreJob();
    expect(await world().store.create(asked)).toBe(true);
    expect(await world().store.find(asked.jobId)).toEqual(asked);
    const changed = await world().store.change(asked, { uploads, validationResults, writing: undefined });
    const { writing: _, ...kept } = asked;
    expect(changed).toEqual({ ...kept, uploads, validationResults, version: asked.version + 1 });
    expect(await world().store.find(asked.jobId)).toEqual(changed);
  });

  test('find: nothing where there is no job', async () => {
    expect(await world().store.find(randomUUID())).toBeUndefined();
    expect(await world().store.find('chunk#1#1#backup-collect#accounts#0')).toBeUndefined();
  });

  test('create: false, and nothing written, if the id is taken', async () => {
    const job = await created(world);
    expect(await world().store.create({ ...job, userId: someUser(), progress: 50 })).toBe(false);
    expect(await world().store.find(job.jobId)).toEqual(job);
  });

  test('create: of many at once, one makes the job', async () => {
    const job = sampleJob();
    const made = await Promise.all(Array.from({ length: 10 }, () => world().store.create(job)));
    expect(made.filter(Boolean)).toHaveLength(1);
  });

  test('delete: the job is gone, and deleting it again is no error', async () => {
    const job = await created(world);
    await world().store.delete(job.jobId);
    expect(await world().store.find(job.jobId)).toBeUndefined();
    await expect(world().store.delete(job.jobId)).resolves.toBeUndefined();
  });
};

const changeTests = (world: World): void => {
  test('change: writes exactly the patched attributes, raises the version and returns the job', async () => {
    const job = await created(world, { expiresAt: 9 });
    const changed = await world().store.change(job, { status: 'backup_processing', startedAt: 5 });
    expect(changed).toEqual({ ...job, status: 'backup_processing', startedAt: 5, version: job.version + 1 });
    expect(await world().store.find(job.jobId)).toEqual(changed);
  });

  test('change: undefined removes an attribute', async () => {
    const job = await created(world, { error: { code: 'E', message: 'm' }, expiresAt: 9 });
    const changed = await world().store.change(job, { error: undefined, redrives: 1 });
    expect(changed).not.toHaveProperty('error');
    expect(changed).toMatchObject({ expiresAt: 9, redrives: 1 });
    expect(await world().store.find(job.jobId)).toEqual(changed);
  });

  test('change: keeps what was reported and announced since the job was read', async () => {
    const job = await created(world);
    await world().store.report(job.jobId, 1, 7, { percent: 40, phase: 'uploading' });
    await world().store.announce(job.jobId, ['told']);
    const changed = await world().store.change(job, { status: 'backup_processing' });
    expect(changed).toMatchObject({ progress: 40, currentPhase: 'uploading', announced: ['told'] });
  });

  test('change: StaleJob, and nothing written, if the job is at another version', async () => {
    const job = await created(world);
    const changed = await world().store.change(job, { redrives: 1 });
    await expect(world().store.change(job, { redrives: 2 })).rejects.toThrow(StaleJob);
    expect(await world().store.find(job.jobId)).toEqual(changed);
  });

  test('change: StaleJob if the job is gone, and it stays gone', async () => {
    const job = await created(world);
    await world().store.delete(job.jobId);
    await expect(world().store.change(job, { redrives: 1 })).rejects.toThrow(StaleJob);
    expect(await world().store.find(job.jobId)).toBeUndefined();
  });

  test('change: of many at once, one wins', async () => {
    const job = await created(world);
    const changes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => world().store.change(job, { redrives: n + 1 })),
    );
    const won = changes.filter((change) => change.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(await world().store.find(job.jobId)).toEqual(won[0]?.value);
  });
};

const reportTests = (world: World): void => {
  const working = { status: 'backup_processing', attempt: 2, progress: 30, updatedAt: 100 } as const;

  test('report: raises progress and phase and beats the heart, without touching the version', async () => {
    const job = await created(world, working);
    await world().store.report(job.jobId, 2, 200, { percent: 60, phase: 'uploading' });
    const reported = { ...job, progress: 60, currentPhase: 'uploading', updatedAt: 200 };
    expect(await world().store.find(job.jobId)).toEqual(reported);
  });

  test('report: never lowers progress, and beats the heart all the same', async () => {
    const job = await created(world, { ...working, currentPhase: 'uploading' });
    await world().store.report(job.jobId, 2, 200, { percent: 10, phase: 'collecting_data' });
    expect(await world().store.find(job.jobId)).toEqual({ ...job, updatedAt: 200 });
  });

  test('report: without effect for another attempt', async () => {
    const job = await created(world, working);
    await world().store.report(job.jobId, 1, 200, { percent: 60 });
    await world().store.report(job.jobId, 3, 200, { percent: 60 });
    expect(await world().store.find(job.jobId)).toEqual(job);
  });

  test('report: without effect for a job at rest', async () => {
    const job = await created(world, { ...working, status: 'backup_failed' });
    await world().store.report(job.jobId, 2, 200, { percent: 60 });
    expect(await world().store.find(job.jobId)).toEqual(job);
  });

  test('report: makes no job where there is none', async () => {
    const jobId = randomUUID();
    await world().store.report(jobId, 1, 200, { percent: 60 });
    expect(await world().store.find(jobId)).toBeUndefined();
  });
};

const announceTests = (world: World): void => {
  test('announce: adds without touching the version; adding twice is adding once', async () => {
    const job = await created(world, { announced: ['a'] });
    await world().store.announce(job.jobId, ['b', 'c']);
    await world().store.announce(job.jobId, ['c', 'a']);
    await world().store.announce(job.jobId, []);
    const found = await world().store.find(job.jobId);
    expect(found).toEqual({ ...job, announced: expect.anything() });
    expect([...(found?.announced ?? [])].sort()).toEqual(['a', 'b', 'c']);
  });

  test('announce: what many add at once is all there', async () => {
    const job = await created(world);
    const ids = Array.from({ length: 10 }, (_, n) => `id-${n}`);
    await Promise.all(ids.map((id) => world().store.announce(job.jobId, [id])));
    expect([...((await world().store.find(job.jobId))?.announced ?? [])].sort()).toEqual(ids);
  });

  test('announce: makes no job where there is none', async () => {
    const jobId = randomUUID();
    await world().store.announce(jobId, ['a']);
    expect(await world().store.find(jobId)).toBeUndefined();
  });
};
