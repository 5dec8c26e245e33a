/** What time does to a backup, and what its user may do meanwhile. */
import { amendBackup, cancelBackup, createBackup, type Job, sweep } from '@fzip/core';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill } from './drive.ts';

const user = 'alice';
const hour = 3_600_000;

const world = async (): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { chunkRows: 7, handOverMs: 0 }, pageRows: 5 });
  await fill(ports, user, { transactions: 20, files: 2 });
  return ports;
};

const begun = async (ports: MemoryPorts, expiresInHours = 24): Promise<string> =>
  (await createBackup(ports, { userId: user, parameters: { backupType: 'complete', expiresInHours } })).job.jobId;

const find = async (ports: MemoryPorts, jobId: string): Promise<Job> => {
  const job = await ports.jobs.find(jobId);
  if (!job) throw new Error(`no job ${jobId}`);
  return job;
};

const told = (ports: MemoryPorts): string[] => ports.events.published.map(({ event }) => event.type);

describe('the end of a backup', () => {
  test('is told of once, two hours before, and again when it was put off', async () => {
    const ports = await world();
    const jobId = await begun(ports);
    await drain(ports);
    const { expiresAt = 0 } = await find(ports, jobId);
    const expiring = () => ports.events.published.filter(({ event }) => event.type === 'backup.expiring');

    ports.time.now = expiresAt - 2 * hour - 1;
    await sweep(ports);
    expect(expiring()).toEqual([]);
    ports.time.now = expiresAt - 2 * hour;
    await sweep(ports);
    await sweep(ports);
    expect(expiring()).toMatchObject([{ event: { subject: jobId, data: { userId: user, expiresAt } } }]);

    const kept = await amendBackup(ports, await find(ports, jobId), { expiresInHours: 48 });
    const later = ports.time.now + 48 * hour;
    expect(kept?.expiresAt).toBe(later);
    ports.time.now = later - hour;
    await sweep(ports);
    expect(expiring().map(({ event }) => event.data.expiresAt)).toEqual([expiresAt, later]);
    expect(new Set(expiring().map(({ event }) => event.id)).size).toBe(2);

    ports.time.now = later;
    await sweep(ports);
    expect((await find(ports, jobId)).status).toBe('backup_expired');
    expect([...ports.packages.objects.keys()]).toEqual([]);
    expect(told(ports).filter((type) => type === 'backup.expired')).toHaveLength(1);
  });

  test('does not come while it is put off, though the list of jobs does not show it yet', async () => {
    const ports = await world();
    const jobId = await begun(ports);
    await drain(ports);
    const before = await find(ports, jobId);
    await amendBackup(ports, before, { expiresInHours: 48 });
    ports.jobs.withStatus = async (status) => ({ jobs: status === 'backup_completed' ? [before] : [] });
    ports.time.now = before.expiresAt ?? 0;
    await sweep(ports);
    const after = await find(ports, jobId);
    expect(after.status).toBe('backup_completed');
    expect([...ports.packages.objects.keys()]).toEqual(after.packages?.map(({ key }) => key));
  });

  test('of one that was asked for two hours or less comes without a warning', async () => {
    const ports = await world();
    const jobId = await begun(ports, 2);
    await drain(ports);
    ports.time.now += hour;
    await sweep(ports);
    expect(told(ports)).not.toContain('backup.expiring');
    expect((await find(ports, jobId)).status).toBe('backup_completed');
  });

  test('is what its user said last, even while it is being made', async () => {
    const ports = await world();
    const jobId = await begun(ports);
    await drain(ports, ports, 4);
    await amendBackup(ports, await find(ports, jobId), { expiresInHours: 100, description: 'keep' });
    await drain(ports);
    const done = await find(ports, jobId);
    expect((done.expiresAt ?? 0) - (done.completedAt ?? 0)).toBe(100 * hour);
    expect(done.parameters?.expiresInHours).toBe(24);
  });
});

describe('a backup that is canceled', () => {
  test('after any message ends so, told of once, and leaves no object', async () => {
    for (let handled = 0; ; handled += 1) {
      const ports = await world();
      const jobId = await begun(ports);
      await drain(ports, ports, handled);
      const before = await find(ports, jobId);
      const canceled = await cancelBackup(ports, before);
      await drain(ports);
      ports.time.now += 25 * hour;
      await sweep(ports);
      const after = await find(ports, jobId);
      if (!canceled) {
        expect(before.status).toBe('backup_completed');
        expect(handled).toBeGreaterThan(8);
        break;
      }
      expect(after.status, `after ${handled} messages`).toBe('backup_canceled');
      expect(told(ports).filter((type) => type !== 'backup.initiated')).toEqual(['backup.canceled']);
      expect([...ports.packages.objects.keys()], `after ${handled} messages`).toEqual([]);
    }
  });
});
