/** Counting finished pieces without a counter: sets of numbers in pages, so that a repeat counts once. DESIGN.md section 3, rule 4. */
import type { Work } from './messages.ts';
import type { Ledger, LedgerScope } from './ports.ts';
import type { Step } from './topology.ts';

/** What a ledger item of a job's attempt is about. */
export const scopeOf = ({ jobId, attempt }: Work, step: Step, kind: string): LedgerScope => ({
  jobId,
  attempt,
  step,
  kind,
});

/** Numbers in one page of a ledger; an item of 1 000 numbers stays below 10 KB. */
const pageSize = 1_000;

/**
 * Marks piece `n` of `expected` as finished. True for whoever finds all of them finished, which every redelivery
 * after the last piece does as well: sending what comes next may be repeated, never forgotten.
 */
export const finishPiece = async (
  ledger: Ledger,
  scope: LedgerScope,
  n: number,
  expected: number,
): Promise<boolean> => {
  const page = Math.floor(n / pageSize);
  const inPage = Math.min(pageSize, expected - page * pageSize);
  const marked = await ledger.mark(scope, page, n);
  if (marked < inPage) return false;
  const pages = Math.ceil(expected / pageSize);
  return (await ledger.mark(scope, 'root', page)) >= pages;
};

/** How many records are asked for at first and at most: one that is not there costs as much to read as one that is. */
const asked = { first: 4, most: 100 };

/** Every record of a scope from 0 on, some at a time. */
export async function* records<T>(
  ledger: Ledger,
  scope: LedgerScope,
  parse: (record: unknown) => T,
): AsyncGenerator<T> {
  let from = 0;
  for (let count = asked.first; ; count = Math.min(asked.most, count * 2)) {
    const found = await ledger.range(scope, from, count);
    for (const record of found) yield parse(record);
    if (found.length < count) return;
    from += count;
  }
}
