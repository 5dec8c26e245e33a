/** backup-request: a message that somebody wants a backup. */
import { request } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const requestConsumer = consume('backup-request', ({ ports, message, messageId }) =>
  request(ports, message, messageId),
);

export const handler = bindToAws('backup-request', requestConsumer);
