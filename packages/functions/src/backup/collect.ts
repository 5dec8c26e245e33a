/** backup-collect: reads one kind of a profile into staged chunks. */
import { collect } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const collectConsumer = consume('backup-collect', ({ ports, message }) => collect(ports, message));

export const handler = bindToAws('backup-collect', collectConsumer);
