/** Stories of backups. */
import { contentsOfPackage } from '../contents.ts';
import { type Profile, smallProfile } from '../profiles.ts';
import { askForRestore, backUp, cancel, lives, remove, rest, upload, waitFor } from '../users.ts';
import type { World } from '../world.ts';
import { hour, someTime, type Told } from './told.ts';

/** A profile that is backed up, and what its user does with the backup. */
export const backup = async (world: World, { user, chance, isPlain }: Told): Promise<void> => {
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

/** A backup that its user deletes right after asking for it. */
export const removed = async (world: World, { user, chance }: Told): Promise<void> => {
  world.story.disturbed.add(user);
  const profile = smallProfile(user, 1);
  await lives(world, user, profile);
  const jobId = await backUp(world, user, profile);
  await rest(world, chance.between(0, 1_000));
  await remove(world, jobId);
};

/** What a package has of a profile: files that could not be read are stated in it, and not there. */
const withoutFailed = async (volumes: readonly Buffer[], profile: Profile): Promise<Profile> => {
  const { failedFiles } = await contentsOfPackage(volumes);
  const gone = profile.rows.transaction_files.filter(({ fileId }) => failedFiles.includes(String(fileId)));
  const files = new Map(profile.files);
  for (const { s3Key } of gone) files.delete(String(s3Key));
  return { ...profile, files };
};

/** A backup, and its package restored by another user as soon as it is there. */
export const backupThenRestore = async (world: World, { user, chance }: Told): Promise<void> => {
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
