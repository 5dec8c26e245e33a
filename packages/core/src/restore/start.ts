/** restore-start: something was uploaded. Finds its job and pins a copy, so that what is checked is what is restored. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { announceStart } from '../announce.ts';
import { JobId } from '../ids.ts';
import { advance, type Job } from '../jobs.ts';
import type { RestoreStartMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { type Idle, standing } from '../settle.ts';
import { stagingPrefix } from '../staging.ts';

/** `uploads/{userId}/{jobId}/{volume}.fzip` */
const uploadPattern = /^uploads\/([^/]+)\/([^/]+)\/1\.fzip$/;

/** What a message on the start queue may be: S3's notification, S3's test of it, or a key from the API. */
const Notification = z.union([
  z.object({ key: z.string() }).transform(({ key }) => [{ key }]),
  z
    .object({ Records: z.array(z.object({ s3: z.object({ object: z.object({ key: z.string() }) }) })) })
    .transform(({ Records }) => Records.map(({ s3 }) => ({ key: decodedKey(s3.object.key) }))),
  // S3 sends this once when the notification is made.
  z.object({ Event: z.literal('s3:TestEvent') }).transform((): RestoreStartMessage[] => []),
]);

/** Keys in notifications are URL-encoded, with plus signs for spaces. */
const decodedKey = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
};

/** The uploads that a message tells of. @throws ZodError if it is nothing of the kind */
export const startMessages = (body: unknown): RestoreStartMessage[] => Notification.parse(body);

/** The job that a key belongs to, if it is a restore's and the key names its user. */
export const jobOfUpload = async (ports: Ports, key: string): Promise<Job | undefined> => {
  const [, userId, jobId] = uploadPattern.exec(key) ?? [];
  if (!JobId.safeParse(jobId).success) return undefined;
  const found = await ports.jobs.find(jobId ?? '');
  // Keys come from outside: the job decides whose upload this is.
  return found?.jobType === 'restore' && found.userId === userId ? found : undefined;
};

type Outcome = Idle | 'started' | 'started-before' | 'unknown-key' | 'nothing-uploaded';

export const start = async (ports: Ports, { key }: RestoreStartMessage): Promise<Outcome> => {
  const found = await jobOfUpload(ports, key);
  if (!found) return 'unknown-key';
  const at = await standing(ports, found);
  if (!at.ok) return at.outcome;
  const job = at.job.status === 'restore_uploaded' ? await pin(ports, at.job, key) : at.job;
  if (!job) return 'nothing-uploaded';
  if (job.status !== 'restore_validating') return 'started-before';
  await announceStart(ports, job);
  await sendUnpack(ports, job);
  return at.job.status === 'restore_uploaded' ? 'started' : 'started-before';
};

/** Copies the upload as it is now. Its name has the ETag: whatever is uploaded later never takes its place. */
const pin = async (ports: Ports, job: Job, key: string): Promise<Job | undefined> => {
  const uploaded = await ports.packages.head(key);
  if (!uploaded) return undefined;
  const copy = `${stagingPrefix(job.jobId)}${job.attempt}/upload-001-${hash('sha256', uploaded.etag).slice(0, 16)}.fzip`;
  const { size, etag } = await ports.packages.copy(key, copy, { etag: uploaded.etag });
  const move = advance(job, 'restore_validating', ports.clock());
  if (!move.ok) throw new Error(`job ${job.jobId} is ${job.status} and cannot start`);
  const started = await ports.jobs.change(job, {
    ...move.patch,
    startedAt: ports.clock(),
    currentPhase: 'parsing_package',
    upload: { key: copy, size, etag },
  });
  ports.audit({ who: job.userId, what: 'job.status', jobId: job.jobId, outcome: started.status });
  return started;
};

export const sendUnpack = (ports: Ports, { jobId, attempt, userId }: Job): Promise<void> =>
  ports.queues.send('restore-unpack', [{ jobId, attempt, volume: 1 }], userId);
