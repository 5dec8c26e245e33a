/** restore-unpack: reads the package strictly and stages its rows. */
import { unpack } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const unpackConsumer = consume('restore-unpack', ({ ports, message }) => unpack(ports, message));

export const handler = bindToAws('restore-unpack', unpackConsumer);
