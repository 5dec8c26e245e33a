/** restore-analytics: writes one chunk of analytics. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('analytics');

export const analyticsConsumer = consume('restore-analytics', ({ ports, message }) => restore(ports, message));

export const handler = bindToAws('restore-analytics', analyticsConsumer);
