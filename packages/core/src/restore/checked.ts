/** What checking a chunk left. */

import * as z from 'zod';
import { scopeOf } from '../ledger.ts';
import type { Work } from '../messages.ts';
import type { LedgerScope } from '../ports.ts';

export const CheckedPiece = z.object({
  /** Rows that HouseF3's tables would refuse; the first few in words. */
  problems: z.array(z.string()),
  problemCount: z.int(),
  /** Ids that rows have already: other users', or ones of this user that no index shows, or HouseF3's own category. */
  taken: z.int(),
});
export type CheckedPiece = z.infer<typeof CheckedPiece>;

export const checkedScope = (work: Work): LedgerScope => scopeOf(work, 'restore-check', 'piece');
