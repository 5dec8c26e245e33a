/** restore-categories: writes one chunk of categories. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('categories');

export const categoriesConsumer = consume('restore-categories', ({ ports, message }) => restore(ports, message));

export const handler = bindToAws('restore-categories', categoriesConsumer);
