/** What checking a chunk left. */
import { z } from 'zod';
import type { Work } from '../messages.ts';
import type { LedgerScope } from '../ports.ts';

export const CheckedPiece = z.object({
  /** Rows that HouseF3's tables would refuse; the first few in words. */
  problems: z.array(z.string()),
  problemCount: z.int(),
  /** Ids that belong to rows of other users. */
  foreign: z.int(),
});
export type CheckedPiece = z.infer<typeof CheckedPiece>;

export const checkedScope = (work: Work): LedgerScope => ({
  jobId: work.jobId,
  attempt: work.attempt,
  step: 'restore-check',
  kind: 'piece',
});
