/** What must be so when a run is over. */
import { atRest, derivedId, type Job, jobOfPackage } from '@fzip/core';
import { entityKinds, formatRow, type Row } from '@fzip/format';
import { contentsOf, contentsOfPackage, difference, withoutIds } from './contents.ts';
import { isEmptyProfile, type Profile, profileNow } from './profiles.ts';
import { checkEvents } from './watch-events.ts';
import { violated, type World } from './world.ts';

/** Clocks differ, and calls take their time. */
const slackMs = 30_000;

const empty: Profile = {
  rows: { accounts: [], categories: [], file_maps: [], transaction_files: [], transactions: [], analytics: [] },
  files: new Map(),
};

/** When every job rests: what jobs and events say is so, packages hold what they must, and so do profiles. */
export const checkAtRest = async (world: World): Promise<void> => {
  const jobs = new Map(world.memory.jobs.all().map((job) => [job.jobId, job]));
  for (const job of jobs.values()) {
    if (!atRest(job.status)) violated(world, `job ${job.jobId} never ended: it is ${job.status}`);
    if (job.status === 'backup_completed') await checkPackage(world, job);
  }
  const users = new Set([...world.story.before.keys(), ...[...world.seen.values()].map(({ userId }) => userId)]);
  for (const user of users) checkProfile(world, user);
};

/** When the retry window is over and the sweep has run: nothing is left that nobody needs. */
export const checkAtEnd = async (world: World): Promise<void> => {
  const { memory, seen } = world;
  const jobs = new Map(memory.jobs.all().map((job) => [job.jobId, job]));
  for (const job of seen.values()) {
    const now = jobs.get(job.jobId);
    checkEvents(world, now ?? job, now === undefined);
  }
  const wanted = new Set(
    [...jobs.values()].flatMap((job) =>
      job.status === 'backup_completed' ? (job.packages ?? []).map(({ key }) => key) : [],
    ),
  );
  for (const key of memory.packages.objects.keys())
    if (!wanted.has(key)) violated(world, `object ${key} is left (job: ${jobs.get(jobOf(key))?.status ?? 'gone'})`);
  for (const key of wanted) if (!memory.packages.objects.has(key)) violated(world, `object ${key} is gone`);
  for (const store of ['packages', 'files'] as const)
    for await (const { key } of memory[store].unfinished('')) violated(world, `an unfinished upload of ${key} is left`);
  for (const [user, { jobId }] of memory.ledger.locks)
    violated(world, `the profile of ${user} is locked by job ${jobId} (${jobs.get(jobId)?.status ?? 'gone'})`);
  const kept = new Set(memory.ledger.letters().map(({ id }) => id));
  for (const { step, messageId } of world.dead)
    if (!kept.has(derivedId(`dead:${step}:${messageId}`))) violated(world, `a dead letter of ${step} was not kept`);
  for (const kind of entityKinds)
    if (memory.scratch.rows(kind).length > 0) violated(world, `rows of ${kind} are left in the scratch tables`);
  for (const user of new Set([...seen.values()].map(({ userId }) => userId))) checkProfile(world, user);
};

const jobOf = (key: string): string =>
  key.startsWith('packages/') ? jobOfPackage(key) : (key.split('/').find((part) => part.length === 36) ?? '');

const checkPackage = async (world: World, job: Job): Promise<void> => {
  const profile = world.story.backups.get(job.jobId);
  if (!profile) return violated(world, `backup ${job.jobId} was asked for by nobody`);
  const objects = (job.packages ?? []).map(({ key }) => world.memory.packages.objects.get(key)?.bytes);
  const volumes = objects.filter((bytes) => bytes !== undefined);
  if (volumes.length < objects.length || volumes.length === 0)
    return violated(world, `backup ${job.jobId} is completed and ${objects.length - volumes.length} volumes are gone`);
  try {
    const { errors, failedFiles, ...found } = await contentsOfPackage(volumes);
    if (errors.length > 0) violated(world, `backup ${job.jobId} is completed and not intact: ${errors[0]}`);
    // A file that could not be read is stated: then it is no silent loss.
    const expected = contentsOf(profile);
    for (const id of failedFiles) expected.files.delete(id);
    const differs = difference(found, expected);
    if (differs) violated(world, `backup ${job.jobId} is completed and is not the profile: ${differs}`);
  } catch (error) {
    violated(world, `backup ${job.jobId} is completed and cannot be read: ${String(error)}`);
  }
};

/** What a user's profile must be: as before, as the package that was restored, empty; and what others wrote is there. */
const checkProfile = (world: World, user: string): void => {
  const { story, seen, memory } = world;
  const now = withoutAdded(world, user, profileNow(memory, user));
  let expected = story.before.get(user) ?? empty;
  const mine = [...seen.values()].filter(({ userId }) => userId === user);
  const written = mine
    .filter(({ status }) => status === 'restore_completed' || status === 'clear_completed')
    .sort((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
  for (const { jobId, status } of written) {
    const { writing } = seen.get(jobId) ?? {};
    const early = (story.added.get(user) ?? []).some(({ at }) => writing && at + slackMs < writing.startedAt);
    if (early) violated(world, `restore ${jobId} began to write into a profile that was filled before`);
    if (status === 'clear_completed') expected = empty;
    else if (isEmptyProfile(expected)) expected = story.restores.get(jobId) ?? empty;
    else violated(world, `restore ${jobId} completed into a profile that was not empty`);
  }
  const half = mine.some(({ status }) => status === 'clear_failed');
  if (half) return;
  const differs = difference(withoutIds(now), withoutIds(expected));
  const jobs = mine.map(({ jobType, status }) => `${jobType}: ${status}`).join(', ') || 'no job';
  if (differs) violated(world, `the profile of ${user} is not as it must be (${jobs}): ${differs}`);
  const untouched = written.length === 0 && difference(contentsOf(now), contentsOf(expected));
  if (untouched) violated(world, `the profile of ${user} was touched (${jobs}): ${untouched}`);
};

/** A profile without the rows that its user's HouseF3 wrote meanwhile; each must be there as it was written. */
const withoutAdded = (world: World, user: string, profile: Profile): Profile => {
  const rows = { ...profile.rows };
  for (const { kind, row } of world.story.added.get(user) ?? []) {
    const isIt = (other: Row) => formatRow(other) === formatRow(row);
    if (!rows[kind].some(isIt)) violated(world, `a row of ${kind} that ${user} wrote is gone or changed`);
    rows[kind] = rows[kind].filter((other) => !isIt(other));
  }
  return { ...profile, rows };
};
