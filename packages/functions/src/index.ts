/** Every function, by the step it is named after: what the embedded runtime invokes. */
import type { Messages } from '@fzip/core';
import { apiConsumer } from './api.ts';
import { collectConsumer } from './backup/collect.ts';
import { packageConsumer } from './backup/package.ts';
import { requestConsumer } from './backup/request.ts';
import { validateConsumer } from './backup/validate.ts';
import type { Binding } from './binding.ts';
import type { BatchHandler } from './consume.ts';
import { sweepConsumer } from './sweep.ts';

export const consumers: Readonly<Record<keyof Messages, (binding: Binding) => BatchHandler>> = {
  'backup-request': requestConsumer,
  'backup-collect': collectConsumer,
  'backup-package': packageConsumer,
  'backup-validate': validateConsumer,
};

export const sweep = sweepConsumer;
export const api = apiConsumer;
export type { Binding } from './binding.ts';
export type { BatchHandler } from './consume.ts';
export { deadLetterConsumer } from './dead-letter.ts';
export { namespace, type Telemetry, telemetry } from './telemetry.ts';
