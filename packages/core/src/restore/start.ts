/** restore-start: something was uploaded. Finds its job and pins a copy, so that what is checked is what is restored. */
import * as z from 'zod';
import { announceStart } from '../announce.ts';
import { JobId } from '../ids.ts';
import { advance, type Job, restoreParameters } from '../jobs.ts';
import type { RestoreStartMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { type Idle, standing } from '../settle.ts';
import { unpackPieces } from './unpacked.ts';
import { pinUploads, placeOfUpload, receivedUploads } from './uploads.ts';

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

/** The job that a key belongs to, if it is a restore's, waits for so many volumes, and the key names its user. */
export const jobOfUpload = async (ports: Ports, key: string): Promise<Job | undefined> => {
  const place = placeOfUpload(key);
  if (!place || !JobId.safeParse(place.jobId).success) return undefined;
  const found = await ports.jobs.find(place.jobId);
  // Keys come from outside: the job decides whose upload this is.
  if (found?.jobType !== 'restore' || found.userId !== place.userId) return undefined;
  return place.volume <= restoreParameters(found).volumes ? found : undefined;
};

type Outcome = Idle | 'started' | 'started-before' | 'unknown-key' | 'waits-for-more';

export const start = async (ports: Ports, { key }: RestoreStartMessage): Promise<Outcome> => {
  const found = await jobOfUpload(ports, key);
  if (!found) return 'unknown-key';
  const at = await standing(ports, found);
  if (!at.ok) return at.outcome;
  const job = at.job.status === 'restore_uploaded' ? await pin(ports, at.job) : at.job;
  if (!job) return 'waits-for-more';
  if (job.status !== 'restore_validating') return 'started-before';
  await announceStart(ports, job);
  await sendUnpack(ports, job);
  return at.job.status === 'restore_uploaded' ? 'started' : 'started-before';
};

/** Takes the uploads as they are now, once all of them are there. */
const pin = async (ports: Ports, job: Job): Promise<Job | undefined> => {
  const { missing } = await receivedUploads(ports, job);
  const uploads = missing.length === 0 ? await pinUploads(ports, job) : undefined;
  if (!uploads) return undefined;
  const move = advance(job, 'restore_validating', ports.clock());
  if (!move.ok) throw new Error(`job ${job.jobId} is ${job.status} and cannot start`);
  const started = await ports.jobs.change(job, {
    ...move.patch,
    startedAt: ports.clock(),
    currentPhase: 'parsing_package',
    uploads,
  });
  ports.audit({ who: job.userId, what: 'job.status', jobId: job.jobId, outcome: started.status });
  return started;
};

export const sendUnpack = (ports: Ports, job: Job): Promise<void> => {
  const { jobId, attempt, userId } = job;
  const messages = Array.from({ length: unpackPieces(job) }, (_, volume) => ({ jobId, attempt, volume }));
  return ports.queues.send('restore-unpack', messages, userId);
};
