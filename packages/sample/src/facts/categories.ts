/** The category tree of a sample profile, four levels deep, with rules of every condition. */
import type { Category, CategoryRule } from '@fzip/format';

type Rule = Pick<CategoryRule, 'fieldToMatch' | 'condition' | 'value'> &
  Partial<{
    caseSensitive: boolean;
    priority: number;
    enabled: boolean;
    confidence: number;
    amountMin: string;
    amountMax: string;
    allowMultipleMatches: boolean;
    autoSuggest: boolean;
  }>;

export type CategoryFacts = {
  key: string;
  name: string;
  type: Category['type'];
  parent?: string;
  icon?: string;
  color?: string;
  rules?: readonly Rule[];
  inheritParentRules?: boolean;
  ruleInheritanceMode?: NonNullable<Category['ruleInheritanceMode']>;
};

const contains = (value: string, rest: Omit<Partial<Rule>, 'condition' | 'value'> = {}): Rule => ({
  fieldToMatch: 'description',
  condition: 'contains',
  value,
  ...rest,
});
const additive = { inheritParentRules: true, ruleInheritanceMode: 'additive' } as const;
const override = { inheritParentRules: true, ruleInheritanceMode: 'override' } as const;
const disabled = { inheritParentRules: false, ruleInheritanceMode: 'disabled' } as const;

const income: CategoryFacts[] = [
  { key: 'income', name: 'Income', type: 'INCOME', icon: '💰', color: '#2e7d32', rules: [], ...disabled },
  {
    key: 'salary',
    name: 'Salary',
    type: 'INCOME',
    parent: 'income',
    icon: '💼',
    color: '#388e3c',
    rules: [
      contains('PAYROLL', { caseSensitive: true, priority: 90, confidence: 98 }),
      { fieldToMatch: 'description', condition: 'starts_with', value: 'Gehalt', priority: 80, confidence: 95 },
      { fieldToMatch: 'amount', condition: 'amount_greater', value: '1500', amountMin: '1500.00', confidence: 60 },
    ],
    ...additive,
  },
  { key: 'interest', name: 'Interest', type: 'INCOME', parent: 'income', icon: '🏦', rules: [contains('interest')] },
  { key: 'dividends', name: 'Dividends', type: 'INCOME', parent: 'income', rules: [contains('DIVIDEND')], ...additive },
  { key: 'refunds', name: 'Refunds & cashback', type: 'INCOME', parent: 'income', icon: '↩️' },
];

const home: CategoryFacts[] = [
  { key: 'home', name: 'Home', type: 'EXPENSE', icon: '🏠', color: '#5d4037' },
  {
    key: 'rent',
    name: 'Rent',
    type: 'EXPENSE',
    parent: 'home',
    icon: '🔑',
    rules: [
      { fieldToMatch: 'description', condition: 'regex', value: '^(Rent|Miete)\\b.*$', priority: 70, confidence: 92 },
    ],
    ...override,
  },
  {
    key: 'utilities',
    name: 'Utilities',
    type: 'EXPENSE',
    parent: 'home',
    icon: '💡',
    rules: [contains('Utilities'), { fieldToMatch: 'payee', condition: 'ends_with', value: 'WATER', enabled: false }],
    ...additive,
  },
  { key: 'phone', name: 'Phone & internet', type: 'EXPENSE', parent: 'utilities', icon: '📱', color: '#0277bd' },
  {
    key: 'loan_interest',
    name: 'Loan interest',
    type: 'EXPENSE',
    parent: 'home',
    rules: [contains('Interest charged')],
  },
];

const food: CategoryFacts[] = [
  { key: 'food', name: 'Food & drink', type: 'EXPENSE', icon: '🍎', color: '#ef6c00', ...disabled },
  {
    key: 'groceries',
    name: 'Groceries',
    type: 'EXPENSE',
    parent: 'food',
    icon: '🛒',
    color: '#f57c00',
    rules: [
      contains('TESCO', { priority: 50, confidence: 90, allowMultipleMatches: true, autoSuggest: true }),
      {
        fieldToMatch: 'description',
        condition: 'regex',
        value: "^(WHOLE FOODS|TRADER JOE'S|M&S)\\s.*#?\\d+",
        caseSensitive: true,
        confidence: 88,
      },
    ],
    ...additive,
  },
  { key: 'eating_out', name: 'Eating out', type: 'EXPENSE', parent: 'food', icon: '🍽️', ...override },
  {
    key: 'restaurants',
    name: 'Restaurants',
    type: 'EXPENSE',
    parent: 'eating_out',
    icon: '🍕',
    rules: [
      {
        fieldToMatch: 'amount',
        condition: 'amount_between',
        value: '',
        amountMin: '12.50',
        amountMax: '120',
        confidence: 55,
        autoSuggest: false,
      },
      contains('diner'),
    ],
    ...additive,
  },
  {
    key: 'coffee',
    name: 'Cafés ☕',
    type: 'EXPENSE',
    parent: 'eating_out',
    rules: [
      contains('coffee', { confidence: 85 }),
      { fieldToMatch: 'amount', condition: 'amount_less', value: '15', amountMax: '15.00', enabled: false },
    ],
    ...override,
  },
  { key: 'specialty_coffee', name: 'Specialty beans', type: 'EXPENSE', parent: 'coffee', icon: '🫘' },
];

const daily: CategoryFacts[] = [
  { key: 'transport', name: 'Transport', type: 'EXPENSE', icon: '🚌', color: '#1565c0' },
  { key: 'fuel', name: 'Fuel', type: 'EXPENSE', parent: 'transport', icon: '⛽', rules: [contains('SHELL OIL')] },
  {
    key: 'transit',
    name: 'Public transport & rides',
    type: 'EXPENSE',
    parent: 'transport',
    icon: '🚇',
    rules: [{ fieldToMatch: 'description', condition: 'equals', value: 'TFL TRAVEL CH', confidence: 100 }],
  },
  { key: 'travel', name: 'Travel', type: 'EXPENSE', icon: '✈️', color: '#00838f' },
  { key: 'flights', name: 'Flights', type: 'EXPENSE', parent: 'travel', rules: [contains('AIR')], ...additive },
  { key: 'hotels', name: 'Hôtels', type: 'EXPENSE', parent: 'travel', icon: '🛏️', rules: [contains('Hôtel')] },
  { key: 'shopping', name: 'Shopping', type: 'EXPENSE', icon: '🛍️', rules: [contains('AMZN')] },
  { key: 'books', name: 'Books', type: 'EXPENSE', parent: 'shopping', icon: '📚' },
  { key: 'gifts', name: 'Gifts & family', type: 'EXPENSE', icon: '🎁', color: '#ad1457' },
  { key: 'health', name: 'Health', type: 'EXPENSE', icon: '🩺' },
  { key: 'pharmacy', name: 'Pharmacy', type: 'EXPENSE', parent: 'health', rules: [contains('pharmacy')] },
  { key: 'entertainment', name: 'Entertainment', type: 'EXPENSE', icon: '🎬' },
  {
    key: 'streaming',
    name: 'Streaming',
    type: 'EXPENSE',
    parent: 'entertainment',
    icon: '📺',
    rules: [contains('NETFLIX', { confidence: 99 }), contains('Spotify', { confidence: 99 })],
  },
  { key: 'games', name: 'Games "& more"', type: 'EXPENSE', parent: 'entertainment', icon: '🎮' },
  { key: 'fees', name: 'Bank fees', type: 'EXPENSE', rules: [{ ...contains('fee'), fieldToMatch: 'memo' }] },
  { key: 'cash', name: 'Cash', type: 'EXPENSE', icon: '💵', rules: [contains('ATM')] },
];

const transfers: CategoryFacts[] = [
  // HOUSEF3.md, section 2a: the one category that HouseF3 makes by itself.
  { key: 'transfers', name: 'Transfers', type: 'TRANSFER', icon: 'transfer' },
  { key: 'savings_transfer', name: 'To and from savings', type: 'TRANSFER', parent: 'transfers', icon: '🔁' },
  { key: 'card_payment', name: 'Card payments', type: 'TRANSFER', parent: 'transfers', rules: [contains('AUTOPAY')] },
  { key: 'loan_payment', name: 'Loan payments', type: 'TRANSFER', parent: 'transfers', icon: '🏦' },
  { key: 'investments', name: 'المدّخرات / Investments', type: 'TRANSFER', parent: 'transfers', icon: '📈' },
];

/** Parents before their children. */
export const categoryFacts: readonly CategoryFacts[] = [...income, ...home, ...food, ...daily, ...transfers];
