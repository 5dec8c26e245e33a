/** Accounts for a preview: what their rows say, and what their transactions come to. */
import { DecimalSum } from './decimal-sum.ts';
import type { AccountPreview, CurrencyTotal, DateRange, Preview } from './preview.ts';
import type { Row, Value } from './row.ts';

/** A package may claim any number of accounts; what is kept of them is bounded. */
const most = 1000;

export type Accounts = {
  account(row: Row): void;
  /** Looks at a row of `transactions`; the accounts must have been seen. */
  transaction(row: Row): void;
  result(transactionsRead: boolean): Pick<Preview, 'accounts' | 'accountsLeftOut' | 'balances' | 'totals' | 'dates'>;
};

type Seen = Omit<AccountPreview, 'totals'> & { totals: Totals };

export const createAccounts = (): Accounts => {
  const seen: Seen[] = [];
  const byId = new Map<string, Seen>();
  const [balances, totals] = [createTotals(), createTotals()];
  let [leftOut, stated, found] = [0, undefined as DateRange | undefined, undefined as DateRange | undefined];

  const account = (row: Row): void => {
    const dates = rangeOf(row.firstTransactionDate, row.lastTransactionDate);
    stated = joined(stated, dates);
    const [currency, balance] = [textOf(row.currency), textOf(row.balance)];
    if (balance !== undefined) balances.add(currency, balance);
    if (seen.length === most) {
      leftOut += 1;
      return;
    }
    const [id, name, type] = [textOf(row.accountId), textOf(row.accountName), textOf(row.accountType)];
    const one = { id, name, type, currency, balance, dates, totals: createTotals() };
    seen.push(one);
    if (id !== undefined) byId.set(id, one);
  };

  const transaction = (row: Row): void => {
    found = joined(found, rangeOf(row.date, row.date));
    const owner = typeof row.accountId === 'string' ? byId.get(row.accountId) : undefined;
    const [amount, currency] = [textOf(row.amount), textOf(row.currency) ?? owner?.currency];
    if (amount === undefined) return;
    totals.add(currency, amount);
    owner?.totals.add(currency, amount);
  };

  const datesOf = (transactionsRead: boolean): Preview['dates'] => {
    if (transactionsRead) return found && { ...found, from: 'transactions' };
    return stated && { ...stated, from: 'accounts' };
  };

  return {
    account,
    transaction,
    result: (transactionsRead) => ({
      accounts: seen.map((one) => ({ ...one, totals: one.totals.list() })),
      accountsLeftOut: leftOut,
      balances: balances.list(),
      totals: transactionsRead ? totals.list() : undefined,
      dates: datesOf(transactionsRead),
    }),
  };
};

type Totals = { add(currency: string | undefined, amount: string): void; list(): CurrencyTotal[] };

/** Currencies beyond a few dozen are no currencies. */
const mostCurrencies = 50;

const createTotals = (): Totals => {
  const sums = new Map<string | undefined, { sum: DecimalSum; rows: number }>();
  return {
    add: (currency, amount) => {
      const key = sums.has(currency) || sums.size < mostCurrencies ? currency : 'other';
      const total = sums.get(key) ?? { sum: new DecimalSum(), rows: 0 };
      if (!total.sum.add(amount)) return;
      total.rows += 1;
      sums.set(key, total);
    },
    list: () => [...sums].map(([currency, { sum, rows }]) => ({ currency, rows, sum: sum.text() })),
  };
};

const textOf = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

const rangeOf = (first: Value | undefined, last: Value | undefined): DateRange | undefined =>
  typeof first === 'number' && typeof last === 'number' ? { first, last } : undefined;

const joined = (a: DateRange | undefined, b: DateRange | undefined): DateRange | undefined =>
  a && b ? { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) } : (a ?? b);
