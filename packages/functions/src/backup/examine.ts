/** backup-examine: looks at a completed backup once more, as its user asked. */
import { examine } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const examineConsumer = consume('backup-examine', ({ ports, message }) => examine(ports, message));

export const handler = bindToAws('backup-examine', examineConsumer);
