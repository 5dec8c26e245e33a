/** Every function, by the step it is named after: what the embedded runtime invokes. */
import type { Messages } from '@fzip/core';
import { apiConsumer } from './api.ts';
import { collectConsumer } from './backup/collect.ts';
import { examineConsumer } from './backup/examine.ts';
import { packageConsumer } from './backup/package.ts';
import { requestConsumer } from './backup/request.ts';
import { validateConsumer } from './backup/validate.ts';
import type { Binding } from './binding.ts';
import type { BatchHandler } from './consume.ts';
import { clearConsumer } from './profile/clear.ts';
import { accountsConsumer } from './restore/accounts.ts';
import { analyticsConsumer } from './restore/analytics.ts';
import { analyticsRefreshConsumer } from './restore/analytics-refresh.ts';
import { categoriesConsumer } from './restore/categories.ts';
import { checkConsumer } from './restore/check.ts';
import { fileMapsConsumer } from './restore/file-maps.ts';
import { rollbackConsumer } from './restore/rollback.ts';
import { startConsumer } from './restore/start.ts';
import { transactionFilesConsumer } from './restore/transaction-files.ts';
import { transactionsConsumer } from './restore/transactions.ts';
import { unpackConsumer } from './restore/unpack.ts';
import { verifyConsumer } from './restore/verify.ts';
import { sweepConsumer } from './sweep.ts';

export const consumers: Readonly<Record<keyof Messages, (binding: Binding) => BatchHandler>> = {
  'backup-request': requestConsumer,
  'backup-collect': collectConsumer,
  'backup-package': packageConsumer,
  'backup-validate': validateConsumer,
  'backup-examine': examineConsumer,
  'restore-start': startConsumer,
  'restore-unpack': unpackConsumer,
  'restore-check': checkConsumer,
  'restore-accounts': accountsConsumer,
  'restore-categories': categoriesConsumer,
  'restore-file-maps': fileMapsConsumer,
  'restore-transaction-files': transactionFilesConsumer,
  'restore-transactions': transactionsConsumer,
  'restore-analytics': analyticsConsumer,
  'restore-verify': verifyConsumer,
  'restore-rollback': rollbackConsumer,
  'analytics-refresh': analyticsRefreshConsumer,
  'profile-clear': clearConsumer,
};

export const sweep = sweepConsumer;
export const api = apiConsumer;
export type { Binding } from './binding.ts';
export type { BatchHandler } from './consume.ts';
export { deadLetterConsumer } from './dead-letter.ts';
export { type Telemetry, telemetry } from './telemetry.ts';
