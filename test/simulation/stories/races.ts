/** Stories in which several want one profile, or one wants it again. */
import { packageOf } from '../packages.ts';
import { smallProfile } from '../profiles.ts';
import { act, askForRestore, clear, lives, peek, rest, upload, waitFor } from '../users.ts';
import type { World } from '../world.ts';
import { retryWhenFailed } from './restores.ts';
import { hour, someTime, type Told } from './told.ts';

/** A restore that fails since the profile is filled, and is run again when it is empty: messages of both are on their way. */
export const retried = async (world: World, { user, chance }: Told): Promise<void> => {
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

/** Two restores of one user at once: one at most is written. */
export const twoRestores = async (world: World, { user, chance }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const ids = [await askForRestore(world, user, made), await askForRestore(world, user, made)];
  for (const id of ids) if (id !== undefined) act(world, () => upload(world, user, id, made));
  if (chance.happens(0.4)) await rest(world, someTime(chance));
};

/** Two users restore the same package at once: both find its ids free, and only one can have them. */
export const samePackage = async (world: World, { user }: Told): Promise<void> => {
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
export const clearing = async (world: World, { user, chance }: Told): Promise<void> => {
  await lives(world, user, smallProfile(user, 3));
  const made = packageOf(1);
  const jobId = await clear(world, user);
  if (jobId === undefined) return;
  await waitFor(world, jobId, (job) => job?.status !== 'clear_processing', 20 * hour);
  if ((await peek(world, jobId))?.status !== 'clear_completed' || chance.happens(0.3)) return;
  const restored = await askForRestore(world, user, made);
  if (restored !== undefined) await upload(world, user, restored, made);
};
