/** What an operator may do with a dead letter, by what has become of its job. */
import { buryLetter, type DeadLetter, type Job, redriveLetter, storyOf, verdictOn } from '@fzip/core';
import { memoryPorts, sampleJob, sampleRestoreJob } from '@fzip/testing';
import { describe, expect, test } from 'vitest';

const backup = sampleJob({ status: 'backup_processing' });
const { jobId } = backup;

const letterOf = (job: Job, but: Partial<DeadLetter> = {}): DeadLetter => ({
  id: 'letter',
  step: 'backup-package',
  body: JSON.stringify({ jobId: job.jobId, attempt: job.attempt, volume: 1 }),
  at: 10,
  jobId: job.jobId,
  attempt: job.attempt,
  user: 'ann',
  ...but,
});
const letter = letterOf(backup);
const restored = sampleRestoreJob({ status: 'restore_failed' });
const { uploads: _, ...neverTaken } = restored;

describe('a letter', () => {
  test.each<[string, DeadLetter, Job | undefined, object]>([
    ['whose job still moves goes again', letter, backup, { outcome: 'would-be-resent' }],
    ['of a backup that failed', letter, { ...backup, status: 'backup_failed' }, { advice: 'new-backup' }],
    ['of a restore that can be retried', letterOf(restored), restored, { advice: 'retry' }],
    ['of a restore without package', letterOf(neverTaken), neverTaken, { advice: 'new-restore' }],
    ['of a clearing', letter, { ...backup, jobType: 'clear', status: 'clear_failed' }, { advice: 'new-clear' }],
    [
      'of a validation',
      letter,
      { ...backup, jobType: 'validation', status: 'validation_failed' },
      { advice: 'new-validation' },
    ],
    ['of a canceled job', letter, { ...backup, status: 'backup_canceled' }, { outcome: 'left', why: 'at-rest' }],
    ['of a completed job', letter, { ...backup, status: 'backup_completed' }, { outcome: 'left', why: 'at-rest' }],
    ['of an older attempt', letter, { ...backup, attempt: 2 }, { outcome: 'left', why: 'out-of-date' }],
    ['of a job that is gone', letter, undefined, { outcome: 'left', why: 'unknown-job' }],
    ['that was cut', { ...letter, bodyBytes: 300_000 }, backup, { outcome: 'left', why: 'cut' }],
    ['that is no JSON', { ...letter, body: '{' }, backup, { outcome: 'left', why: 'malformed' }],
    ['of another shape', { ...letter, body: '{"jobId":1}' }, backup, { outcome: 'left', why: 'malformed' }],
    ['that went again before', { ...letter, resentAt: 7 }, backup, { outcome: 'resent-before', at: 7 }],
  ])('%s', (_name, about, job, expected) => {
    expect(verdictOn(about, job)).toMatchObject(expected);
  });
});

const world = async (job: Job, buried: DeadLetter) => {
  const ports = memoryPorts();
  await ports.jobs.create(job);
  await ports.ledger.bury(buried);
  const found = async (): Promise<DeadLetter> => (await ports.ledger.findBuried(buried.id)) ?? buried;
  return { ports, found };
};

test('sent again, it is as it was, by its user, and only once', async () => {
  const { ports, found } = await world(backup, letter);
  expect(await redriveLetter(ports, await found())).toMatchObject({ outcome: 'resent' });
  expect(ports.queues.sent).toEqual([
    { step: 'backup-package', message: { jobId, attempt: 1, volume: 1 }, user: 'ann' },
  ]);
  expect(ports.audited).toMatchObject([{ who: 'operator', what: 'dead-letter.redrive', jobId }]);
  expect(await redriveLetter(ports, await found())).toMatchObject({ outcome: 'resent-before' });
  expect(ports.queues.sent).toHaveLength(1);
});

test('a crash between sending and noting it has it sent twice, which every step bears', async () => {
  const { ports, found } = await world(backup, letter);
  const noteResent = () => Promise.reject(new Error('killed'));
  const dying = { ...ports, ledger: { ...ports.ledger, noteResent } };
  await expect(redriveLetter(dying, await found())).rejects.toThrow('killed');
  expect(await redriveLetter(ports, await found())).toMatchObject({ outcome: 'resent' });
  expect(ports.queues.sent).toHaveLength(2);
});

test('a request from outside that failed before its job was made makes the same job when it comes again', async () => {
  const ports = memoryPorts();
  const body = JSON.stringify({ userId: 'ann' });
  await buryLetter(ports, 'backup-request', body, 'sqs-message-1', 'ann');
  const [buried] = ports.ledger.letters();
  if (!buried) throw new Error('nothing was buried');
  expect(await redriveLetter(ports, buried)).toMatchObject({ outcome: 'resent' });
  expect(ports.queues.sent).toMatchObject([
    { step: 'backup-request', message: { jobId: buried.jobId, userId: 'ann' } },
  ]);
});

test("a notification of an upload goes again as what it tells of, and its job's letter knows its job", async () => {
  const waiting = sampleRestoreJob({ status: 'restore_uploaded' });
  const ports = memoryPorts();
  await ports.jobs.create(waiting);
  const key = `uploads/${waiting.userId}/${waiting.jobId}/1.fzip`;
  const body = JSON.stringify({ Records: [{ s3: { object: { key } } }] });
  const about = letterOf(waiting, { step: 'restore-start', body });
  expect(await redriveLetter(ports, about)).toMatchObject({ outcome: 'resent' });
  expect(ports.queues.sent).toMatchObject([{ step: 'restore-start', message: { key } }]);
});

test('a body that is too long is kept by its beginning, and says how long it was', async () => {
  const ports = memoryPorts();
  await buryLetter(ports, 'backup-collect', 'ü'.repeat(150_000), 'sqs-message-1');
  expect(ports.ledger.letters()).toMatchObject([{ bodyBytes: 300_000, cause: 'the message names no job' }]);
});

test('the story is told in order', () => {
  const failed: Job = {
    ...backup,
    status: 'backup_failed',
    createdAt: 1,
    startedAt: 2,
    completedAt: 12,
    intent: { kind: 'fail', code: 'STEP_FAILED', message: 'it failed', at: 11 },
  };
  expect(storyOf(letter, failed).map(({ at }) => at)).toEqual([1, 2, 10, 11, 12]);
  expect(storyOf(letter, undefined)).toMatchObject([{ at: 10, what: expect.stringContaining('backup-package') }]);
});
