/** restore-verify: reads everything back and holds it against the package. */
import { verify } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const verifyConsumer = consume('restore-verify', ({ ports, message }) => verify(ports, message));

export const handler = bindToAws('restore-verify', verifyConsumer);
