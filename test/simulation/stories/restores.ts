/** Stories of restores. */

import type { RestoreParameters } from '@fzip/core';
import { packageOf } from '../packages.ts';
import { smallProfile } from '../profiles.ts';
import {
  act,
  askForRestore,
  cancel,
  confirm,
  lives,
  remove,
  rest,
  retry,
  sayUploaded,
  upload,
  waitFor,
} from '../users.ts';
import type { World } from '../world.ts';
import { hour, someTime, type Told } from './told.ts';

/** A package that is restored into an empty profile, and what its user does meanwhile. */
export const restore = async (world: World, told: Told): Promise<void> => {
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

const isWaiting = (status: string | undefined) => status === 'restore_awaiting_confirmation';

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

export const retryWhenFailed = async (world: World, jobId: string): Promise<void> => {
  const failed = await waitFor(
    world,
    jobId,
    (job) => job === undefined || ['restore_failed', 'restore_completed', 'restore_canceled'].includes(job.status),
    6 * hour,
  );
  if (failed?.status === 'restore_failed') await retry(world, jobId);
};

/** A restore that its user cancels while it works. */
export const canceled = async (world: World, { user, chance, isPlain }: Told): Promise<void> => {
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
export const canceledLate = async (world: World, { user }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const made = packageOf(1);
  const jobId = await askForRestore(world, user, made);
  if (jobId === undefined) return;
  await upload(world, user, jobId, made);
  // Long after it would have completed, if nobody slept.
  await rest(world, 60_000);
  await cancel(world, jobId);
};

/** A restore into a profile that HouseF3 fills meanwhile. */
export const filled = async (world: World, told: Told): Promise<void> => {
  world.story.disturbed.add(told.user);
  const made = packageOf(2);
  const jobId = await askForRestore(world, told.user, made);
  if (jobId === undefined) return;
  await upload(world, told.user, jobId, made);
  await rest(world, told.chance.between(0, 6_000));
  await disturb(world, told, jobId, 'fill');
  if (told.chance.happens(0.5)) await cancel(world, jobId);
};
