/** How often one user may ask for a job, whichever Lambda is asked: the one rule of it. */
import type { Ports } from './ports.ts';

const windowMs = 60_000;

/** `retryAfter` is in whole seconds, as HTTP has it. */
export type OverRate = { allowed: number; retryAfter: number };

/**
 * Takes one of the jobs that a user may ask for in this minute; tells when to come again if there is none left. Windows do not overlap, so
 * that at their border twice as many may come at once. A request that is a repeat of another one is not to be counted.
 */
export const overRate = async (
  { ledger, limits, clock }: Pick<Ports, 'ledger' | 'limits' | 'clock'>,
  userId: string,
): Promise<OverRate | undefined> => {
  const now = clock();
  const begins = now - (now % windowMs);
  const allowed = limits.jobsPerMinute;
  if (await ledger.takeTurn(userId, begins, allowed)) return undefined;
  return { allowed, retryAfter: Math.max(1, Math.ceil((begins + windowMs - now) / 1_000)) };
};
