/** What must hold of the stacks, as rules: each names what is wrong, or nothing. */
import { rulesOfAccess } from './rules-access.ts';
import { rulesOfData } from './rules-data.ts';
import { rulesOfWork } from './rules-work.ts';
import type { View } from './view.ts';

/** What is wrong, in words that name the resource. */
export type Rule = (view: View) => string[];

export const rules: Readonly<Record<string, Rule>> = { ...rulesOfData, ...rulesOfWork, ...rulesOfAccess };

/** Every violation as `rule: what is wrong`. */
export const violations = (view: View): string[] =>
  Object.entries(rules).flatMap(([name, rule]) => rule(view).map((problem) => `${name}: ${problem}`));
