/** What a backup will come to, and how that is corrected while it is made. */
import { fc, test as prop } from '@fast-check/vitest';
import { correctedCompletion, createBackup, estimateNow } from '@fzip/core';
import { memoryPorts } from '@fzip/testing';
import { describe, expect, test } from 'vitest';
import { drain, fill } from './drive.ts';
import { find, user } from './examining.ts';

const duration = fc.integer({ min: 1_000, max: 3_600_000 });
const startedAt = 1_750_000_000_000;

describe('the end of a backup', () => {
  prop.prop([duration, duration, fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1 })])(
    'comes nearer to the truth the more of it is done, if it comes along evenly',
    (thought, takes, shares) => {
      const off = (progress: number): number => {
        const now = startedAt + Math.round((takes * progress) / 100);
        const told = correctedCompletion({ startedAt, firstThought: startedAt + thought, progress, now });
        expect(told).toBeGreaterThan(now);
        return Math.max(0, Math.abs(told - (startedAt + takes)) - 1_000);
      };
      const errors = shares.toSorted((a, b) => a - b).map(off);
      for (const [n, error] of errors.entries()) {
        // Below a hundredth its own speed tells nothing yet.
        expect(error).toBeLessThanOrEqual((errors[n - 1] ?? Math.abs(thought - takes)) + 1_000);
      }
      expect(off(100)).toBe(0);
    },
  );

  prop.prop([duration, fc.integer({ min: 0, max: 100 }), fc.integer({ min: -60_000, max: 7_200_000 })])(
    'is always ahead, whatever the clocks say',
    (thought, progress, since) => {
      const now = startedAt + since;
      expect(correctedCompletion({ startedAt, firstThought: startedAt + thought, progress, now })).toBeGreaterThan(now);
    },
  );
});

test('while it is made a backup tells its size from rows, then from volumes; progress never falls, and 100 is the end', async () => {
  const ports = memoryPorts({ limits: { chunkRows: 20, volumeBytes: 4_000 } });
  await fill(ports, user, { transactions: 300, files: 5 });
  const { job, estimate } = await createBackup(ports, {
    userId: user,
    parameters: { backupType: 'complete', expiresInHours: 24 },
  });
  expect(await estimateNow(ports, job)).toBeUndefined();
  const told: { bytes: number; progress: number }[] = [];
  while (ports.queues.sent.length > 0) {
    ports.time.now += 2_500;
    await drain(ports, ports, 1);
    const now = await find(ports, job.jobId);
    const found = await estimateNow(ports, now);
    if (!found) continue;
    expect(found.completionAt).toBeGreaterThan(ports.time.now);
    told.push({ bytes: found.bytes, progress: now.progress });
  }
  const done = await find(ports, job.jobId);
  expect(done.status).toBe('backup_completed');
  expect(await estimateNow(ports, done)).toBeUndefined();
  expect(told[0]?.bytes).toBe(estimate.bytes);
  const off = (bytes = 0) => Math.abs(bytes - (done.packageSize ?? 0));
  expect(told.at(-1)?.bytes).not.toBe(estimate.bytes);
  expect(off(told.at(-1)?.bytes)).toBeLessThan((done.packageSize ?? 0) / 2);
  const progress = told.map((one) => one.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(Math.max(...progress)).toBeLessThan(100);
  expect(new Set(progress).size).toBeGreaterThan(5);
});
