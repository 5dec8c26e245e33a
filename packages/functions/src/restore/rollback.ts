/** restore-rollback: takes back exactly what a restore wrote. */
import { rollback } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const rollbackConsumer = consume('restore-rollback', ({ ports, message }) => rollback(ports, message));

export const handler = bindToAws('restore-rollback', rollbackConsumer);
