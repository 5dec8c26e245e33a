/** What was asked for, checked, and everything small that follows from it. */
import { chanceKey, uuidOf } from './chance.ts';
import { accountFacts } from './facts/accounts.ts';
import { categoryFacts } from './facts/categories.ts';
import { fileMapFacts } from './facts/file-maps.ts';

const day = 86_400_000;
const defaultTransactions = 1_200;
const defaultFiles = 12;
const defaultNow = Date.UTC(2026, 2, 31, 12);
const earliestNow = Date.UTC(2000, 0, 1);

/** `now` is in ms since epoch; nothing in the profile is later. */
export type SampleOptions = { userId: string; seed?: number; transactions?: number; files?: number; now?: number };

export type Plan = {
  userId: string;
  seed: number;
  /** The key of all draws. */
  key: number;
  transactions: number;
  files: number;
  now: number;
  /** The span that the statements cover, ms since epoch, both at midnight UTC. */
  from: number;
  to: number;
  ids: {
    accounts: readonly string[];
    fileMaps: readonly string[];
    /** By the account's place in the list of accounts. */
    fileMapOfAccount: ReadonlyMap<number, string>;
    categories: ReadonlyMap<string, string>;
    /** The first rule of each category that has rules. */
    rules: ReadonlyMap<string, string>;
  };
};

/**
 * Defaults: seed 1, 1 200 transactions, 12 files (never more than transactions, unless asked for), 31 March 2026.
 * @throws RangeError if a number is out of range, or transactions are asked for without files
 */
export const planProfile = (options: SampleOptions): Plan => {
  const { userId, seed = 1, transactions = defaultTransactions, now = defaultNow } = options;
  const { files = Math.min(defaultFiles, transactions) } = options;
  if (userId === '') throw new RangeError('userId is empty; allowed is any text');
  whole('seed', seed, Number.MIN_SAFE_INTEGER);
  whole('transactions', transactions, 0);
  whole('files', files, 0);
  whole('now', now, earliestNow);
  if (files === 0 && transactions > 0) {
    throw new RangeError(`files is 0 with ${transactions} transactions; every HouseF3 transaction needs a file`);
  }
  const to = Math.floor(now / day) * day - day;
  const days = Math.min(Math.max(transactions * 0.6, 730), 3650);
  const from = to - Math.floor(days) * day;
  return { userId, seed, key: chanceKey(seed, userId), transactions, files, now, from, to, ids: idsOf(seed, userId) };
};

const whole = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} is ${value}; allowed are whole numbers from ${least} on`);
  }
};

/** The id of a category's rule, in HouseF3's shape. */
export const ruleId = (seed: number, userId: string, key: string, index: number): string =>
  `rule_${uuidOf(seed, userId, `rule of ${key}`, index).slice(0, 8)}`;

const idsOf = (seed: number, userId: string): Plan['ids'] => {
  const fileMaps = fileMapFacts.map((_, index) => uuidOf(seed, userId, 'file map', index));
  return {
    accounts: accountFacts.map((_, index) => uuidOf(seed, userId, 'account', index)),
    fileMaps,
    fileMapOfAccount: new Map(
      fileMapFacts.flatMap(({ account }, index) =>
        account === undefined ? [] : [[account, fileMaps[index] as string] as const],
      ),
    ),
    categories: new Map(categoryFacts.map(({ key }, index) => [key, uuidOf(seed, userId, 'category', index)])),
    rules: new Map(
      categoryFacts.flatMap(({ key, rules }) => (rules?.length ? [[key, ruleId(seed, userId, key, 0)] as const] : [])),
    ),
  };
};
