/** What a profile holds. */
import { entityKinds } from '@fzip/format';
import type { Counts } from '../counts.ts';
import type { Ports } from '../ports.ts';

/** How long counting may take while somebody waits for the answer. */
const countingMs = 2_000;

/** Counts of every kind, those that stopped early marked by `exact: false` ("at least"). */
export const profileCounts = async (
  ports: Ports,
  userId: string,
  withinMs = countingMs,
): Promise<{ counts: Counts; exact: boolean }> => {
  const found = await Promise.all(entityKinds.map((kind) => ports.profiles.count(userId, kind, withinMs)));
  const counts = Object.fromEntries(entityKinds.map((kind, n) => [kind, found[n]?.count ?? 0])) as Counts;
  return { counts, exact: found.every(({ exact }) => exact) };
};
