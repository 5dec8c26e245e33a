/** The accounts' rows. */
import type { Row } from '@fzip/format';
import { type AccountFacts, accountFacts } from './facts/accounts.ts';
import { minorText } from './money.ts';
import type { Plan } from './plan.ts';
import { type BalancedStatement, balancedStatements, entryDate } from './statements.ts';

const day = 86_400_000;

type Imports = { first?: number; last?: number; from: number; until: number; closing: number };

/** The accounts as HouseF3's table holds them; their balances and dates follow from one pass over all statements. */
export const accountRows = function* (plan: Plan): Generator<Row> {
  const imports = new Map<number, Imports>();
  for (const statement of balancedStatements(plan)) {
    imports.set(statement.account, add(plan, imports.get(statement.account), statement));
  }
  for (const [index, facts] of accountFacts.entries()) yield accountRow(plan, facts, index, imports.get(index));
};

const add = (plan: Plan, before: Imports | undefined, statement: BalancedStatement): Imports => {
  const { count } = statement;
  const dates =
    count === 0
      ? {}
      : { first: before?.first ?? entryDate(plan, statement, 0), last: entryDate(plan, statement, count - 1) };
  return { from: statement.from, ...before, ...dates, until: statement.to, closing: statement.closing };
};

const accountRow = (plan: Plan, facts: AccountFacts, index: number, imports: Imports | undefined): Row => {
  const { name, type, institution, currency, notes, isActive, decimals, opening } = facts;
  const fileMapId = plan.ids.fileMapOfAccount.get(index);
  return {
    accountId: plan.ids.accounts[index] as string,
    userId: plan.userId,
    accountName: name,
    accountType: type,
    ...(institution !== undefined && { institution }),
    ...(currency !== undefined && { currency, balance: minorText(imports?.closing ?? opening, decimals) }),
    ...(notes !== undefined && { notes }),
    ...(isActive !== undefined && { isActive }),
    ...(fileMapId !== undefined && { defaultFileMapId: fileMapId }),
    ...(imports?.first !== undefined && { firstTransactionDate: imports.first }),
    ...(imports?.last !== undefined && { lastTransactionDate: imports.last }),
    ...(imports !== undefined && { importsStartDate: imports.from, importsEndDate: imports.until }),
    createdAt: plan.from - (accountFacts.length - index) * day,
    updatedAt: plan.now - index * 3_600_000,
  };
};
