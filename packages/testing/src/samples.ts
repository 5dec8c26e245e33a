/** Small valid things to test with. */
import { randomUUID } from 'node:crypto';
import { eventOf, type FzipEvent, type Job } from '@fzip/core';
import type { EntityKind, Row } from '@fzip/format';

/** A user of whom nobody has heard. */
export const someUser = (): string => `user-${randomUUID()}`;

/** A backup that has just been asked for. */
export const sampleJob = (but: Partial<Job> = {}): Job => ({
  jobId: randomUUID(),
  userId: someUser(),
  jobType: 'backup',
  status: 'backup_initiated',
  attempt: 1,
  createdAt: 1_750_000_000_000,
  updatedAt: 1_750_000_000_000,
  progress: 0,
  parameters: { backupType: 'complete', includeAnalytics: true, expiresInHours: 24 },
  announced: [],
  redrives: 0,
  version: 1,
  ...but,
});

/** A restore whose package was uploaded, with every attribute that only restores have. */
export const sampleRestoreJob = (but: Partial<Job> = {}): Job => {
  const { parameters: _, ...job } = sampleJob();
  return {
    ...job,
    jobType: 'restore',
    status: 'restore_validating',
    restore: { validateOnly: false, requireConfirmation: false, idMode: 'auto', volumes: 1 },
    uploads: [{ key: `staging/${job.jobId}/1/package.fzip`, size: 1_000, etag: '"upload"' }],
    writing: { idMode: 'remap', secret: 'c2VjcmV0', startedAt: 1_750_000_000_000 },
    validationResults: {
      profileEmpty: true,
      schemaValid: true,
      ready: true,
      errors: [],
      errorCount: 0,
      errorsByCode: {},
      warnings: ['a warning'],
    },
    packageCounts: sampleCounts,
    results: sampleCounts,
    ...but,
  };
};

const sampleCounts = {
  accounts: 1,
  categories: 2,
  file_maps: 0,
  transaction_files: 1,
  transactions: 300,
  analytics: 0,
};

export const sampleEvent = (job: Job): FzipEvent =>
  eventOf('backup.initiated', job, { backupId: job.jobId, backupType: 'complete' }, job.createdAt);

const at = 1_750_000_000_000;

/** The least that a row of each kind holds. `n` moves it along its index. */
const leastRow: Readonly<Record<EntityKind, (userId: string, n: number) => Row>> = {
  accounts: (userId, n) => ({
    accountId: randomUUID(),
    userId,
    accountName: `Account ${n}`,
    accountType: 'checking',
    createdAt: at + n,
    updatedAt: at,
  }),
  categories: (userId, n) => ({
    categoryId: randomUUID(),
    userId,
    name: `Category ${String(n).padStart(6, '0')}`,
    type: 'EXPENSE',
    createdAt: at,
    updatedAt: at,
  }),
  file_maps: (userId, n) => ({
    fileMapId: randomUUID(),
    userId,
    name: `Map ${n}`,
    mappings: [{ sourceField: 'Date', targetField: 'date' }],
    createdAt: at,
    updatedAt: at,
  }),
  transaction_files: (userId, n) => ({
    fileId: randomUUID(),
    userId,
    fileName: `${n}.csv`,
    uploadDate: at,
    fileSize: 1,
    s3Key: `${userId}/${n}.csv`,
    createdAt: at,
    updatedAt: at,
  }),
  transactions: (userId, n) => ({
    transactionId: randomUUID(),
    userId,
    fileId: randomUUID(),
    accountId: randomUUID(),
    date: at + n,
    description: `Transaction ${n}`,
    amount: 1,
    createdAt: at,
    updatedAt: at,
  }),
  analytics: (userId, n) => {
    const timePeriod = `2026-${String(n).padStart(6, '0')}`;
    return {
      pk: `${userId}#cash_flow`,
      sk: `${timePeriod}#ALL`,
      userId,
      analyticType: 'cash_flow',
      timePeriod,
      data: { total: 1 },
    };
  },
};

/** A row as HouseF3's tables hold it. */
export const sampleRow = (kind: EntityKind, userId: string, n = 0, but: Row = {}): Row => ({
  ...leastRow[kind](userId, n),
  ...but,
});
