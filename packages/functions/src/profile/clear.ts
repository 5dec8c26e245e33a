/** profile-clear: empties a profile at the wish of its user. */
import { clearProfile } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const clearConsumer = consume('profile-clear', ({ ports, message }) => clearProfile(ports, message));

export const handler = bindToAws('profile-clear', clearConsumer);
