/** What a selective backup can be made of: the user's accounts and categories by name. */
import { rowPages } from '@fzip/core';
import type { Row } from '@fzip/format';
import type { ApiContext } from './context.ts';
import type { Choices } from './profile-schemas.ts';

/** Of each kind; a picker of more would be none. */
const mostChoices = 500;
const longestName = 200;
const idOf = { accounts: 'accountId', categories: 'categoryId' } as const;
const nameOf = { accounts: 'accountName', categories: 'name' } as const;

const text = (row: Row, field: string): string => {
  const value = row[field];
  return typeof value === 'string' ? value.slice(0, longestName).toWellFormed() : '';
};

/** The first ones in the order of the user's index; `more` if there are others. */
const some = async (c: ApiContext, kind: keyof typeof idOf) => {
  const [attributes, rows]: [string[], Row[]] = [[idOf[kind], nameOf[kind]], []];
  const query = { userId: c.get('user'), kind, attributes };
  for await (const page of rowPages(c.get('ports'), query)) {
    rows.push(...page);
    if (rows.length > mostChoices) break;
  }
  const chosen = rows
    .slice(0, mostChoices)
    .map((row) => ({ id: text(row, idOf[kind]), name: text(row, nameOf[kind]) }));
  return { items: chosen.filter(({ id }) => id !== ''), more: rows.length > mostChoices };
};

export const choices = async (c: ApiContext): Promise<Choices> => {
  const [accounts, categories] = await Promise.all([some(c, 'accounts'), some(c, 'categories')]);
  return { accounts: accounts.items, categories: categories.items, more: accounts.more || categories.more };
};
