/** Analytics: what HouseF3 worked out per month, for the whole profile and for some accounts. */
import { type Analytics, analyticTypes, exact, normalDecimal, type Row, type Value } from '@fzip/format';
import { draw, drawBelow, purpose } from './chance.ts';
import { minorText } from './money.ts';
import type { Plan } from './plan.ts';

type AnalyticType = Analytics['analyticType'];
type Numbers = {
  money(of: number, most: number): Value;
  share(of: number): Value;
  count(of: number, most: number): number;
};

const months = 6;
const secondsPerYear = 31_536_000;
const perAccount: ReadonlySet<AnalyticType> = new Set(['credit_utilization', 'payment_patterns', 'account_efficiency']);
const accountsShown = 3;

/** Analytics as HouseF3's table holds them, with its composed keys. */
export const analyticsRows = function* (plan: Plan): Generator<Row> {
  let index = 0;
  for (const analyticType of analyticTypes) {
    for (let back = 0; back < months; back++) {
      const accounts = perAccount.has(analyticType) ? plan.ids.accounts.slice(0, accountsShown) : [];
      for (const accountId of [undefined, ...accounts])
        yield analyticsRow(plan, analyticType, back, accountId, index++);
    }
  }
};

/** How many rows `analyticsRows` gives. */
export const analyticsCount = months * (analyticTypes.length + perAccount.size * accountsShown);

const analyticsRow = (
  plan: Plan,
  analyticType: AnalyticType,
  back: number,
  accountId: string | undefined,
  index: number,
): Row => {
  const end = new Date(plan.to);
  const timePeriod = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - back)).toISOString().slice(0, 7);
  return {
    pk: `${plan.userId}#${analyticType}`,
    sk: `${timePeriod}#${accountId ?? 'ALL'}`,
    userId: plan.userId,
    analyticType,
    timePeriod,
    ...(accountId !== undefined && { accountId }),
    data: dataOf[analyticType](numbersOf(plan, index)),
    computedDate: new Date(plan.now).toISOString().replace('Z', '+00:00'),
    ...(back > 0 && { dataThroughDate: end.toISOString().slice(0, 10) }),
    // Far off, so that a table with a living TTL does not take the row away.
    ...(index % 4 === 0 && { ttl: Math.floor(plan.now / 1000) + 10 * secondsPerYear }),
  };
};

const numbersOf = (plan: Plan, index: number): Numbers => {
  const at = (of: number, most: number) => drawBelow(plan.key, index * 64 + of, purpose.analytics, most);
  return {
    money: (of, most) => trimmed(minorText(at(of, most * 100), 2)),
    share: (of) => trimmed(minorText(Math.floor(draw(plan.key, index * 64 + of, purpose.analytics) * 10_000), 4)),
    count: at,
  };
};

const trimmed = (text: string): Value => exact(normalDecimal(text));

const dataOf: Readonly<Record<AnalyticType, (of: Numbers) => Row>> = {
  cash_flow: ({ money }) => ({
    totals: { income: money(1, 6_000), expenses: money(2, 4_500) },
    weeks: [1, 2, 3, 4].map((week) => ({ week, in: money(10 + week, 1_500), out: money(20 + week, 1_100) })),
    largest: { description: 'Miete Aachener Straße 12', amount: exact('-980') },
  }),
  category_trends: ({ money, share }) => ({
    categories: {
      Groceries: { spent: money(1, 900), change: share(2) },
      'Cafés ☕': { spent: money(3, 90), change: null },
    },
  }),
  budget_performance: ({ money, share }) => ({
    budgets: [{ name: 'Food', limit: 600, spent: money(1, 700) }],
    used: share(2),
  }),
  financial_health: ({ count, share }) => ({ score: count(1, 100), factors: { savings: share(2), debt: share(3) } }),
  credit_utilization: ({ share, money }) => ({ utilization: share(1), limit: 8_000, owed: money(2, 3_000) }),
  payment_patterns: ({ count }) => ({
    onTime: count(1, 12),
    late: count(2, 2),
    byWeekday: [0, 1, 2, 3, 4, 5, 6].map((d) => count(10 + d, 9)),
  }),
  account_efficiency: ({ share, money }) => ({ feeRatio: share(1), fees: money(2, 40), hints: [] }),
  merchant_analysis: ({ money, count }) => ({
    top: ['TESCO STORES', 'مقهى الفنجان', 'Joe\'s "Original" Diner, Inc.'].map((merchant, at) => ({
      merchant,
      visits: count(at, 14),
      spent: money(10 + at, 400),
    })),
  }),
  goal_progress: ({ share }) => ({ goals: [{ name: 'Six months of expenses ☔', reached: share(1), done: false }] }),
  recommendations: ({ money }) => ({
    items: [{ title: 'Two streaming services overlap', saves: money(1, 20), seen: true, details: {} }],
  }),
};
