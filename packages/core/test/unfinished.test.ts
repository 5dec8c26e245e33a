/** Multipart uploads whose writer died: none is left for long, and none is ended while its job works. */
import { createBackup, createRestore, deleteBackup, type Job, type Ports, sweep } from '@fzip/core';
import type { MemoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain } from './drive.ts';
import { backedUp, find, user } from './examining.ts';

const hour = 60 * 60_000;

const swept = (ports: MemoryPorts) =>
  sweep({ ...ports, invocation: { id: ports.newId(), deadline: ports.time.now + 15 * 60_000 } });

const unfinished = async (store: Ports['packages']): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.unfinished('')) keys.push(key);
  return keys;
};

/** The process dies at its n-th upload of a body: the upload stays, and nothing tells of the death. */
const dyingAt = (store: MemoryPorts['packages'], nth: number): Ports['packages'] => {
  let uploads = 0;
  return {
    ...store,
    upload: async (key, body, options) => {
      uploads += 1;
      if (uploads !== nth) return store.upload(key, body, options);
      body.on('error', () => undefined);
      await store.begin(key);
      throw new Error('killed');
    },
  };
};

const begun = async (ports: MemoryPorts): Promise<Job> => {
  const parameters = { backupType: 'complete', expiresInHours: 24 } as const;
  return (await createBackup(ports, { userId: user, parameters })).job;
};

describe('an upload whose writer died', () => {
  test.each([1, 2, 3])('is gone after its backup has completed (killed at volume %i)', async (nth) => {
    const { ports } = await backedUp({ volumeBytes: 3_000 });
    const { jobId } = await begun(ports);
    await drain(ports, { ...ports, packages: dyingAt(ports.packages, nth) });
    const job = await find(ports, jobId);
    expect(job.status).toBe('backup_completed');
    expect(job.packages?.length).toBeGreaterThan(2);
    expect(await unfinished(ports.packages)).toHaveLength(1);
    await swept(ports);
    expect(await unfinished(ports.packages)).toEqual([]);
    for (const { key } of job.packages ?? []) expect(ports.packages.objects.has(key)).toBe(true);
  });

  test('stays while its job works, and goes with a job that was deleted, even without staging', async () => {
    const { ports } = await backedUp();
    const job = await begun(ports);
    await ports.packages.begin(`packages/${user}/${job.jobId}/1/volume-001-x.fzip`);
    await swept(ports);
    expect(await unfinished(ports.packages)).toHaveLength(1);
    await deleteBackup(ports, job);
    expect(await unfinished(ports.packages)).toEqual([]);
    // A consumer that was still writing when its job was deleted, and then died.
    await ports.packages.begin(`packages/${user}/${job.jobId}/1/volume-001-y.fzip`);
    await swept(ports);
    expect(await unfinished(ports.packages)).toEqual([]);
  });

  test("of a restore's file is ended when the restore has ended, and others' are not", async () => {
    const { ports, backupId } = await backedUp();
    const backup = await find(ports, backupId);
    const bytes = ports.packages.objects.get(backup.packages?.[0]?.key ?? '')?.bytes;
    if (!bytes) throw new Error('no package');
    const parameters = { validateOnly: false, requireConfirmation: false, idMode: 'remap' } as const;
    const created = await createRestore(ports, { userId: 'carol', parameters });
    if (!created.ok) throw new Error('not created');
    await ports.files.begin('carol/before/statement.csv');
    ports.time.now += 1_000;
    const key = `uploads/carol/${created.job.jobId}/1.fzip`;
    await ports.packages.put(key, bytes);
    await ports.queues.send('restore-start', [{ key }], 'carol');
    let uploaded = 0;
    const files: Ports['files'] = {
      ...ports.files,
      put: async (to, body, options) => {
        uploaded += 1;
        if (uploaded !== 2) return ports.files.put(to, body, options);
        await ports.files.begin(to);
        throw new Error('killed');
      },
    };
    await drain(ports, { ...ports, files });
    expect((await find(ports, created.job.jobId)).status).toBe('restore_completed');
    await ports.files.begin('bob/other/statement.csv');
    expect(await unfinished(ports.files)).toHaveLength(3);
    ports.time.now += hour;
    await swept(ports);
    expect(await unfinished(ports.files)).toEqual(['carol/before/statement.csv', 'bob/other/statement.csv']);
  });
});
