/** Stories of users, chosen by a seed. */
import type { RestoreParameters } from '@fzip/core';
import type { Chance } from './chance.ts';
import { contentsOfPackage } from './contents.ts';
import { packageOf } from './packages.ts';
import { type Profile, smallProfile } from './profiles.ts';
import {
  act,
  askForRestore,
  backUp,
  cancel,
  clear,
  confirm,
  lives,
  peek,
  remove,
  rest,
  retry,
  sayUploaded,
  upload,
  waitFor,
} from './users.ts';
import type { World } from './world.ts';

const hour = 3_600_000;

/** From at once to as long as a job takes, now and then longer. */
const someTime = (chance: Chance): number =>
  chance.pick([
    chance.between(0, 500),
    chance.between(0, 5_000),
    chance.between(0, 20_000),
    chance.between(0, 2 * hour),
  ]);

type Told = {
  user: string;
  chance: Chance;
  /** Nothing is done but what the story is named after. */
  isPlain: boolean;
};

/** A profile that is backed up, and what its user does with the backup. */
const backup = async (world: World, { user, chance, isPlain }: Told): Promise<void> => {
  const profile = smallProfile(user, chance.between(1, 3));
  await lives(world, user, profile);
  const jobId = await backUp(world, user, profile, chance.pick([1, 24, 72, 72]));
  if (isPlain) return;
  const deed = chance.weighed({ none: 8, cancel: 2, remove: 2, again: 1 });
  if (deed === 'none') return;
  await rest(world, someTime(chance));
  if (deed === 'again') return void (await backUp(world, user, profile));
  world.story.disturbed.add(user);
  await (deed === 'cancel' ? cancel : remove)(world, jobId);
};

const isWaiting = (status: string | undefined) => status === 'restore_awaiting_confirmation';

/** A package that is restored into an empty profile, and what its user does meanwhile. */
const restore = async (world: World, told: Told): Promise<void> => {
  const { user, chance, isPlain } = told;
  if (isPlain) return plainRestore(world, user);
  const made = packageOf(chance.between(1, 2), chance.happens(0.25));
  // Whoever owns the ids is there in half of the worlds: then a restore must make new ones.
  const isThere = chance.happens(0.5);
  if (isThere && !world.story.before.has('alice')) await lives(world, 'alice', made.profile);
  const parameters: Partial<RestoreParameters> = {
    idMode: chance.pick(['auto', 'auto', 'remap']),
    requireConfirmation: chance.happens(0.2),
    validateOnly: chance.happens(0.08),
  };
  const jobId = await askForRestore(world, user, made, parameters);
  if (jobId === undefined) return;
  if (chance.happens(0.04)) {
    // Nobody ever uploads.
    world.story.disturbed.add(user);
    return;
  }
  await upload(world, user, jobId, made);
  if (chance.happens(0.3)) await sayUploaded(world, jobId);
  const deed = chance.weighed({ none: 10, cancel: 3, remove: 2, fill: 2 });
  if (deed !== 'none') {
    world.story.disturbed.add(user);
    act(world, () => disturb(world, told, jobId, deed));
  }
  if (parameters.requireConfirmation) {
    const waiting = await waitFor(world, jobId, (job) => isWaiting(job?.status), 3 * hour);
    if (waiting && chance.happens(0.9)) await confirm(world, jobId);
    else world.story.disturbed.add(user);
  }
  for (let tries = chance.between(0, 2); tries > 0; tries -= 1) await retryWhenFailed(world, jobId);
};

const plainRestore = async (world: World, user: string): Promise<void> => {
  const made = packageOf(1);
  await lives(world, 'alice', made.profile);
  const jobId = await askForRestore(world, user, made);
  if (jobId === undefined) throw new Error('the profile is not empty');
  await upload(world, user, jobId, made);
};

const disturb = async (
  world: World,
  { user, chance }: Told,
  jobId: string,
  deed: 'cancel' | 'remove' | 'fill',
): Promise<void> => {
  await rest(world, someTime(chance));
  if (deed === 'cancel') return cancel(world, jobId);
  if (deed === 'remove') return remove(world, jobId);
  // HouseF3 knows nothing of a restore that runs.
  const row = smallProfile(user, 9).rows.accounts[0];
  if (!row) throw new Error('a profile without accounts');
  world.memory.profiles.put('accounts', [row]);
  world.trace?.(`HouseF3 of ${user}`, 'writes an account', '');
  world.story.added.set(user, [{ kind: 'accounts', row, at: world.timeline.now() }]);
};

const retryWhenFailed = async (world: World, jobId: string): Promise<void> => {
  const failed = await waitFor(
    world,
    jobId,
    (job) => job === undefined || ['restore_failed', 'restore_completed', 'restore_canceled'].includes(job.status),
    6 * hour,
  );
  if (failed?.status === 'restore_failed') await retry(world, jobId);
};

/** Two restores of one user at once: one at most is written. */
const twoRestores = async (world: World, { user, chance }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const ids = [await askForRestore(world, user, made), await askForRestore(world, user, made)];
  for (const id of ids) if (id !== undefined) act(world, () => upload(world, user, id, made));
  if (chance.happens(0.4)) await rest(world, someTime(chance));
};

/** A restore that its user cancels while it works. */
const canceled = async (world: World, { user, chance, isPlain }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const jobId = await askForRestore(world, user, made);
  if (jobId === undefined) return;
  await upload(world, user, jobId, made);
  if (isPlain) return;
  const writes = (status: string | undefined) => status === undefined || status === 'restore_processing';
  await waitFor(world, jobId, (job) => writes(job?.status), 3 * hour, 20);
  await rest(world, chance.between(0, 2_500));
  await cancel(world, jobId);
};

/** A restore that its user cancels long after it has begun to write. */
const canceledLate = async (world: World, { user }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const jobId = await askForRestore(world, user, made);
  if (jobId === undefined) return;
  await upload(world, user, jobId, made);
  // Long after it would have completed, if nobody slept.
  await rest(world, 60_000);
  await cancel(world, jobId);
};

/** A backup that its user deletes right after asking for it. */
const removed = async (world: World, { user, chance }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const profile = smallProfile(user, 1);
  await lives(world, user, profile);
  const jobId = await backUp(world, user, profile);
  await rest(world, chance.between(0, 1_000));
  await remove(world, jobId);
};

/** A restore into a profile that HouseF3 fills meanwhile. */
const filled = async (world: World, told: Told): Promise<void> => {
  world.story.disturbed.add(told.user);
  const made = packageOf(2);
  const jobId = await askForRestore(world, told.user, made);
  if (jobId === undefined) return;
  await upload(world, told.user, jobId, made);
  await rest(world, told.chance.between(0, 6_000));
  await disturb(world, told, jobId, 'fill');
  if (told.chance.happens(0.5)) await cancel(world, jobId);
};

/** A restore that fails since the profile is filled, and is run again when it is empty: messages of both are on their way. */
const retried = async (world: World, { user, chance }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const jobId = await askForRestore(world, user, made);
  if (jobId === undefined) return;
  const row = smallProfile(user, 9).rows.accounts[0];
  if (!row) throw new Error('a profile without accounts');
  world.memory.profiles.put('accounts', [row]);
  await upload(world, user, jobId, made);
  await waitFor(world, jobId, (job) => job === undefined || job.completedAt !== undefined, 6 * hour, 100);
  world.memory.profiles.remove('accounts', row);
  for (let tries = chance.between(1, 2); tries > 0; tries -= 1) await retryWhenFailed(world, jobId);
};

/** Two users restore the same package at once: both find its ids free, and only one can have them. */
const samePackage = async (world: World, { user }: Told): Promise<void> => {
  const made = packageOf(1);
  for (const one of [user, `${user}-too`]) {
    world.story.disturbed.add(one);
    act(world, async () => {
      const jobId = await askForRestore(world, one, made);
      if (jobId !== undefined) await upload(world, one, jobId, made);
    });
  }
};

/** A profile that is cleared, and then restored. */
const clearing = async (world: World, { user, chance }: Told): Promise<void> => {
  await lives(world, user, smallProfile(user, 3));
  const made = packageOf(1);
  const jobId = await clear(world, user);
  if (jobId === undefined) return;
  await waitFor(world, jobId, (job) => job?.status !== 'clear_processing', 20 * hour);
  if ((await peek(world, jobId))?.status !== 'clear_completed' || chance.happens(0.3)) return;
  const restored = await askForRestore(world, user, made);
  if (restored !== undefined) await upload(world, user, restored, made);
};

/** A backup, and its package restored by another user as soon as it is there. */
const backupThenRestore = async (world: World, { user, chance }: Told): Promise<void> => {
  const profile = smallProfile(user, chance.between(1, 3));
  await lives(world, user, profile);
  const jobId = await backUp(world, user, profile);
  const job = await waitFor(world, jobId, (one) => one?.completedAt !== undefined, 20 * hour);
  if (job?.status !== 'backup_completed') return;
  const volumes = (job.packages ?? []).map(({ key }) => world.memory.packages.objects.get(key)?.bytes as Buffer);
  const packaged = await withoutFailed(volumes, profile);
  const other = `${user}-twin`;
  const restored = await askForRestore(world, other, { volumes, profile: packaged }, { idMode: 'auto' });
  if (restored !== undefined) await upload(world, other, restored, { volumes, profile: packaged });
};

/** What a package has of a profile: files that could not be read are stated in it, and not there. */
const withoutFailed = async (volumes: readonly Buffer[], profile: Profile): Promise<Profile> => {
  const { failedFiles } = await contentsOfPackage(volumes);
  const gone = profile.rows.transaction_files.filter(({ fileId }) => failedFiles.includes(String(fileId)));
  const files = new Map(profile.files);
  for (const { s3Key } of gone) files.delete(String(s3Key));
  return { ...profile, files };
};

const stories = {
  backup,
  restore,
  twoRestores,
  clearing,
  backupThenRestore,
  canceled,
  canceledLate,
  removed,
  filled,
  retried,
  samePackage,
} as const;
export type StoryName = keyof typeof stories;

/** Begins what the users of a run do: one of them, or several at once. Gives the names of the stories. */
export const beginStories = (
  world: World,
  chance: Chance,
  { only, isPlain }: { only?: readonly StoryName[] | undefined; isPlain: boolean },
): string[] => {
  const names = only ?? chosen(chance);
  names.forEach((name, n) => {
    const user = ['bob', 'carol', 'dave'][n] ?? `user-${n}`;
    act(world, () => stories[name](world, { user, chance, isPlain }));
  });
  return [...names];
};

const chosen = (chance: Chance): StoryName[] => {
  const one = (): StoryName =>
    chance.weighed({
      backup: 5,
      restore: 7,
      twoRestores: 1,
      clearing: 2,
      backupThenRestore: 2,
      canceled: 3,
      canceledLate: 0,
      removed: 1,
      filled: 1,
      retried: 2,
      samePackage: 1,
    });
  return Array.from({ length: chance.weighed({ one: 6, two: 3, three: 1 }) === 'one' ? 1 : chance.between(2, 3) }, one);
};
