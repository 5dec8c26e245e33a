import { ShownRestoreStatus } from '@fzip/api/restore-schemas';
import { ShownBackupStatus } from '@fzip/api/schemas';
import { atRest, type Job, type JobStatus, jobCan } from '@fzip/core';
import { describe, expect, test } from 'vitest';
import { backupCan, backupMoves, pollAfter, restoreCan, restoreMoves } from '../src/jobs.ts';

/** A job as the domain has it, to ask the same of both tables. */
const job = (status: JobStatus, more: Partial<Job> = {}): Job =>
  ({ status, jobType: status.startsWith('backup') ? 'backup' : 'restore', ...more }) as Job;

describe('what the pages allow is what the domain allows', () => {
  test.each(ShownBackupStatus.options)('of a backup that is %s', (status) => {
    const domain = job(`backup_${status}`);
    expect(backupMoves[status]).toBe(!atRest(domain.status));
    expect(backupCan.cancel({ status })).toBe(jobCan.cancel(domain));
    expect(backupCan.download({ status })).toBe(jobCan.download(domain, 0));
    expect(backupCan.check({ status })).toBe(jobCan.examine(domain, 0));
    expect(backupCan.keep({ status })).toBe(jobCan.amend(domain, 0));
  });

  test.each(ShownRestoreStatus.options)('of a restore that is %s', (status) => {
    const domain = job(`restore_${status}`, { uploads: [] });
    expect(restoreMoves[status]).toBe(!atRest(domain.status));
    expect(restoreCan.upload({ status })).toBe(jobCan.upload(domain));
    expect(restoreCan.confirm({ status })).toBe(jobCan.confirm(domain));
    expect(restoreCan.retry({ status, uploadedAt: 1 })).toBe(jobCan.retry(domain));
    // What rolls back was told to end: the domain keeps that in the intent.
    const asked = status === 'rolling_back' ? { intent: { kind: 'fail', code: 'X', message: '', at: 0 } as const } : {};
    expect(restoreCan.cancel({ status })).toBe(jobCan.cancel({ ...domain, ...asked }));
  });

  test('a restore whose package never came is not run again', () => {
    expect(restoreCan.retry({ status: 'failed' })).toBe(false);
  });
});

test('a job that rests is not looked at again, one that waits less often, and a hidden tab least', () => {
  expect(pollAfter(false, { hidden: false })).toBe(false);
  expect(pollAfter(false, { hidden: true })).toBe(false);
  const [seen, waits, hidden] = [
    pollAfter(true, { hidden: false }),
    pollAfter(true, { hidden: false, waits: true }),
    pollAfter(true, { hidden: true }),
  ];
  expect(seen).toBeLessThan(Number(waits));
  expect(waits).toBeLessThan(Number(hidden));
});
