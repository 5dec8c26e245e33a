/** What happened, for whoever wants to know: CloudEvents 1.0 on one topic. */
import * as z from 'zod';
import { Counts } from './counts.ts';
import { derivedId } from './ids.ts';
import { type Job, type JobType, Quality } from './jobs.ts';

const Backup = z.object({ backupId: z.uuid(), userId: z.string(), backupType: z.string() });
const Restore = z.object({ restoreId: z.uuid(), userId: z.string() });
const cause = { error: z.string(), message: z.string() };

/** Every event and what it carries. DESIGN.md section 6. */
export const eventData = {
  'backup.initiated': Backup,
  'backup.completed': Backup.extend({
    packageSize: z.number(),
    volumes: z.number(),
    counts: Counts,
    validation: Quality,
    expiresAt: z.number(),
  }),
  'backup.failed': Backup.extend(cause),
  'backup.canceled': Backup.extend(cause),
  'backup.expired': Backup,
  'backup.expiring': Backup.extend({ expiresAt: z.number() }),
  'restore.initiated': Restore,
  'restore.validated': Restore,
  'restore.validation_failed': Restore.extend(cause),
  'restore.awaiting_confirmation': Restore,
  'restore.completed': Restore.extend({ counts: Counts }),
  'restore.failed': Restore.extend(cause),
  'restore.canceled': Restore.extend(cause),
  'profile.cleared': z.object({ userId: z.string(), counts: Counts }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof eventData;
export const eventTypes = Object.keys(eventData) as [EventType, ...EventType[]];

export const FzipEvent = z.object({
  specversion: z.literal('1.0'),
  /** Follows from job, attempt and type, so that a repeat is recognisable. */
  id: z.uuid(),
  source: z.literal('housef3.fzip'),
  type: z.enum(eventTypes),
  /** The job's id. */
  subject: z.uuid(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  data: z.looseObject({ userId: z.string() }),
});
export type FzipEvent = z.infer<typeof FzipEvent>;

/** The attributes that a subscription's filter policy may name. */
export const eventAttributes = (event: FzipEvent, jobType: JobType) => ({
  eventType: event.type,
  userId: event.data.userId,
  jobType,
});

/** What happened to a job. There is one `initiated` per job and one ending per attempt, by id. */
export const eventOf = <T extends EventType>(
  type: T,
  job: Pick<Job, 'jobId' | 'attempt' | 'userId'>,
  data: Omit<z.input<(typeof eventData)[T]>, 'userId'>,
  at: number,
  /** Tells apart what may happen to an attempt more than once. */
  ...which: number[]
): FzipEvent => ({
  specversion: '1.0',
  id: derivedId([job.jobId, ...(type.endsWith('.initiated') ? [] : [job.attempt]), type, ...which].join(':')),
  source: 'housef3.fzip',
  type,
  subject: job.jobId,
  time: new Date(at).toISOString(),
  datacontenttype: 'application/json',
  data: eventData[type].parse({ ...data, userId: job.userId }) as FzipEvent['data'],
});
