/** The hash by which HouseF3 recognises a transaction that it has seen before. */
import { hash } from 'node:crypto';
import { pythonNormalized } from './decimal.ts';
import { type ExactNumber, exact, isNumber, numberText } from './row.ts';

/** What is hashed of a transaction; `date` in ms since epoch, `amount` as tables or as packages spell it. */
export type HashedFields = {
  accountId: string;
  date: number | ExactNumber;
  amount: string | number | ExactNumber;
  description: string;
};

/**
 * HOUSEF3.md, section 1: the first 64 bits of sha256 over `account|date|amount|description`, the amount as Python's
 * `Decimal.normalize()` prints it. An unsigned integer, most often beyond what a JavaScript number holds.
 */
export const transactionHash = ({ accountId, date, amount, description }: HashedFields): number | ExactNumber => {
  const decimal = pythonNormalized(isNumber(amount) ? numberText(amount) : amount);
  const hex = hash('sha256', `${accountId}|${numberText(date)}|${decimal}|${description}`).slice(0, 16);
  return exact(BigInt(`0x${hex}`).toString());
};
