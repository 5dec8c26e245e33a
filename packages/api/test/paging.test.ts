import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { BackupList } from '../src/schemas.ts';
import { makeWorld, putJob, start, type World } from './world.ts';

const pageOf = async (world: World, query: Record<string, number>) => {
  const text = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  const response = await world.as('ann')(`/fzip/backup?${text.join('&')}`);
  expect(response.status).toBe(200);
  return BackupList.parse(await response.json());
};

const putBackups = async (world: World, count: number) => {
  for (let n = 0; n < count; n += 1) {
    await putJob(world, 'ann', 'backup_failed', { createdAt: world.ports.time.now });
    world.ports.time.now += 1_000;
  }
};

describe('the list of backups', () => {
  it('is newest first', async () => {
    const world = makeWorld();
    await putBackups(world, 3);
    const { backups } = await pageOf(world, {});
    expect(backups.map(({ requestedAt }) => requestedAt)).toEqual([start + 2_000, start + 1_000, start]);
  });

  it('ends where it ends, and counts all however far the offset', async () => {
    const world = makeWorld();
    await putBackups(world, 5);
    expect(await pageOf(world, { limit: 5 })).toMatchObject({ total: 5, hasMore: false });
    expect(await pageOf(world, { limit: 4 })).toMatchObject({ total: 5, hasMore: true });
    expect(await pageOf(world, { limit: 2, offset: 99 })).toMatchObject({
      backups: [],
      total: 5,
      hasMore: false,
      offset: 99,
    });
  });

  test.prop(
    [
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 10 }),
    ],
    { numRuns: 40 },
  )('neither repeats nor skips while others are made, page after page', async (count, limit, newcomers) => {
    const world = makeWorld();
    await putBackups(world, count);
    const wanted = world.ports.jobs
      .all()
      .map(({ jobId }) => jobId)
      .reverse();
    const seen: string[] = [];
    let asOf: number | undefined;
    for (let page = 0; ; page += 1) {
      const answer = await pageOf(world, { limit, offset: seen.length, ...(asOf === undefined ? {} : { asOf }) });
      expect(answer.total).toBe(count);
      seen.push(...answer.backups.map(({ backupId }) => backupId));
      expect(answer.hasMore).toBe(seen.length < count);
      if (!answer.hasMore) break;
      asOf = answer.asOf;
      world.ports.time.now += 1;
      await putBackups(world, newcomers[page] ?? 0);
    }
    expect(seen).toEqual(wanted);
  });
});
