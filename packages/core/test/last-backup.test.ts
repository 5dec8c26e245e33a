/** A package that is much less than the last one of its kind is told of. */
import { type BackupParameters, createBackup } from '@fzip/core';
import { memoryPorts } from '@fzip/testing';
import { expect, test } from 'vitest';
import { drain, fill } from './drive.ts';
import { find, user } from './examining.ts';

test('a backup is held against the last of the same user, type and filters', async () => {
  const ports = memoryPorts();
  await fill(ports, user, { transactions: 200, files: 2 });
  await fill(ports, 'bob', { transactions: 400, files: 4, seed: 3 });
  const back = async (parameters: Partial<BackupParameters>, userId = user) => {
    ports.time.now += 60_000;
    const { job } = await createBackup(ports, {
      userId,
      parameters: { backupType: 'complete', expiresInHours: 24, ...parameters },
    });
    await drain(ports);
    const { status, validation } = await find(ports, job.jobId);
    expect(status).toBe('backup_completed');
    return {
      jobId: job.jobId,
      shrunk: validation?.issues.filter((issue) => issue.includes('less than the last')) ?? [],
    };
  };
  const first = await back({});
  await back({}, 'bob');
  expect((await back({ description: 'the same' })).shrunk).toEqual([]);
  expect((await back({ packageFormat: 'housef3' })).shrunk).toEqual([]);
  for (const row of ports.profiles
    .rows('transactions')
    .filter(({ userId }) => userId === user)
    .slice(20)) {
    ports.profiles.remove('transactions', row);
  }
  expect((await back({ backupType: 'transactions_only' })).shrunk).toEqual([]);
  const { shrunk, jobId } = await back({});
  expect(shrunk).toHaveLength(1);
  expect(shrunk[0]).not.toContain(first.jobId);
  // From then on this is the usual.
  expect((await back({})).shrunk).toEqual([]);
  expect(jobId).not.toBe(first.jobId);
  expect((await back({ packageFormat: 'housef3' })).shrunk).toHaveLength(1);
});
