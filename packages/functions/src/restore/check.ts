/** restore-check: looks at one chunk with the tables' eyes; the last one gives the verdict. */
import { check } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const checkConsumer = consume('restore-check', ({ ports, message }) => check(ports, message));

export const handler = bindToAws('restore-check', checkConsumer);
