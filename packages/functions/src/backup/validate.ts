/** backup-validate: reads a stored volume back; the last of a set gives the verdict. */
import { validateVolume } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const validateConsumer = consume('backup-validate', ({ ports, message }) => validateVolume(ports, message));

export const handler = bindToAws('backup-validate', validateConsumer);
