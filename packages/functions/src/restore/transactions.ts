/** restore-transactions: writes one chunk of transactions. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('transactions');

export const transactionsConsumer = consume('restore-transactions', ({ ports, message }) => restore(ports, message));

export const handler = bindToAws('restore-transactions', transactionsConsumer);
