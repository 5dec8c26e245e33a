/** The first differences that a comparison found, kept in the ledger: a job's row would grow too large by them. */
import { EntityKind } from '@fzip/format';
import * as z from 'zod';
import type { Job } from '../jobs.ts';
import { records, scopeOf } from '../ledger.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { lookScope } from './examination.ts';

export const Difference = z.object({
  kind: EntityKind,
  /** The row's id; of analytics `type#period#account`. */
  id: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  /** Of a changed row: the attributes that differ, the first ten; `bytes` of a file whose size does. */
  fields: z.array(z.string()).optional(),
});
export type Difference = z.infer<typeof Difference>;

/** Differences that a comparison keeps, and that one item of the ledger holds: an id has 2 KB at most. */
const kept = 1_000;
const perItem = 50;

/** What a piece left: whose differences count, if it was looked at twice, and how many there are. */
export const KeptDifferences = z.object({ run: z.string(), kept: z.int() });
export type KeptDifferences = z.infer<typeof KeptDifferences>;

const differenceScope = (job: Job, piece: number, run: string): LedgerScope => ({
  ...scopeOf(job, 'backup-examine', `difference.${piece}.${run}`),
});

export type Keeper = { add(difference: Difference): Promise<void>; finish(): Promise<KeptDifferences> };

/** @param before differences that earlier pieces keep */
export const keeper = (ports: Ports, job: Job, piece: number, before: number): Keeper => {
  const scope = differenceScope(job, piece, ports.newId());
  const run = scope.kind.slice(scope.kind.lastIndexOf('.') + 1);
  let [open, count, items] = [[] as Difference[], 0, 0];
  const flush = async () => {
    if (open.length > 0) await ports.ledger.put(scope, items, { differences: open });
    items += 1;
    open = [];
  };
  return {
    add: async (difference) => {
      if (before + count >= kept) return;
      count += 1;
      open.push(difference);
      if (open.length === perItem) await flush();
    },
    finish: async () => {
      await flush();
      return { run, kept: count };
    },
  };
};

const Item = z.object({ differences: z.array(Difference) });

/** The first differences that a comparison found, in the order in which it found them. */
export const differencesOf = async (ports: Ports, job: Job): Promise<Difference[]> => {
  const found: Difference[] = [];
  let piece = 0;
  for await (const looked of records(
    ports.ledger,
    lookScope(job),
    (record) => KeptDifferences.safeParse(record).data,
  )) {
    const scope = differenceScope(job, piece, looked?.run ?? '');
    const items = looked && looked.kept > 0 ? records(ports.ledger, scope, (record) => Item.parse(record)) : [];
    for await (const { differences } of items) found.push(...differences);
    piece += 1;
  }
  return found.slice(0, kept);
};
