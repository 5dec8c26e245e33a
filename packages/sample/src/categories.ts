/** The rows of categories and file maps. */
import type { Row } from '@fzip/format';
import { categoryFacts } from './facts/categories.ts';
import { fileMapFacts } from './facts/file-maps.ts';
import { type Plan, ruleId } from './plan.ts';

const minute = 60_000;

/** The categories as HouseF3's table holds them, parents first. */
export const categoryRows = function* (plan: Plan): Generator<Row> {
  for (const [index, { key, parent, rules, ...facts }] of categoryFacts.entries()) {
    yield {
      categoryId: plan.ids.categories.get(key) as string,
      userId: plan.userId,
      ...facts,
      ...(parent !== undefined && { parentCategoryId: plan.ids.categories.get(parent) as string }),
      ...(rules !== undefined && {
        rules: rules.map((rule, number) => ({ ruleId: ruleId(plan.seed, plan.userId, key, number), ...rule })),
      }),
      createdAt: plan.from + index * minute,
      updatedAt: plan.now - index * minute,
    };
  }
};

/** The file maps as HouseF3's table holds them. */
export const fileMapRows = function* (plan: Plan): Generator<Row> {
  for (const [index, { account, columns, transformations, ...facts }] of fileMapFacts.entries()) {
    yield {
      fileMapId: plan.ids.fileMaps[index] as string,
      userId: plan.userId,
      ...facts,
      mappings: columns.map(({ header, field }) => {
        const transformation = transformations?.[field];
        return { sourceField: header, targetField: field, ...(transformation !== undefined && { transformation }) };
      }),
      ...(account !== undefined && { accountId: plan.ids.accounts[account] as string }),
      createdAt: plan.from + index * minute,
      updatedAt: plan.from + index * minute,
    };
  }
};
