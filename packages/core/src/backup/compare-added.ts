/** The profile's rows that the package lacks: found by holding the package's ids, some millions at a time. */
import { hash } from 'node:crypto';
import { createIdSet, EntityKind, type IdSet, idOf, kindRules } from '@fzip/format';
import * as z from 'zod';
import { backupParameters, type Job } from '../jobs.ts';
import type { Ports } from '../ports.ts';
import { type Sight, tallyOf } from './compare-sight.ts';
import { selectionOf } from './selection.ts';
import { rangeOf } from './types.ts';

/** Each pass takes its share of the ids, by their hash. */
export const AddedPlace = z.object({
  phase: z.literal('added'),
  kind: EntityKind,
  pass: z.int(),
  /** Where the profile's rows were read up to. */
  cursor: z.string().optional(),
});
type AddedPlace = z.infer<typeof AddedPlace>;

export const passesOf = ({ limits }: Ports, { summary }: Job, kind: EntityKind): number =>
  Math.max(1, Math.ceil((summary?.counts[kind] ?? 0) / limits.idsAtOnce));

/** Where to go on if the time is up; undefined when the pass is done. */
export const findAdded = async (sight: Sight, place: AddedPlace): Promise<AddedPlace | undefined> => {
  const { ports, backup, keep } = sight;
  const { kind, pass } = place;
  const passes = passesOf(ports, backup, kind);
  const isOfPass = (id: string): boolean => passes === 1 || shareOf(id, passes) === pass;
  const ids = await idsOf(sight, kind, isOfPass);
  // Rows that the backup's own filters let through: the others it never meant to hold.
  const selection = await selectionOf(ports, backup, kind);
  const range = kind === 'transactions' ? { range: rangeOf(backupParameters(backup)) } : {};
  const attributes = [...new Set([...keyAttributes(kind), ...selection.attributes])];
  const tally = tallyOf(sight, kind);
  let { cursor } = place;
  do {
    const query = { userId: backup.userId, kind, attributes, ...range, ...(cursor ? { cursor } : {}) };
    const page = await ports.profiles.page(query);
    for (const row of page.rows) {
      const id = idOf(kind, row);
      if (id === undefined || !isOfPass(id) || ids.has(id) || !selection.takes(row)) continue;
      // An index shows a row that moves twice.
      ids.add(id);
      tally.added += 1;
      await keep({ kind, id, change: 'added' });
    }
    await sight.looked(Math.floor(page.rows.length / passes));
    cursor = page.cursor;
    if (cursor !== undefined && sight.isTimeUp()) return { phase: 'added', kind, pass, cursor };
  } while (cursor !== undefined);
  return undefined;
};

const shareOf = (id: string, passes: number): number => Number.parseInt(hash('sha256', id).slice(0, 8), 16) % passes;

/** What `idOf` looks at. */
const keyAttributes = (kind: EntityKind): string[] => {
  const { id } = kindRules[kind];
  return id === undefined ? ['analyticType', 'timePeriod', 'accountId'] : [id];
};

const idsOf = async ({ volumes }: Sight, kind: EntityKind, isOfPass: (id: string) => boolean): Promise<IdSet> => {
  const ids = createIdSet();
  for (const volume of volumes) {
    for await (const { row } of volume.rows(kind)) {
      const id = idOf(kind, row);
      if (id !== undefined && isOfPass(id)) ids.add(id);
    }
  }
  return ids;
};
