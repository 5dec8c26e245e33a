/** The sweep: what nobody else will do any more, done once however often it runs, and never more of it than one run may do. */
import {
  atRest,
  cancelRestore,
  confirmRestore,
  createBackup,
  createClear,
  createRestore,
  failRestore,
  type Job,
  type Limits,
  type Ports,
  retryRestore,
  sweep,
} from '@fzip/core';
import { type MemoryPorts, memoryPorts, sampleJob, sampleRestoreJob } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill } from './drive.ts';
import { asked, ended, expectEmpty, restore, texts, world } from './restoring.ts';

const minute = 60_000;
const hour = 60 * minute;
const parameters = { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 } as const;

const swept = (ports: MemoryPorts, over: Partial<Ports> = {}) =>
  sweep({ ...ports, ...over, invocation: { id: ports.newId(), deadline: ports.time.now + 2 * minute } });

const lost = (ports: MemoryPorts): number => ports.queues.sent.splice(0).length;

/** A job of each type in the middle of its work, whose messages are lost. */
const silent: Readonly<Record<string, () => Promise<{ ports: MemoryPorts; job: Job }>>> = {
  'a backup': async () => {
    const ports = memoryPorts();
    await fill(ports, 'alice', { transactions: 30, files: 2 });
    const { job } = await createBackup(ports, { userId: 'alice', parameters });
    await drain(ports, ports, 3);
    lost(ports);
    return { ports, job };
  },
  'a restore that checks': async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    await drain(ports, ports, 2);
    lost(ports);
    return { ports, job };
  },
  'a restore that writes': async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    while ((await ended(ports, job)).status !== 'restore_processing') await drain(ports, ports, 1);
    await drain(ports, ports, 2);
    lost(ports);
    return { ports, job };
  },
  'a clearing': async () => {
    const ports = memoryPorts();
    await fill(ports, 'alice', { transactions: 30, files: 2 });
    const created = await createClear(ports, { userId: 'alice', withoutBackup: true });
    if (!created.ok) throw new Error('not created');
    lost(ports);
    return { ports, job: created.job };
  },
};

describe.each(Object.entries(silent))('%s that has gone silent', (name, make) => {
  test('is left alone for a while, then sent on, and completes', async () => {
    const { ports, job } = await make();
    ports.time.now += 34 * minute;
    expect(await swept(ports)).toMatchObject({ redriven: 0, failed: 0 });
    expect(ports.queues.sent).toEqual([]);
    ports.time.now += 2 * minute;
    expect(await swept(ports)).toMatchObject({ redriven: 1, failed: 0 });
    expect(await swept(ports)).toMatchObject({ redriven: 0, failed: 0 });
    await drain(ports);
    expect((await ended(ports, job)).status).toMatch(/_completed$/);
  });

  test('is sent on twice, then failed with how long it was silent; a restore is rolled back', async () => {
    const { ports, job } = await make();
    for (let redrives = 1; redrives <= 2; redrives += 1) {
      ports.time.now += 36 * minute;
      expect(await swept(ports)).toMatchObject({ redriven: 1, failed: 0 });
      expect(lost(ports)).toBeGreaterThan(0);
      expect(await ended(ports, job)).toMatchObject({ redrives });
    }
    ports.time.now += 36 * minute;
    expect(await swept(ports)).toMatchObject({ redriven: 0, failed: 1 });
    await drain(ports);
    expect(await ended(ports, job)).toMatchObject({
      status: expect.stringMatching(/_failed$/),
      error: { code: 'STUCK', message: 'nothing happened for 36 minutes, after 2 new starts' },
    });
    if (name.startsWith('a restore')) expectEmpty(ports, 'bob');
    expect(await swept(ports)).toMatchObject({ redriven: 0, failed: 0 });
  });

  test('is sent on once by two sweeps at once', async () => {
    const { ports, job } = await make();
    ports.time.now += 36 * minute;
    const both = await Promise.all([swept(ports), swept(ports)]);
    expect(both.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(1);
    expect(await ended(ports, job)).toMatchObject({ redrives: 1 });
  });
});

test('a heartbeat keeps a job from being called silent', async () => {
  const { ports, job } = await (silent['a backup'] as () => Promise<{ ports: MemoryPorts; job: Job }>)();
  for (let n = 0; n < 5; n += 1) {
    ports.time.now += 30 * minute;
    await ports.jobs.report(job.jobId, 1, ports.time.now, { percent: 10 });
    expect(await swept(ports)).toMatchObject({ redriven: 0, failed: 0 });
  }
});

test('a rollback that was lost is asked for again at every sweep, and never given up', async () => {
  const { ports, job } = await (silent['a restore that writes'] as () => Promise<{ ports: MemoryPorts; job: Job }>)();
  await cancelRestore(ports, await ended(ports, job));
  for (let n = 0; n < 50; n += 1) {
    lost(ports);
    ports.time.now += hour;
    expect(await swept(ports)).toMatchObject({ failed: 0 });
    expect(ports.queues.sent).toMatchObject([{ step: 'restore-rollback' }]);
  }
  await drain(ports);
  expect(await ended(ports, job)).toMatchObject({ status: 'restore_canceled' });
  expectEmpty(ports, 'bob');
});

describe('objects', () => {
  const keys = (ports: MemoryPorts): string[] => [...ports.packages.objects.keys()].sort();

  test('of staging and uploads go with the job that needs them no more, and not before', async () => {
    const ports = memoryPorts();
    const jobs: Record<string, Job> = {
      working: sampleJob({ status: 'backup_processing' }),
      failed: sampleJob({ status: 'backup_failed' }),
      restored: sampleRestoreJob({ status: 'restore_completed' }),
      retryable: sampleRestoreJob({ status: 'restore_failed' }),
      waiting: sampleRestoreJob({ status: 'restore_uploaded' }),
      gone: sampleJob(),
    };
    for (const [name, job] of Object.entries(jobs)) {
      const at = ports.time.now;
      const dated = { ...job, createdAt: at, updatedAt: at, ...(atRest(job.status) && { completedAt: at }) };
      if (name !== 'gone') await ports.jobs.create({ ...dated, announced: ['all'] });
      await ports.packages.put(`staging/${job.jobId}/chunk`, Buffer.from(name));
      await ports.packages.put(`uploads/${job.userId}/${job.jobId}/1.fzip`, Buffer.from(name));
    }
    const left = (): string[] =>
      [...ports.packages.objects].map(([key, { bytes }]) => `${key.split('/')[0]} ${bytes}`).sort();
    await swept(ports);
    const needed = ['failed', 'retryable', 'waiting', 'working'];
    expect(left()).toEqual(['staging', 'uploads'].flatMap((where) => needed.map((name) => `${where} ${name}`)));
    expect(await swept(ports)).toMatchObject({ cleaned: 0 });
    ports.time.now += 23 * hour;
    await swept(ports);
    expect(left()).toContain('staging failed');
    ports.time.now += 2 * hour;
    await swept(ports);
    expect(left().filter((each) => /failed|retryable/.test(each))).toEqual([]);
    expect(left()).toContain('staging working');
  });

  test('are removed some at a time, run after run, until none is left', async () => {
    const ports = memoryPorts({ limits: { sweptAtMost: 10 } });
    for (let n = 0; n < 35; n += 1) await ports.packages.put(`staging/${ports.newId()}/chunk`, Buffer.from('x'));
    const left: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      await swept(ports);
      left.push(keys(ports).length);
    }
    expect(left).toEqual([25, 15, 5, 0]);
  });

  test('a call that fails leaves the rest to the next sweep, which comes to the same end', async () => {
    const made = async (): Promise<MemoryPorts> => {
      const ports = memoryPorts();
      const { jobId, userId } = sampleJob();
      for (const key of [`staging/${jobId}/a`, `staging/${jobId}/b`, `uploads/${userId}/${jobId}/1.fzip`])
        await ports.packages.put(key, Buffer.from('x'));
      await ports.packages.begin(`packages/${userId}/${jobId}/1/volume-001-x.fzip`);
      return ports;
    };
    for (let nth = 1; nth <= 4; nth += 1) {
      const ports = await made();
      let calls = 0;
      const failing = async (work: () => Promise<void>): Promise<void> => {
        calls += 1;
        if (calls === nth) throw new Error('the storage is out of order');
        await work();
      };
      const packages = {
        ...ports.packages,
        delete: (some: readonly string[]) => failing(() => ports.packages.delete(some)),
        abort: (key: string, uploadId: string) => failing(() => ports.packages.abort(key, uploadId)),
      };
      await swept(ports, { packages }).catch(() => undefined);
      await swept(ports);
      expect(keys(ports), `call ${nth}`).toEqual([]);
      for await (const upload of ports.packages.unfinished('')) expect(upload, `call ${nth}`).toBeUndefined();
    }
  });
});

describe('locks', () => {
  test('of a job that died between its end and giving its profile back are given back, and its end is told', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    const unlockProfile = () => Promise.reject(new Error('killed'));
    const dying = { ...ports, ledger: { ...ports.ledger, unlockProfile } };
    await drain(ports, dying);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_completed' });
    expect(ports.ledger.locks.get('bob')).toMatchObject({ jobId: job.jobId });
    ports.time.now += 10 * minute;
    await swept(ports);
    expect(ports.ledger.locks.size).toBe(0);
    expect(ports.events.published.filter(({ event }) => event.type === 'restore.completed')).toHaveLength(1);
  });

  test('that were taken as their job came to rest are given back, by the one who took them or by the sweep', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes, { requireConfirmation: true });
    await drain(ports);
    const waiting = await ended(ports, job);
    const lockProfile: Ports['ledger']['lockProfile'] = async (...args) => {
      // Canceled, which gives back a lock that is not there yet.
      await cancelRestore(ports, waiting);
      return ports.ledger.lockProfile(...args);
    };
    await confirmRestore({ ...ports, ledger: { ...ports.ledger, lockProfile } }, waiting);
    expect(await ended(ports, job)).toMatchObject({ status: 'restore_canceled' });
    expect(ports.ledger.locks.size).toBe(0);

    await ports.ledger.lockProfile('bob', { jobId: job.jobId, attempt: 1 });
    ports.time.now += 10 * minute;
    await swept(ports);
    expect(ports.ledger.locks.size).toBe(0);
  });

  test('of working jobs are left alone', async () => {
    const { ports, job } = await (silent['a restore that writes'] as () => Promise<{ ports: MemoryPorts; job: Job }>)();
    await swept(ports);
    expect(ports.ledger.locks.get('bob')).toMatchObject({ jobId: job.jobId });
    lost(ports);
  });
});

describe('a sweep that cannot look at everything', () => {
  const untold = async (limits: Partial<Limits>, count: number): Promise<MemoryPorts> => {
    const ports = memoryPorts({ limits });
    for (let n = 0; n < count; n += 1) {
      const at = ports.time.now + n;
      const failed = { status: 'backup_failed', error: { code: 'E', message: 'm' } } as const;
      await ports.jobs.create(sampleJob({ ...failed, createdAt: at, updatedAt: at, completedAt: at }));
    }
    ports.time.now += hour;
    return ports;
  };

  test('goes on behind the last one, comes to the end, and begins again', async () => {
    const ports = await untold({ sweptAtMost: 4 }, 10);
    const told: number[] = [];
    for (let n = 0; n < 4; n += 1) told.push((await swept(ports)).announced);
    expect(told).toEqual([4, 4, 2, 0]);
    expect(ports.events.published).toHaveLength(10);
    const late = ports.jobs.all()[1] as Job;
    await ports.jobs.delete(late.jobId);
    await ports.jobs.create({ ...late, announced: [] });
    for (let n = 0; n < 4; n += 1) await swept(ports);
    expect(ports.events.published).toHaveLength(11);
  });

  test('of which one job fails does all the others, and says so', async () => {
    const ports = await untold({}, 5);
    const odd = sampleJob({ status: 'backup_completed', updatedAt: 0 });
    await ports.jobs.create(odd);
    const id = ports.newId();
    await ports.packages.put(`staging/${id}/chunk`, Buffer.from('x'));
    await expect(swept(ports)).rejects.toThrow(`job ${odd.jobId} is completed without a validation`);
    expect(ports.events.published).toHaveLength(5);
    expect(ports.packages.objects.size).toBe(0);
  });

  test('gives each of its parts a share of its time', async () => {
    const ports = await untold({ sweptAtMost: 10 }, 30);
    await ports.packages.put(`staging/${ports.newId()}/chunk`, Buffer.from('x'));
    const slow: Partial<Ports> = {
      events: {
        publish: async (...args) => {
          ports.time.now += 20_000;
          await ports.events.publish(...args);
        },
      },
    };
    const { announced, cleaned } = await swept(ports, slow);
    expect(announced).toBeLessThan(30);
    expect(cleaned).toBe(1);
    for (let n = 0; n < 20; n += 1) await swept(ports, slow);
    expect(ports.events.published).toHaveLength(30);
  });

  test('begins at the beginning if what the last one left cannot be read', async () => {
    const ports = await untold({}, 3);
    await ports.ledger.remember('sweep', JSON.stringify({ 'tell backup_failed': 'nonsense' }));
    expect(await swept(ports)).toMatchObject({ announced: 3 });
    await ports.ledger.remember('sweep', 'no JSON');
    expect(await swept(ports)).toMatchObject({ announced: 0 });
  });
});

test('a restore whose notification was lost is found, once, and completes', async () => {
  const { ports, bytes } = await world();
  const created = await createRestore(ports, { userId: 'bob', parameters: asked });
  if (!created.ok) throw new Error('not empty');
  await ports.packages.put(`uploads/bob/${created.job.jobId}/1.fzip`, bytes);
  ports.time.now += 5 * minute;
  await swept(ports);
  await drain(ports);
  expect(await ended(ports, created.job)).toMatchObject({ status: 'restore_completed' });
  expect(texts(ports, 'bob')).toHaveLength(texts(ports, 'alice').length);
});

test('a restore that is run again before its end was told tells of it first', async () => {
  const { ports, job } = await (silent['a restore that checks'] as () => Promise<{ ports: MemoryPorts; job: Job }>)();
  const untelling = { ...ports, events: { publish: () => Promise.reject(new Error('the topic is out of order')) } };
  await expect(failRestore(untelling, job, 'STUCK', 'a test')).rejects.toThrow('out of order');
  const failed = await ended(ports, job);
  expect(failed.status).toBe('restore_failed');
  await expect(retryRestore(untelling, failed)).rejects.toThrow('out of order');
  expect(await retryRestore(ports, await ended(ports, job))).toMatchObject({ ok: true, job: { attempt: 2 } });
  await drain(ports);
  const told = ports.events.published.map(({ event }) => event.type);
  expect(told.filter((type) => type.startsWith('restore.'))).toEqual([
    'restore.initiated',
    'restore.failed',
    'restore.completed',
  ]);
});
