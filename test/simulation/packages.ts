/** Packages to restore, each made once by a backup to which nothing happens. */
import { noFaults } from './faults.ts';
import { type Profile, smallProfile } from './profiles.ts';
import { makeZlibSynchronous } from './quiet.ts';
import { runToRest } from './run.ts';
import { act, backUp, lives } from './users.ts';
import { createWorld } from './world.ts';

export type PackageMade = { volumes: Buffer[]; profile: Profile };

/** Bytes of a volume by which a small profile becomes a set. */
export const smallVolumes = 900;

const made = new Map<string, PackageMade>();

const [owner, variants] = ['alice', [1, 2]];
const nameOf = (variant: number, isSet: boolean): string => `${variant} ${isSet}`;

/** Makes every package that a story may restore. Before a run: two worlds cannot go on at the same time. */
export const makePackages = async (): Promise<void> => {
  for (const variant of variants)
    for (const isSet of [false, true]) {
      const name = nameOf(variant, isSet);
      if (!made.has(name)) made.set(name, await make(variant, isSet));
    }
};

/** A package of alice's small profile, in one volume or in several. @throws Error if it was not made */
export const packageOf = (variant: number, isSet = false): PackageMade => {
  const found = made.get(nameOf(variant, isSet));
  if (!found) throw new Error(`no package of variant ${variant}; there are ${variants.join(', ')}`);
  return found;
};

const make = async (variant: number, isSet: boolean): Promise<PackageMade> => {
  makeZlibSynchronous();
  const limits = isSet ? { volumeBytes: smallVolumes } : {};
  const world = createWorld({ seed: 1, faults: noFaults, limits });
  const profile = smallProfile(owner, variant);
  let jobId = '';
  act(world, async () => {
    await lives(world, owner, profile);
    jobId = await backUp(world, owner, profile);
  });
  await runToRest(world);
  const job = await world.memory.jobs.find(jobId);
  if (job?.status !== 'backup_completed') throw new Error(`the backup is ${job?.status}: ${[...world.violations]}`);
  const volumes = (job.packages ?? []).map(
    ({ key }) => world.memory.packages.objects.get(key)?.bytes ?? Buffer.alloc(0),
  );
  return { volumes, profile };
};
