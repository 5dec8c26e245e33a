import { type AuditLine, backupParameters, defaultLimits } from '@fzip/core';
import { sampleEvent, sampleJob } from '@fzip/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awsPorts } from '../src/ports.ts';
import { type AwsWorld, startAws } from './world.ts';

let world: AwsWorld;
beforeAll(async () => {
  world = await startAws();
});
afterAll(() => world.close());

test('the ports of one configuration work on its tables, buckets, queues and topic', async () => {
  const audited: AuditLine[] = [];
  const ports = awsPorts(world.config, world.clients, {
    limits: { chunkRows: 10 },
    audit: (line) => audited.push(line),
  });
  const job = sampleJob({ jobId: ports.newId() });
  expect(await ports.jobs.create(job)).toBe(true);
  expect(await ports.ledger.tally(job.jobId, 1, 'accounts', 2)).toBe(2);
  expect(await ports.profiles.count(job.userId, 'accounts', 5_000)).toEqual({ count: 0, exact: true });
  await ports.packages.put('one', Buffer.from('x'));
  expect(await ports.files.head('one')).toBeUndefined();
  await ports.queues.send(
    'backup-request',
    [{ attempt: 1, userId: job.userId, parameters: backupParameters(job) }],
    job.userId,
  );
  await ports.events.publish(sampleEvent(job), job.jobType);
  ports.audit({ who: job.userId, what: 'backup', jobId: job.jobId, outcome: 'asked for' });
  expect(audited).toHaveLength(1);
  expect(ports.limits).toEqual({ ...defaultLimits, chunkRows: 10 });
});
