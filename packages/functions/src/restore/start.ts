/** restore-start: S3 tells of an upload, or its user does. */
import { start, startMessages } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consumeAll } from '../consume.ts';

export const startConsumer = consumeAll('restore-start', startMessages, ({ ports, message }) => start(ports, message));

export const handler = bindToAws('restore-start', startConsumer);
