/** Statements: which account and days each file covers, and the entries that the bank prints in it. */
import { draw, drawBelow, purpose, uuidOf } from './chance.ts';
import { type AccountFacts, accountFacts } from './facts/accounts.ts';
import { oddAmounts, oddEvery, type Payee, payees } from './facts/payees.ts';
import { minorText } from './money.ts';
import type { Plan } from './plan.ts';

const day = 86_400_000;

/** Whose statement each file is, over and over: accounts by place, the busy ones more often. */
const turns = [0, 2, 3, 12, 1, 6, 0, 5, 10, 0, 2, 13, 0, 8, 1, 4, 7, 0, 11, 9, 2, 5, 6, 3];

const turnsOf = (account: number, until = turns.length): number =>
  turns.slice(0, until).filter((turn) => turn === account).length;
const turnsBefore = turns.map((account, place) => turnsOf(account, place));
const turnsInAll = accountFacts.map((_, account) => turnsOf(account));

/** One file: the transactions from `first` on, `count` of them, of one account, dated from `from` up to `to`. */
export type Statement = {
  index: number;
  fileId: string;
  account: number;
  facts: AccountFacts;
  first: number;
  count: number;
  /** ms since epoch, `to` not included. */
  from: number;
  to: number;
};

/** A statement with what stood on the account before and after it, in minor units. */
export type BalancedStatement = Statement & { opening: number; closing: number };

/** One line of a statement, as the bank knows it. Money as decimal text; no balance if the account has none. */
export type Entry = {
  /** Its number among all transactions of the profile. */
  index: number;
  /** Its place in the statement. */
  place: number;
  date: number;
  payee: Payee;
  description: string;
  amount: string;
  balance?: string;
};

const statementAt = (plan: Plan, index: number): Statement => {
  const place = index % turns.length;
  const account = turns[place] as number;
  const inTurn = turnsInAll[account] as number;
  const number = Math.floor(index / turns.length) * inTurn + (turnsBefore[place] as number);
  const total = Math.floor(plan.files / turns.length) * inTurn + turnsOf(account, plan.files % turns.length);
  const first = firstOf(plan, index);
  return {
    index,
    fileId: uuidOf(plan.seed, plan.userId, 'file', index),
    account,
    facts: accountFacts[account] as AccountFacts,
    first,
    count: firstOf(plan, index + 1) - first,
    from: plan.from + Math.floor(((plan.to - plan.from) * number) / total),
    to: plan.from + Math.floor(((plan.to - plan.from) * (number + 1)) / total),
  };
};

const firstOf = (plan: Plan, file: number): number => Math.floor((file * plan.transactions) / plan.files);

/** All statements in order. An account's next statement opens with what its last one closed with. */
export const balancedStatements = function* (plan: Plan): Generator<BalancedStatement> {
  const balances = accountFacts.map(({ opening }) => opening);
  for (let index = 0; index < plan.files; index++) {
    const statement = statementAt(plan, index);
    const opening = balances[statement.account] as number;
    const closing = opening + sumOf(plan, statement);
    balances[statement.account] = closing;
    yield { ...statement, opening, closing };
  }
};

const sumOf = (plan: Plan, { facts, first, count }: Statement): number => {
  if (facts.currency === undefined) return 0;
  let sum = 0;
  for (let index = first; index < first + count; index++)
    sum += minorOf(plan, facts, payeeOf(plan, facts, index), index);
  return sum;
};

const payeeOf = (plan: Plan, { scene }: AccountFacts, index: number): Payee => {
  const known = payees[scene];
  return known[drawBelow(plan.key, index, purpose.payee, known.length)] as Payee;
};

const minorOf = (plan: Plan, { rate }: AccountFacts, { least, most }: Payee, index: number): number => {
  // Squared, because small sums are the frequent ones; `|| 0` because a rounded -0.3 is -0.
  const share = draw(plan.key, index, purpose.amount) ** 2;
  return Math.round((least + share * (most - least)) * rate) || 0;
};

/** When the entry at a place of its statement was booked: a whole second in OFX, else midnight UTC. Never falls. */
export const entryDate = (plan: Plan, statement: Statement, place: number): number => {
  const { from, to, count, first, facts } = statement;
  const share = (place + draw(plan.key, first + place, purpose.day)) / count;
  const grain = facts.format === 'ofx' ? 1_000 : day;
  return Math.floor((from + share * (to - from)) / grain) * grain;
};

/** The entries of one statement, by date. */
export const entries = function* (plan: Plan, statement: BalancedStatement): Generator<Entry> {
  const { facts, first, count } = statement;
  let balance = statement.opening;
  for (let place = 0; place < count; place++) {
    const index = first + place;
    const payee = payeeOf(plan, facts, index);
    const minor = minorOf(plan, facts, payee, index);
    balance += minor;
    const entry = {
      index,
      place,
      date: entryDate(plan, statement, place),
      payee,
      description: numbered(plan, payee.name, index),
    };
    yield facts.currency === undefined
      ? { ...entry, amount: oddAmount(place) ?? minorText(minor, facts.decimals) }
      : { ...entry, amount: minorText(minor, facts.decimals), balance: minorText(balance, facts.decimals) };
  }
};

const oddAmount = (place: number): string | undefined =>
  place % oddEvery === oddEvery - 1 ? oddAmounts[Math.floor(place / oddEvery) % oddAmounts.length] : undefined;

/** A name's last `#` is a branch or receipt number. */
const numbered = (plan: Plan, name: string, index: number): string => {
  const at = name.lastIndexOf('#');
  if (at === -1) return name;
  const number = 100 + drawBelow(plan.key, index, purpose.number, 900);
  return `${name.slice(0, at)}${number}${name.slice(at + 1)}`;
};
