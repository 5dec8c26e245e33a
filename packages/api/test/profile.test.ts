import type { Job } from '@fzip/core';
import { sampleRow } from '@fzip/testing';
import { describe, expect, it } from 'vitest';
import { Choices, ClearProfileResponse, ClearStatus, Profile } from '../src/profile-schemas.ts';
import { makeWorld, post, putJob, putRestore, start, type World } from './world.ts';

const remove = (body?: unknown): RequestInit => ({ ...post(body), method: 'DELETE' });

const refused = async (world: World, body: unknown) => {
  const response = await world.as('ann')('/fzip/profile', remove(body));
  return { http: response.status, ...((await response.json()) as object) };
};

describe.each(['/fzip', ''])('under "%s" a profile', (mount) => {
  it('tells what it holds, and whether a package can be restored into it', async () => {
    const world = makeWorld();
    const told = async () => Profile.strict().parse(await (await world.as('ann')(`${mount}/profile`)).json());
    expect(await told()).toMatchObject({ empty: true, exact: true });
    const category = {
      ...sampleRow('categories', 'ann'),
      type: 'TRANSFER',
      name: 'Transfers',
      icon: 'transfer',
      rules: [],
    };
    world.ports.profiles.put('categories', [category]);
    expect(await told()).toMatchObject({ counts: { categories: 1 }, empty: true });
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann')]);
    expect(await told()).toMatchObject({ counts: { accounts: 1 }, empty: false });
  });

  it('is cleared at a word, which is a job that can be looked at by its user alone', async () => {
    const world = makeWorld();
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann')]);
    const { jobId, summary } = await putJob(world, 'ann', 'backup_completed', { expiresAt: start + 1e9 });
    const few = { ...summary, counts: { ...summary?.counts, accounts: 0 } } as never;
    await world.ports.jobs.change((await world.ports.jobs.find(jobId)) as Job, { summary: few });
    const small = await world.as('ann')(`${mount}/profile`, remove({ confirm: 'ann' }));
    expect(await small.json()).toMatchObject({ error: 'NO_BACKUP', message: expect.stringContaining(jobId) });
    await putJob(world, 'ann', 'backup_completed', {
      expiresAt: start + 1e9,
      summary: { ...summary, counts: { ...summary?.counts, accounts: 1 } } as never,
    });
    const response = await world.as('ann')(`${mount}/profile`, remove({ confirm: 'ann' }));
    expect(response.status).toBe(202);
    const answer = ClearProfileResponse.strict().parse(await response.json());
    expect(answer).toMatchObject({ status: 'processing', counts: { accounts: 1 } });
    const path = `${mount}/profile/clear/${answer.clearId}`;
    expect(response.headers.get('location')).toBe(path);
    expect(ClearStatus.strict().parse(await (await world.as('ann')(path)).json())).toMatchObject({
      clearId: answer.clearId,
      status: 'processing',
      progress: 0,
    });
    expect((await world.as('bob')(path)).status).toBe(404);
    expect((await world.as('ann')(`${mount}/restore/${answer.clearId}/status`)).status).toBe(404);
    const again = await world.as('ann')(`${mount}/profile`, remove({ confirm: 'ann' }));
    expect(await again.json()).toMatchObject({ clearId: answer.clearId });
    expect(world.ports.queues.sent.filter(({ step }) => step === 'profile-clear')).toHaveLength(1);
    const backup = await world.as('ann')(`${mount}/backup`, post());
    expect([backup.status, await backup.json()]).toMatchObject([409, { error: 'PROFILE_BUSY' }]);
  });
});

describe('a profile is not cleared', () => {
  it.each([
    [{}, 400, 'INVALID_REQUEST'],
    [{ confirm: 'bob' }, 422, 'NOT_CONFIRMED'],
    [{ confirm: 'ann ' }, 422, 'NOT_CONFIRMED'],
    [{ confirm: '' }, 422, 'NOT_CONFIRMED'],
    [{ confirm: 'ann' }, 409, 'NO_BACKUP'],
    [{ confirm: 'ann', withoutBackup: 'yes' }, 400, 'INVALID_REQUEST'],
    [{ confirm: 'ann', userId: 'bob' }, 400, 'INVALID_REQUEST'],
    ['{', 400, 'INVALID_JSON'],
    [undefined, 400, 'INVALID_REQUEST'],
  ])('by %j: %i %s', async (body, http, error) => {
    const world = makeWorld();
    expect(await refused(world, body)).toMatchObject({ http, error });
    expect(world.ports.queues.sent).toEqual([]);
  });

  it('by a backup of a part, an expired one, or one of another user', async () => {
    const world = makeWorld();
    await putJob(world, 'ann', 'backup_expired');
    await putJob(world, 'bob', 'backup_completed', { expiresAt: start + 1e9 });
    await putJob(world, 'ann', 'backup_completed', {
      expiresAt: start + 1e9,
      parameters: { backupType: 'accounts_only', includeAnalytics: false, expiresInHours: 24 },
    });
    expect(await refused(world, { confirm: 'ann' })).toMatchObject({ http: 409, error: 'NO_BACKUP' });
  });

  it('while another job of its user works, which is named', async () => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_uploaded');
    const answer = await refused(world, { confirm: 'ann', withoutBackup: true });
    expect(answer).toMatchObject({ http: 409, error: 'JOBS_RUNNING', message: expect.stringContaining(jobId) });
  });
});

describe('what a selective backup can be made of', () => {
  it('is told by name, of the own profile alone', async () => {
    const world = makeWorld();
    const account = sampleRow('accounts', 'ann');
    world.ports.profiles.put('accounts', [
      { ...account, accountName: 'Checking' },
      { ...sampleRow('accounts', 'bob'), accountName: 'of bob' },
    ]);
    const answer = Choices.strict().parse(await (await world.as('ann')('/fzip/profile/choices')).json());
    expect(answer).toEqual({ accounts: [{ id: account.accountId, name: 'Checking' }], categories: [], more: false });
  });
});
