/** A sample profile: rows and files of any number, each made when it is asked for. */
import type { EntityKind, Row } from '@fzip/format';
import { accountRows } from './accounts.ts';
import { analyticsCount, analyticsRows } from './analytics.ts';
import { categoryRows, fileMapRows } from './categories.ts';
import { accountFacts } from './facts/accounts.ts';
import { categoryFacts } from './facts/categories.ts';
import { fileMapFacts } from './facts/file-maps.ts';
import { type Plan, planProfile, type SampleOptions } from './plan.ts';
import { type SampleFile, sampleFiles, transactionFileRows } from './transaction-files.ts';
import { transactionRows } from './transactions.ts';

export type SampleProfile = {
  counts: Record<EntityKind, number>;
  /** A kind's rows as HouseF3's table holds them, the same on every call. */
  rows(kind: EntityKind): Iterable<Row>;
  /** The bytes behind the rows of `transaction_files`. */
  files(): Iterable<SampleFile>;
};

const makers: Readonly<Record<EntityKind, (plan: Plan) => Iterable<Row>>> = {
  accounts: accountRows,
  categories: categoryRows,
  file_maps: fileMapRows,
  transaction_files: transactionFileRows,
  transactions: transactionRows,
  analytics: analyticsRows,
};

/**
 * A profile that follows from its options alone, in flat memory. Of no transactions and no files, it has no rows at all.
 * @throws RangeError if a number is out of range, or transactions are asked for without files
 */
export const sampleProfile = (options: SampleOptions): SampleProfile => {
  const plan = planProfile(options);
  const counts = countsOf(plan);
  return {
    counts,
    rows: (kind) => (counts[kind] === 0 ? [] : makers[kind](plan)),
    files: () => sampleFiles(plan),
  };
};

const countsOf = ({ transactions, files }: Plan): Record<EntityKind, number> => {
  const unlessEmpty = (count: number) => (files === 0 ? 0 : count);
  return {
    accounts: unlessEmpty(accountFacts.length),
    categories: unlessEmpty(categoryFacts.length),
    file_maps: unlessEmpty(fileMapFacts.length),
    transaction_files: files,
    transactions,
    analytics: unlessEmpty(analyticsCount),
  };
};
