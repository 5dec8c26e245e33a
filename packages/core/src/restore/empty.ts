/** What an empty profile is: nothing, or nothing but the one category that HouseF3 makes by itself. HOUSEF3.md section 2a. */
import { entityKinds, type Row } from '@fzip/format';
import type { Counts } from '../counts.ts';
import type { Ports } from '../ports.ts';
import { profileCounts } from '../profile/counts.ts';

const isSystemDefault = (row: Row): boolean =>
  row.type === 'TRANSFER' &&
  row.name === 'Transfers' &&
  row.icon === 'transfer' &&
  (!Array.isArray(row.rules) || row.rules.length === 0);

/** Counts of what a user has made; HouseF3's own category is left out. Within the time of `profileCounts` unless given. */
export const rowsBeyondDefaults = async (
  ports: Ports,
  userId: string,
  withinMs?: number,
): Promise<{ counts: Counts; exact: boolean }> => {
  const { counts, exact } = await profileCounts(ports, userId, withinMs);
  return { counts: await beyondDefaults(ports, userId, counts), exact };
};

/** The same of counts that are known. */
export const beyondDefaults = async (ports: Ports, userId: string, counts: Counts): Promise<Counts> => {
  // One page is enough: a profile with more categories than the default one is not empty anyway.
  const { rows } = counts.categories === 0 ? { rows: [] } : await ports.profiles.page({ userId, kind: 'categories' });
  const defaults = rows.filter(isSystemDefault).length;
  return { ...counts, categories: Math.max(0, counts.categories - defaults) };
};

export const isEmpty = (counts: Counts): boolean => entityKinds.every((kind) => counts[kind] === 0);

/** `3 accounts, 120 transactions`. */
export const inWords = (counts: Counts): string =>
  entityKinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind.replaceAll('_', ' ')}`)
    .join(', ') || 'nothing';
