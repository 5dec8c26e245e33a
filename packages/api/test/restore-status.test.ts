import { uploadKey } from '@fzip/core';
import { stagedScope } from '@fzip/core/restore/unpacked';
import { sampleRow } from '@fzip/testing';
import { describe, expect, it } from 'vitest';
import { RestoreStatus } from '../src/restore-schemas.ts';
import { makeWorld, post, putRestore, start, type World } from './world.ts';

const drop: RequestInit = { method: 'DELETE' };
const counts = { accounts: 1, categories: 2, file_maps: 3, transaction_files: 4, transactions: 5, analytics: 6 };

const answerOf = async (response: Response) => ({ http: response.status, ...((await response.json()) as object) });

describe('the status of a restore', () => {
  const statusOf = async (world: World, jobId: string) =>
    RestoreStatus.strict().parse(await (await world.as('ann')(`/fzip/restore/${jobId}/status`)).json());
  const verdict = {
    profileEmpty: true,
    schemaValid: true,
    ready: true,
    errors: [],
    errorCount: 0,
    errorsByCode: {},
    warnings: ['w'],
  };

  it('of a completed one tells what was found and what was restored, and no secret or key', async () => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_completed', {
      progress: 97,
      currentPhase: 'verifying',
      startedAt: start + 1,
      completedAt: start + 2,
      uploads: [{ key: 'staging/of-ann', size: 10, etag: 'the-etag' }],
      writing: { idMode: 'remap', secret: 'the-secret', startedAt: start },
      validationResults: verdict,
      packageCounts: counts,
      results: counts,
    });
    const shown = await statusOf(world, jobId);
    expect(shown).toEqual({
      restoreId: jobId,
      status: 'completed',
      progress: 100,
      currentPhase: 'verifying',
      validateOnly: false,
      requireConfirmation: false,
      idMode: 'remap',
      createdAt: start,
      uploadedAt: start + 1,
      completedAt: start + 2,
      validationResults: { ...verdict, guidance: [] },
      summary: { counts, ids: 'new' },
      restoreResults: {
        accounts_restored: 1,
        categories_restored: 2,
        file_maps_restored: 3,
        files_restored: 4,
        files_without_bytes: 0,
        transactions_restored: 5,
        analytics_restored: 6,
      },
    });
    const list = await (await world.as('ann')('/fzip/restore')).text();
    expect(JSON.stringify(shown) + list).not.toMatch(/the-secret|the-etag|staging|ann/);
  });

  it.each([
    ['restore_uploaded', 'uploaded', 40],
    ['restore_validating', 'validating', 40],
    ['restore_validation_passed', 'validation_passed', 100],
    ['restore_validation_failed', 'validation_failed', 40],
    ['restore_awaiting_confirmation', 'awaiting_confirmation', 40],
    ['restore_processing', 'processing', 40],
    ['restore_rolling_back', 'rolling_back', 40],
    ['restore_completed', 'completed', 100],
    ['restore_failed', 'failed', 40],
    ['restore_canceled', 'canceled', 40],
  ] as const)('%s shows as %s, at %i percent', async (status, shown, progress) => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', status, { progress: 40 });
    expect(await statusOf(world, jobId)).toMatchObject({ status: shown, progress });
  });

  it('of a failed one tells why', async () => {
    const world = makeWorld();
    const error = { code: 'VALIDATION_FAILED', message: 'data/accounts.json: 104 rows, manifest says 96' };
    const { jobId } = await putRestore(world, 'ann', 'restore_validation_failed', { error, errorDetails: ['a', 'b'] });
    expect(await statusOf(world, jobId)).toMatchObject({
      status: 'validation_failed',
      errorMessage: error.message,
      error: { ...error, details: ['a', 'b'] },
    });
  });
});

describe('a restore that waits', () => {
  it('is told twice of its upload and stays what it is', async () => {
    const world = makeWorld();
    const job = await putRestore(world, 'ann', 'restore_uploaded');
    for (const _ of [1, 2]) {
      expect(await answerOf(await world.as('ann')(`/fzip/restore/${job.jobId}/upload`, post()))).toEqual({
        http: 200,
        restoreId: job.jobId,
        status: 'uploaded',
        message: 'the package is not there yet; it will be checked as soon as all of it is',
      });
    }
    expect(world.ports.queues.sent.map(({ step, message }) => [step, message])).toEqual(
      [1, 2].map(() => ['restore-start', { key: uploadKey(job, 1) }]),
    );
  });

  it('that has its package already is started by nobody’s word', async () => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_processing');
    const answer = await answerOf(await world.as('ann')(`/fzip/restore/${jobId}/upload`, post()));
    expect(answer).toMatchObject({ http: 200, status: 'processing', message: 'the profile is being restored' });
    expect(world.ports.queues.sent).toEqual([]);
  });

  it('for its user waits on if the profile is not empty any more, and says what is there', async () => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_awaiting_confirmation');
    world.ports.profiles.put('accounts', [sampleRow('accounts', 'ann')]);
    const answer = await answerOf(await world.as('ann')(`/fzip/restore/${jobId}/start`, post()));
    expect(answer).toMatchObject({ http: 409, error: 'PROFILE_NOT_EMPTY', profileSummary: { accounts: 1 } });
    expect((await world.ports.jobs.find(jobId))?.status).toBe('restore_awaiting_confirmation');
  });
});

describe('what a restore is not ready for', () => {
  it.each([
    ['upload-url', 'restore_validating', 'NOT_WAITING', 'validating'],
    ['upload-url', 'restore_canceled', 'NOT_WAITING', 'canceled'],
    ['start', 'restore_uploaded', 'NOT_AWAITING_CONFIRMATION', 'uploaded'],
    ['start', 'restore_processing', 'NOT_AWAITING_CONFIRMATION', 'processing'],
    ['cancel', 'restore_completed', 'NOT_CANCELABLE', 'completed'],
    ['cancel', 'restore_failed', 'NOT_CANCELABLE', 'failed'],
    ['cancel', 'restore_canceled', 'NOT_CANCELABLE', 'canceled'],
    ['', 'restore_validating', 'STILL_WORKING', 'validating'],
    ['', 'restore_processing', 'STILL_WORKING', 'processing'],
    ['', 'restore_rolling_back', 'STILL_WORKING', 'rolling_back'],
  ] as const)('"%s" of a %s one answers 409 %s', async (tail, status, error, shown) => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', status);
    const path = `/fzip/restore/${jobId}${tail === '' ? '' : `/${tail}`}`;
    const answer = await answerOf(await world.as('ann')(path, tail === '' ? drop : post()));
    expect(answer).toMatchObject({ http: 409, error, message: expect.stringContaining(`is ${shown}; `) });
    expect(await world.ports.jobs.find(jobId)).toMatchObject({ status });
  });

  it('is to be told twice that it is to end', async () => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_processing');
    const cancel = () => world.as('ann')(`/fzip/restore/${jobId}/cancel`, post());
    expect(await answerOf(await cancel())).toMatchObject({ http: 200, status: 'rolling_back' });
    expect(await answerOf(await cancel())).toMatchObject({
      http: 409,
      error: 'NOT_CANCELABLE',
      message: expect.stringContaining('rolling_back and was told to end'),
    });
    expect(world.ports.queues.sent).toMatchObject([{ step: 'restore-rollback', message: { jobId } }]);
  });
});

describe('deleting', () => {
  it.each(['restore_uploaded', 'restore_awaiting_confirmation', 'restore_failed', 'restore_completed'] as const)(
    'of a %s one takes what was uploaded, and no more',
    async (status) => {
      const world = makeWorld();
      const job = await putRestore(world, 'ann', status);
      await world.ports.packages.put(uploadKey(job, 1), Buffer.from('x'));
      await world.ports.packages.put('uploads/bob/other', Buffer.from('x'));
      await world.ports.ledger.put(stagedScope(job, 'accounts'), 0, {});
      expect((await world.as('ann')(`/fzip/restore/${job.jobId}`, drop)).status).toBe(204);
      expect([...world.ports.packages.objects.keys()]).toEqual(['uploads/bob/other']);
      expect((await world.as('ann')(`/fzip/restore/${job.jobId}`, drop)).status).toBe(404);
    },
  );
});

describe('the summary of a package', () => {
  it.each([
    ['auto', 0, 'kept'],
    ['auto', 3, 'new'],
    ['preserve', 0, 'kept'],
    ['preserve', 3, 'taken'],
    ['remap', 3, 'new'],
    ['remap', 0, 'new'],
  ] as const)('says what would become of ids: %s with %i taken gives %s', async (idMode, idsTaken, ids) => {
    const world = makeWorld();
    const { jobId } = await putRestore(world, 'ann', 'restore_awaiting_confirmation', {
      restore: { validateOnly: false, requireConfirmation: true, idMode, volumes: 1 },
      packageCounts: { accounts: 1, categories: 0, file_maps: 0, transaction_files: 0, transactions: 0, analytics: 0 },
      packageSummary: {
        dialect: 'fzip-1.0',
        accounts: [{ name: 'Checking', type: 'checking', currency: 'EUR', balance: '10.50', totals: [] }],
        accountsLeftOut: 0,
        categoryDepth: 0,
        balances: [{ currency: 'EUR', rows: 1, sum: '10.50' }],
        totals: [],
        files: [],
        filesWithoutBytes: 0,
        volumes: 1,
        packageBytes: 1_000,
        idsTaken,
      },
    });
    const response = await world.as('ann')(`/fzip/restore/${jobId}/status`);
    const { summary } = RestoreStatus.strict().parse(await response.json());
    expect(summary).toMatchObject({ ids, idsTaken, balances: [{ sum: '10.50' }] });
  });
});
