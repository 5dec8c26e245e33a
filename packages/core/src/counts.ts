import { EntityKind } from '@fzip/format';
import * as z from 'zod';

/** Rows of each kind. */
export const Counts = z.record(EntityKind, z.number());
export type Counts = z.infer<typeof Counts>;
