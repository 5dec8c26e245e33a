/** Backups in HouseF3's own format: made once whatever dies, or refused with the reason. */
import { createBackup, type Job, type Ports, sweep } from '@fzip/core';
import { type MemoryPorts, memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, failing, fill } from './drive.ts';
import { find, user } from './examining.ts';

const everyCall = process.env.FZIP_LONG === '1';
const longTimeout = 1_800_000;

const filled = async (limits = {}): Promise<MemoryPorts> => {
  const ports = memoryPorts({ limits: { chunkRows: 20, ...limits } });
  await fill(ports, user, { transactions: 40, files: 2 });
  return ports;
};

const backedUp = async (memory: MemoryPorts, ports: Ports): Promise<Job> => {
  const parameters = { backupType: 'complete', expiresInHours: 24, packageFormat: 'housef3' } as const;
  const create = () => createBackup(ports, { userId: user, parameters, idempotencyKey: 'once' });
  const { job } = await create().catch(create);
  await drain(memory, ports);
  for (let n = 0; n < 2; n += 1) {
    memory.time.now += 2 * 60_000;
    await sweep({ ...memory, invocation: { id: memory.newId(), deadline: memory.time.now + 900_000 } });
    await drain(memory);
  }
  return find(memory, job.jobId);
};

const stored = (ports: MemoryPorts) => [...ports.packages.objects.keys()].filter((key) => key.startsWith('packages/'));

describe("a backup in HouseF3's format", () => {
  test.each(['before', 'after'] as const)(
    'dies at any call %s its effect and comes to the same end',
    async (when) => {
      const counting = await filled();
      const faulty = failing(counting, 0, when);
      const undisturbed = await backedUp(counting, faulty.ports);
      expect(undisturbed.status).toBe('backup_completed');
      const [first, last] = [Math.floor(faulty.calls() / 2), faulty.calls()];
      for (let nth = everyCall ? 1 : first; nth <= last; nth += everyCall ? 1 : Math.ceil((last - first) / 12)) {
        const ports = await filled();
        const done = await backedUp(ports, failing(ports, nth, when).ports);
        expect(done.status, `after call ${nth}`).toBe('backup_completed');
        expect(done.summary, `after call ${nth}`).toEqual(undisturbed.summary);
        expect(stored(ports), `after call ${nth}`).toEqual([done.packages?.[0]?.key]);
      }
    },
    longTimeout,
  );

  test('whose upload fails at once is made anew', async () => {
    const ports = await filled();
    let died = false;
    const upload: Ports['packages']['upload'] = async (key, body, options) => {
      if (died || !key.includes('/housef3-')) return ports.packages.upload(key, body, options);
      died = true;
      throw new Error('killed');
    };
    const job = await backedUp(ports, { ...ports, packages: { ...ports.packages, upload } });
    expect(died).toBe(true);
    expect(job.status).toBe('backup_completed');
    expect(stored(ports)).toEqual([job.packages?.[0]?.key]);
  });

  test('that HouseF3 would refuse fails with the reason, and leaves nothing', async () => {
    const ports = await filled({ housef3Bytes: 1_000 });
    const job = await backedUp(ports, ports);
    expect(job).toMatchObject({ status: 'backup_failed', error: { code: 'NOT_CONVERTIBLE' } });
    expect(job.error?.message).toMatch(/has \d+ bytes; HouseF3 takes 1000 at most/);
    expect(job.packages).toBeUndefined();
    ports.time.now += 25 * 3_600_000;
    await sweep({ ...ports, invocation: { id: 'sweep', deadline: ports.time.now + 900_000 } });
    expect(stored(ports)).toEqual([]);
  });
});
