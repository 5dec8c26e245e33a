/** What a package holds, as its user is told before anything is written. Bounded, whatever the package says: it stands in the job's row. */
import type { AccountPreview, CurrencyTotal, Preview } from '@fzip/format';
import * as z from 'zod';

const DateRange = z.object({ first: z.number(), last: z.number() });

/** An exact decimal; no currency where no row says one. */
const Total = z.object({ currency: z.string().optional(), rows: z.int(), sum: z.string() });

export const PackageSummary = z.object({
  dialect: z.string(),
  accounts: z.array(
    z.object({
      name: z.string().optional(),
      type: z.string().optional(),
      currency: z.string().optional(),
      balance: z.string().optional(),
      dates: DateRange.optional(),
      totals: z.array(Total),
    }),
  ),
  accountsLeftOut: z.int(),
  categoryDepth: z.int(),
  dates: DateRange.optional(),
  balances: z.array(Total),
  totals: z.array(Total),
  files: z.array(z.object({ kind: z.string(), count: z.int(), bytes: z.number() })),
  filesWithoutBytes: z.int(),
  volumes: z.int(),
  packageBytes: z.number(),
  /** Whether rows have ids of the package already, so that a restore which keeps ids cannot be, and `auto` makes new ones. */
  idsTaken: z.int().optional(),
});
export type PackageSummary = z.infer<typeof PackageSummary>;

/** How much of a list is kept, and of a text. */
const most = { accounts: 100, totals: 10, kinds: 20, chars: 200 };

export const summaryOf = (preview: Preview, packageBytes: number): PackageSummary => ({
  dialect: preview.dialect,
  accounts: preview.accounts.slice(0, most.accounts).map(accountOf),
  accountsLeftOut: preview.accountsLeftOut + Math.max(0, preview.accounts.length - most.accounts),
  categoryDepth: preview.categoryDepth,
  ...(preview.dates && { dates: { first: preview.dates.first, last: preview.dates.last } }),
  balances: totalsOf(preview.balances),
  totals: totalsOf(preview.totals ?? []),
  files: preview.files.slice(0, most.kinds),
  filesWithoutBytes: preview.filesWithoutBytes,
  volumes: preview.volumes.count,
  packageBytes,
});

const accountOf = ({ name, type, currency, balance, dates, totals }: AccountPreview) => ({
  ...(name !== undefined && { name: cut(name) }),
  ...(type !== undefined && { type: cut(type) }),
  ...(currency !== undefined && { currency: cut(currency) }),
  ...(balance !== undefined && { balance: cut(balance) }),
  ...(dates && { dates }),
  totals: totalsOf(totals),
});

const totalsOf = (totals: readonly CurrencyTotal[]) =>
  totals.slice(0, most.totals).map(({ currency, rows, sum }) => ({
    ...(currency !== undefined && { currency: cut(currency) }),
    rows,
    sum: cut(sum),
  }));

/** By characters: half of one could not be stored. */
const cut = (text: string): string =>
  text.length <= most.chars ? text : `${[...text].slice(0, most.chars - 1).join('')}…`;
