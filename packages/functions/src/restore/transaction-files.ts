/** restore-transaction-files: writes one chunk of transaction files. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('transaction_files');

export const transactionFilesConsumer = consume('restore-transaction-files', ({ ports, message }) =>
  restore(ports, message),
);

export const handler = bindToAws('restore-transaction-files', transactionFilesConsumer);
