/** Transactions as HouseF3's table holds them after it imported the statements. */
import { exact, normalDecimal, type Row, transactionHash, type Value } from '@fzip/format';
import { draw, drawBelow, purpose, uuidOf } from './chance.ts';
import type { Payee } from './facts/payees.ts';
import type { Plan } from './plan.ts';
import { type BalancedStatement, balancedStatements, type Entry, entries } from './statements.ts';

const hour = 3_600_000;

/** Every transaction, file by file, one at a time. */
export const transactionRows = function* (plan: Plan): Generator<Row> {
  for (const statement of balancedStatements(plan)) {
    const uploadedAt = uploadDate(plan, statement);
    for (const entry of entries(plan, statement)) yield transactionRow(plan, statement, entry, uploadedAt);
  }
};

/** When a statement's file was uploaded, ms since epoch: some hours after its last day, never after now. */
export const uploadDate = (plan: Plan, { index, to }: BalancedStatement): number =>
  to + hour + drawBelow(plan.key, index, purpose.upload, 10 * hour);

/** True for the few transactions that HouseF3 takes for repeats. */
export const isDuplicate = (plan: Plan, index: number): boolean => draw(plan.key, index, purpose.status) < 0.01;

// DynamoDB gives numbers back without trailing zeros, so they are made without.
const stored = (text: string): Value => exact(normalDecimal(text));

const transactionRow = (plan: Plan, statement: BalancedStatement, entry: Entry, uploadedAt: number): Row => {
  const { index, date, description } = entry;
  const { currency } = statement.facts;
  const accountId = plan.ids.accounts[statement.account] as string;
  const row: Row = {
    transactionId: uuidOf(plan.seed, plan.userId, 'transaction', index),
    userId: plan.userId,
    fileId: statement.fileId,
    accountId,
    date,
    description,
    amount: stored(entry.amount),
    createdAt: uploadedAt,
    updatedAt: uploadedAt,
  };
  if (currency !== undefined) {
    row.currency = currency;
    row.transactionHash = transactionHash({ accountId, date, amount: entry.amount, description });
  }
  if (entry.balance !== undefined) row.balance = stored(entry.balance);
  addBankFields(plan, row, statement, entry);
  addCategories(plan, row, entry, uploadedAt);
  return row;
};

const addBankFields = (plan: Plan, row: Row, { facts }: BalancedStatement, entry: Entry): void => {
  const { index, payee, place, amount, date } = entry;
  const chance = draw(plan.key, index, purpose.optional);
  if (chance < 0.97) row.importOrder = place;
  if (chance > 0.1) row.transactionType = payee.type ?? (amount.startsWith('-') ? 'debit' : 'credit');
  if (payee.memo !== undefined) row.memo = payee.memo;
  if (payee.check) row.checkNumber = checkNumber(index);
  if (facts.format === 'ofx') row.fitId = fitId(entry);
  const status = isDuplicate(plan, index) ? 'duplicate' : chance < 0.9 ? 'new' : undefined;
  if (status !== undefined) {
    row.status = status;
    row.statusDate = `${status}#${date}`;
  }
};

export const checkNumber = (index: number): string => String(1001 + index).padStart(6, '0');

export const fitId = ({ index, date }: Entry): string => `${new Date(date).toISOString().slice(0, 10)}-${index}`;

/** A quarter is unsorted, some by an empty list; the rest is suggested by a rule or confirmed by hand. */
const addCategories = (plan: Plan, row: Row, { index, payee }: Entry, uploadedAt: number): void => {
  const chance = draw(plan.key, index, purpose.assignment);
  const categoryId = plan.ids.categories.get(payee.category ?? '');
  if (categoryId === undefined || chance < 0.25) {
    if (chance < 0.18) row.categories = [];
    return;
  }
  if (chance < 0.6) {
    row.categories = [suggested(plan, payee, categoryId, uploadedAt, index)];
    if (chance < 0.5) row.primaryCategoryId = categoryId;
    return;
  }
  const confirmedAt = Math.min(uploadedAt + drawBelow(plan.key, index, purpose.second, 72) * hour, plan.now);
  const confirmed = { categoryId, confidence: 100, status: 'confirmed', isManual: chance > 0.8 };
  const second = plan.ids.categories.get('shopping') as string;
  row.categories = [{ ...confirmed, assignedAt: uploadedAt, confirmedAt }];
  if (chance > 0.94 && second !== categoryId) {
    row.categories.push({ categoryId: second, confidence: 40, status: 'suggested', assignedAt: uploadedAt });
  }
  row.primaryCategoryId = categoryId;
  row.updatedAt = confirmedAt;
};

const suggested = (plan: Plan, payee: Payee, categoryId: string, assignedAt: number, index: number): Value => {
  const rule = plan.ids.rules.get(payee.category ?? '');
  const confidence = 60 + drawBelow(plan.key, index, purpose.second, 40);
  return {
    categoryId,
    confidence,
    status: 'suggested',
    isManual: false,
    assignedAt,
    ...(rule !== undefined && { ruleId: rule }),
  };
};
