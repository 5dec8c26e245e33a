/** Many users at once, and one who asks for very much. The full load is `npm run bench -- load`. */
import type { Ports } from '@fzip/core';
import { expect, test } from 'vitest';
import { runLoad } from '../bench/load/run.ts';
import { expectWhole, world } from './fixture.ts';

const isLong = process.env.FZIP_LONG === '1';
const size = isLong
  ? { users: 50, restores: 10, transactions: 100, files: 2 }
  : { users: 8, restores: 2, transactions: 30, files: 1 };

test(`${size.users} backups at once and ${size.restores} restores beside all complete, and the API answers all the while`, async () => {
  const on = await world();
  const { ended, api, failures } = await runLoad(on, size, 600_000);
  expect(ended).toEqual({ 'backup completed': size.users, 'restore completed': size.restores });
  expect(failures).toBe(0);
  expect(api.calls).toBeGreaterThan(size.users + size.restores);
  expect(on.failures).toEqual([]);
}, 660_000);

test("a small user's backup ends while a heavy user's many wait", async () => {
  const free = Promise.withResolvers<void>();
  const wrapPorts = (ports: Ports): Ports => ({
    ...ports,
    profiles: {
      ...ports.profiles,
      page: async (query) => {
        if (query.userId === 'heavy') await free.promise;
        return ports.profiles.page(query);
      },
    },
  });
  const on = await world({ wrapPorts, visibilitySeconds: 60 });
  for (const user of ['heavy', 'small']) await on.fillProfile({ user, transactions: 40, files: 1, seed: 1 });
  const heavy = on.client('heavy');
  const begun = await Promise.all(Array.from({ length: 8 }, () => heavy.createBackup()));
  const { id, ended } = await on.backUp('small');
  expect(ended.type).toBe('backup.completed');
  await expectWhole(on, 'small', id);
  for (const { backupId } of begun) expect((await heavy.backupStatus(backupId)).status).toMatch(/initiated|processing/);
  free.resolve();
  for (const { backupId } of begun) expect((await on.ended(backupId)).type).toBe('backup.completed');
}, 120_000);
