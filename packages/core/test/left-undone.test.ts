/** What a crash right behind the end of a job leaves undone, and who does it. */
import { cancelBackup, createBackup, createClear, failClear, type Ports, sweep } from '@fzip/core';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill, handle } from './drive.ts';
import { ended, restore, world } from './restoring.ts';

const minute = 60_000;

const swept = async (ports: MemoryPorts): Promise<void> => {
  ports.time.now += 5 * minute;
  await sweep({ ...ports, invocation: { id: ports.newId(), deadline: ports.time.now + 15 * minute } });
};

/** Ports that can do all but give a profile back. */
const neverUnlocking = (ports: MemoryPorts): Ports => ({
  ...ports,
  ledger: { ...ports.ledger, unlockProfile: async () => Promise.reject(new Error('killed')) },
});

describe('the profile of a job that rests', () => {
  test('is given back by the sweep, if whoever ended the job died before', async () => {
    const { ports, bytes } = await world();
    const job = await restore(ports, bytes);
    await drain(ports, neverUnlocking(ports));
    expect((await ended(ports, job)).status).toBe('restore_completed');
    expect(ports.ledger.locks.get('bob')?.jobId).toBe(job.jobId);
    await swept(ports);
    expect(ports.ledger.locks.size).toBe(0);
  });

  test('is given back of a clearing too, of whose failure no event tells', async () => {
    const ports = memoryPorts();
    await fill(ports, 'alice', { transactions: 5, files: 1 });
    const created = await createClear(ports, { userId: 'alice', withoutBackup: true });
    if (!created.ok) throw new Error('not created');
    await ports.ledger.lockProfile('alice', created.job);
    await expect(failClear(neverUnlocking(ports), created.job, 'STUCK', 'a test')).rejects.toThrow('killed');
    await swept(ports);
    expect(ports.ledger.locks.size).toBe(0);
  });

  test('is looked after once', async () => {
    const { ports, bytes } = await world();
    await restore(ports, bytes);
    await drain(ports);
    await swept(ports);
    const refusing = { ...ports.ledger, unlockProfile: async () => Promise.reject(new Error('again')) };
    await swept({ ...ports, ledger: refusing });
  });
});

test('a job that began and was ended before anybody told of it tells of both', async () => {
  const ports = memoryPorts();
  await fill(ports, 'alice', { transactions: 5, files: 1 });
  const parameters = { backupType: 'complete', expiresInHours: 24 } as const;
  const { job } = await createBackup(ports, { userId: 'alice', parameters });
  const [asked] = ports.queues.sent.splice(0);
  if (!asked) throw new Error('nothing was sent');
  const events = { ...ports.events, publish: async () => Promise.reject(new Error('killed')) };
  await expect(handle({ ...ports, events }, asked)).rejects.toThrow('killed');
  const begun = await ended(ports, job);
  expect(begun.status).toBe('backup_processing');
  await cancelBackup(ports, begun);
  expect(ports.events.published.map(({ event }) => event.type)).toEqual(['backup.initiated', 'backup.canceled']);
});
