/** backup-package: stitches what was collected into one volume and stores it. */
import { packageVolume } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const packageConsumer = consume('backup-package', ({ ports, message }) => packageVolume(ports, message));

export const handler = bindToAws('backup-package', packageConsumer);
