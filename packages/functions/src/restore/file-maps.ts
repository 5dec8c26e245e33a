/** restore-file-maps: writes one chunk of file maps. */
import { restoreChunk } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

const restore = restoreChunk('file_maps');

export const fileMapsConsumer = consume('restore-file-maps', ({ ports, message }) => restore(ports, message));

export const handler = bindToAws('restore-file-maps', fileMapsConsumer);
