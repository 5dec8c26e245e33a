/** Looks at every event as it is published: what it tells is so. And at all of them in the end: each was told, as one. */
import { derivedId, type EventType, type FzipEvent, type Job, type JobStatus } from '@fzip/core';
import { violated, type World } from './world.ts';

/** The statuses of which an event may tell. An expiry may come between an ending and the word of it. */
const told: Readonly<Partial<Record<EventType, readonly JobStatus[]>>> = {
  'backup.completed': ['backup_completed', 'backup_expired'],
  'backup.failed': ['backup_failed'],
  'backup.canceled': ['backup_canceled'],
  'backup.expired': ['backup_expired'],
  'restore.validated': ['restore_validation_passed'],
  'restore.validation_failed': ['restore_validation_failed'],
  'restore.completed': ['restore_completed'],
  'restore.failed': ['restore_failed'],
  'restore.canceled': ['restore_canceled'],
  'profile.cleared': ['clear_completed'],
};

const endings: readonly EventType[] = (Object.keys(told) as EventType[]).filter((type) => type !== 'backup.expired');

const idOf = (jobId: string, attempt: number, type: EventType): string => derivedId([jobId, attempt, type].join(':'));

export const watchEvents = async (world: World, event: FzipEvent): Promise<void> => {
  const job = await world.memory.jobs.find(event.subject);
  if (job && event.data.userId !== job.userId)
    violated(world, `${event.type} of ${event.subject} names ${event.data.userId}`);
  const statuses = told[event.type];
  // Of a deleted job, or of an attempt before, nobody can say any more what it was.
  if (!job || !statuses || event.id !== idOf(job.jobId, job.attempt, event.type)) return;
  if (!statuses.includes(job.status))
    violated(world, `${event.type} was published while job ${job.jobId} was ${job.status}`);
};

/** What was published of a job, once it rests; `isDeleted` of one whose row is gone. */
export const checkEvents = (world: World, job: Job, isDeleted: boolean): void => {
  if (job.jobType === 'validation' || job.roundTrip) return;
  const say = (what: string) => violated(world, `job ${job.jobId}: ${what}`);
  const events = world.memory.events.published.map(({ event }) => event).filter(({ subject }) => subject === job.jobId);
  const initiated = new Set(events.filter(({ type }) => type.endsWith('.initiated')).map(({ id }) => id));
  if (initiated.size > 1) say(`${initiated.size} initiated events by id`);
  const hasBegun = job.startedAt !== undefined && job.jobType !== 'clear';
  if (initiated.size === 0 && hasBegun && !isDeleted) say('it began, and no event told so');
  for (let attempt = 1; attempt <= job.attempt; attempt += 1) {
    const ends = endings.filter((type) => events.some(({ id }) => id === idOf(job.jobId, attempt, type)));
    if (ends.length > 1) say(`attempt ${attempt} ended as ${ends.join(' and as ')}`);
    const mustTell = !isDeleted && job.status !== 'clear_failed';
    if (ends.length === 0 && mustTell) say(`no event told how attempt ${attempt} ended (${job.status})`);
  }
  const known = new Set(
    Array.from({ length: job.attempt }, (_, n) => endings.map((type) => idOf(job.jobId, n + 1, type))).flat(),
  );
  const strange = events.filter(({ type, id }) => endings.includes(type) && !known.has(id));
  if (strange.length > 0) say(`${strange.length} endings with ids of their own`);
};
