/** Mistakes that one could make, each made on purpose. A simulator that does not see them would see nothing. */
import { jobs } from './jobs.ts';
import { ledgers } from './ledgers.ts';
import { messages } from './messages.ts';
import { objects } from './objects.ts';
import { profiles } from './profiles.ts';
import type { SeenBug } from './shared.ts';

export type { SeenBug } from './shared.ts';

export const bugs: readonly SeenBug[] = [...messages, ...jobs, ...ledgers, ...profiles, ...objects];
