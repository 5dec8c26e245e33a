/** What each ending of a job measures: the same once, whatever happened how often. */
import {
  cancelBackup,
  cancelRestore,
  createBackup,
  createExamination,
  createRestore,
  type Job,
  type MetricName,
  metrics,
  type Ports,
  promised,
  sweep,
} from '@fzip/core';
import type { MemoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, handle } from './drive.ts';
import { backedUp, examined, find, user } from './examining.ts';

/** The values of each metric; one that has dimensions comes with them. */
const measured = (ports: MemoryPorts): Partial<Record<MetricName, (number | Record<string, unknown>)[]>> => {
  const found: Partial<Record<MetricName, (number | Record<string, unknown>)[]>> = {};
  for (const { name, value, dimensions } of ports.measured) {
    expect(Object.keys(dimensions).toSorted(), name).toEqual([...metrics[name].dimensions].toSorted());
    const one = Object.keys(dimensions).length === 0 ? value : { ...dimensions, value };
    found[name] = [...(found[name] ?? []), one];
  }
  return found;
};

const restored = async (
  ports: MemoryPorts,
  backupId: string,
  wrapped: Ports = ports,
  bytes?: Buffer,
  atMost?: number,
): Promise<Job> => {
  const backup = await find(ports, backupId);
  const body = bytes ?? ports.packages.objects.get(backup.packages?.[0]?.key ?? '')?.bytes;
  const parameters = { validateOnly: false, requireConfirmation: false, idMode: 'remap' } as const;
  const created = await createRestore(ports, { userId: 'carol', parameters });
  if (!created.ok || !body) throw new Error('not created');
  const key = `uploads/carol/${created.job.jobId}/1.fzip`;
  await ports.packages.put(key, body);
  await ports.queues.send('restore-start', [{ key }], 'carol');
  await drain(ports, wrapped, atMost);
  return find(ports, created.job.jobId);
};

describe('a backup', () => {
  test('that completes measures itself once, though every message comes twice', async () => {
    const { ports } = await backedUp();
    ports.measured.length = 0;
    const { job } = await createBackup(ports, {
      userId: user,
      parameters: { backupType: 'complete', expiresInHours: 24 },
    });
    ports.time.now += 1_000;
    for (let next = ports.queues.sent.shift(); next; next = ports.queues.sent.shift()) {
      await handle(ports, next);
      await handle(ports, next);
    }
    const { packageSize, validation, summary } = await find(ports, job.jobId);
    const { BackupDataVolume: rows, ...others } = measured(ports);
    expect(others).toEqual({
      BackupSuccess: [1],
      BackupDuration: [1_000],
      FZIPPackageSize: [packageSize],
      BackupFileVolume: [3],
      BackupValidationScore: [validation?.score],
      BackupIntegrityFailures: [0],
      BackupCompletenessFailures: [0],
    });
    const volume = Object.entries(summary?.counts ?? {}).filter(([, count]) => count > 0);
    expect(rows).toEqual(volume.map(([kind, value]) => ({ kind, value })));
  });

  test('that fails is a failure of its code and phase, and one that is canceled is nothing', async () => {
    const { ports } = await backedUp();
    ports.measured.length = 0;
    const parameters = { backupType: 'complete', expiresInHours: 24 } as const;
    await createBackup(ports, { userId: user, parameters });
    const page = () => Promise.reject(new Error('the tables are on fire'));
    await drain(ports, { ...ports, profiles: { ...ports.profiles, page } });
    expect(measured(ports)).toEqual({
      BackupSuccess: [0],
      BackupProcessingErrors: [{ type: 'STEP_FAILED', phase: 'collecting_data', value: 1 }],
    });
    ports.measured.length = 0;
    const { job } = await createBackup(ports, { userId: user, parameters });
    await cancelBackup(ports, job);
    await drain(ports);
    expect(measured(ports)).toEqual({});
  });

  test('that loses a file is incomplete', async () => {
    const { ports } = await backedUp();
    ports.measured.length = 0;
    const [file] = ports.files.objects.keys();
    await ports.files.delete([file ?? '']);
    await createBackup(ports, { userId: user, parameters: { backupType: 'complete', expiresInHours: 24 } });
    await drain(ports);
    expect(measured(ports)).toMatchObject({
      BackupSuccess: [1],
      BackupCompletenessFailures: [1],
      BackupIntegrityFailures: [0],
      BackupFileVolume: [2],
    });
  });
});

describe('a validation on demand', () => {
  test('measures whether the package is whole, and a round trip nothing of its own restore and backup', async () => {
    const { ports, backupId } = await backedUp();
    ports.measured.length = 0;
    await examined(ports, backupId, 'round_trip');
    expect(measured(ports)).toEqual({ BackupIntegrityFailures: [0] });
    const bytes = ports.packages.objects.get((await find(ports, backupId)).packages?.[0]?.key ?? '')?.bytes;
    if (!bytes) throw new Error('no package');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await examined(ports, backupId, 'deep');
    expect(measured(ports)).toEqual({ BackupIntegrityFailures: [0, 1] });
    const { job } = await createExamination(ports, { userId: 'mallory', backupId, mode: 'deep' });
    await drain(ports);
    expect((await find(ports, job.jobId)).status).toBe('validation_failed');
    expect(measured(ports)).toEqual({ BackupIntegrityFailures: [0, 1] });
  });
});

describe('a restore', () => {
  test('that completes measures itself', async () => {
    const { ports, backupId } = await backedUp();
    ports.measured.length = 0;
    const { results } = await restored(ports, backupId);
    const rows = Object.entries(results ?? {}).filter(([, count]) => count > 0);
    expect(measured(ports)).toEqual({
      RestoreSuccess: [1],
      RestoreDuration: [0],
      RestoreDataVolume: rows.map(([kind, value]) => ({ kind, value })),
    });
  });

  test('of a package that no accident makes is a security event, of which an audit line names the user', async () => {
    const { ports, backupId } = await backedUp();
    ports.measured.length = 0;
    const [stored] = (await find(ports, backupId)).packages ?? [];
    const bytes = Buffer.from(ports.packages.objects.get(stored?.key ?? '')?.bytes ?? []);
    // Another name in the local header than in the directory.
    bytes.write('data/ACCOUNTS.json', bytes.indexOf('data/accounts.json'));
    const { jobId } = await restored(ports, backupId, ports, bytes);
    const { RestoreValidationFailures: failures, ...others } = measured(ports);
    expect(failures).toContainEqual({ type: 'LOCAL_HEADER_DIFFERS', value: 1 });
    expect(others).toEqual({
      SecurityEvents: [{ type: 'hostile_package', value: 1 }],
      UserRefusals: [{ user: 'carol', value: 1 }],
    });
    expect(ports.audited).toContainEqual({ who: 'carol', what: 'security', jobId, outcome: 'LOCAL_HEADER_DIFFERS' });
  });

  test('whose rollback does not finish raises an alarm, and is started again by every sweep', async () => {
    const { ports, backupId } = await backedUp();
    ports.measured.length = 0;
    const deleteOwn = () => Promise.reject(new Error('the tables are on fire'));
    const broken = { ...ports, profiles: { ...ports.profiles, deleteOwn } };
    const { jobId } = await restored(ports, backupId, broken, undefined, 1);
    while ((await find(ports, jobId)).status !== 'restore_processing') await drain(ports, broken, 1);
    await drain(ports, broken, 1);
    await cancelRestore(ports, await find(ports, jobId));
    // It never gives up, so that draining its messages would not end.
    for (let n = 0; n < 4; n += 1) {
      ports.time.now += 60 * 60_000;
      await sweep(broken);
      await drain(ports, broken, 6);
    }
    expect(measured(ports).RollbackNotFinishing?.length).toBeGreaterThan(1);
    expect((await find(ports, jobId)).status).toBe('restore_rolling_back');
    ports.time.now += 60 * 60_000;
    await sweep(ports);
    await drain(ports);
    expect((await find(ports, jobId)).status).toBe('restore_canceled');
    expect(ports.profiles.rows('accounts').filter(({ userId }) => userId === 'carol')).toEqual([]);
  });

  test('that is refused, and one that is rolled back, say so', async () => {
    const { ports, backupId } = await backedUp();
    ports.measured.length = 0;
    await restored(ports, backupId, ports, Buffer.from('no ZIP at all'));
    expect(measured(ports)).toEqual({
      RestoreValidationFailures: [{ type: 'NOT_A_ZIP', value: 1 }],
      UserRefusals: [{ user: 'carol', value: 1 }],
    });
    ports.measured.length = 0;
    const putFresh: Ports['profiles']['putFresh'] = async (kind, rows) => {
      if (kind === 'transactions') throw new Error('the tables are on fire');
      return ports.profiles.putFresh(kind, rows);
    };
    const job = await restored(ports, backupId, { ...ports, profiles: { ...ports.profiles, putFresh } });
    expect(job.status).toBe('restore_failed');
    expect(measured(ports)).toEqual({
      RestoreSuccess: [0],
      RestoreRollbacks: [1],
      RestoreProcessingErrors: [{ type: 'STEP_FAILED', phase: 'restoring_transactions', value: 1 }],
    });
  });
});

describe('a sweep', () => {
  test('counts the jobs that take longer than is promised, and none that waits for its user', async () => {
    const { ports } = await backedUp();
    const parameters = { validateOnly: false, requireConfirmation: false, idMode: 'remap' } as const;
    await createRestore(ports, { userId: 'carol', parameters });
    await createBackup(ports, { userId: user, parameters: { backupType: 'complete', expiresInHours: 24 } });
    ports.time.now += promised.backup;
    expect((await sweep(ports)).late).toBe(0);
    ports.time.now += 1;
    expect((await sweep(ports)).late).toBe(1);
    await drain(ports);
    ports.time.now += promised.restore;
    expect((await sweep(ports)).late).toBe(0);
  });
});
