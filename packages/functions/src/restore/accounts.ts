/** restore-accounts: writes one chunk of accounts. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('accounts');

export const accountsConsumer = consume('restore-accounts', ({ ports, message }) => restore(ports, message));

export const handler = bindToAws('restore-accounts', accountsConsumer);
