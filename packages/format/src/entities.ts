/** The six kinds of rows of a profile: what each must hold, what it refers to, and how HouseF3's tables keep it. */
import * as z from 'zod';
import { isDecimal } from './decimal.ts';
import { ExactNumber, numberText, type Row, type Value } from './row.ts';

export const entityKinds = [
  'accounts',
  'categories',
  'file_maps',
  'transaction_files',
  'transactions',
  'analytics',
] as const;

export const EntityKind = z.enum(entityKinds);
export type EntityKind = z.infer<typeof EntityKind>;

const optional = <T extends z.ZodType>(type: T) => type.nullish();
/** At most so many characters, counted as Python counts them: by code point. */
const text = (longest: number) =>
  z
    .string()
    .refine((value) => value.length <= longest || [...value].length <= longest, {
      params: { problem: 'length' },
      message: `longer than ${longest} characters`,
    })
    // JSON Schema counts so as well.
    .meta({ maxLength: longest });
const id = z.guid();
const userId = z.string();
/** ms since epoch. Dates before 1970 are stated as defects. */
const ms = z.int().nonnegative();
const count = z.int().nonnegative();
const percent = z.int().min(0).max(100);

const money = z.string().refine(isDecimal, {
  params: { problem: 'format' },
  message: 'no decimal number of at most 38 digits',
});
const positiveMoney = money.refine((value) => !value.trimStart().startsWith('-') || /^-[0.]*$/.test(value), {
  params: { problem: 'range' },
  message: 'below zero',
});

const maxUInt64 = 2n ** 64n - 1n;
/** What a transaction's hash may be. */
export const isUInt64 = (value: unknown): boolean => {
  if (typeof value !== 'number' && !(value instanceof ExactNumber)) return false;
  const digits = numberText(value);
  if (!/^\d{1,20}$/.test(digits)) return false;
  return digits.length < 20 || BigInt(digits) <= maxUInt64;
};
const uint64 = z.custom<number | ExactNumber>(isUInt64, {
  params: { problem: 'range' },
  message: 'no integer from 0 to 18446744073709551615',
});

export const currencies = ['USD', 'EUR', 'GBP', 'CAD', 'JPY', 'AUD', 'CHF', 'CNY', 'other'] as const;
const currency = z.enum(currencies);

export const Account = z.looseObject({
  accountId: id,
  userId: optional(userId),
  accountName: text(100),
  accountType: z.enum(['checking', 'savings', 'credit_card', 'investment', 'loan', 'other']),
  institution: optional(text(100)),
  balance: optional(money),
  currency: optional(currency),
  notes: optional(text(1000)),
  isActive: optional(z.boolean()),
  defaultFileMapId: optional(id),
  firstTransactionDate: optional(ms),
  lastTransactionDate: optional(ms),
  importsStartDate: optional(ms),
  importsEndDate: optional(ms),
  createdAt: ms,
  updatedAt: ms,
});

export const CategoryRule = z.looseObject({
  ruleId: z.string(),
  fieldToMatch: z.string(),
  condition: z.enum([
    'contains',
    'starts_with',
    'ends_with',
    'equals',
    'regex',
    'amount_greater',
    'amount_less',
    'amount_between',
  ]),
  value: z.string(),
  caseSensitive: optional(z.boolean()),
  priority: optional(percent),
  enabled: optional(z.boolean()),
  confidence: optional(percent),
  amountMin: optional(positiveMoney),
  amountMax: optional(positiveMoney),
  allowMultipleMatches: optional(z.boolean()),
  autoSuggest: optional(z.boolean()),
});

export const Category = z.looseObject({
  categoryId: id,
  userId: optional(userId),
  name: z.string(),
  type: z.enum(['INCOME', 'EXPENSE', 'TRANSFER']),
  parentCategoryId: optional(id),
  icon: optional(z.string()),
  color: optional(z.string()),
  rules: optional(z.array(CategoryRule)),
  inheritParentRules: optional(z.boolean()),
  ruleInheritanceMode: optional(z.enum(['additive', 'override', 'disabled'])),
  createdAt: ms,
  updatedAt: ms,
});

export const FileMap = z.looseObject({
  fileMapId: id,
  userId: optional(userId),
  name: text(255).min(1),
  mappings: z
    .array(
      z.looseObject({
        sourceField: z.string().min(1),
        targetField: z.string().min(1),
        transformation: optional(z.string()),
      }),
    )
    .min(1),
  accountId: optional(id),
  description: optional(text(1000)),
  reverseAmounts: optional(z.boolean()),
  createdAt: ms,
  updatedAt: ms,
});

export const TransactionFile = z.looseObject({
  fileId: id,
  userId: optional(userId),
  fileName: z.string(),
  uploadDate: ms,
  fileSize: count,
  s3Key: z.string(),
  processingStatus: optional(z.enum(['pending', 'processing', 'processed', 'error', 'needs_mapping'])),
  processedDate: optional(ms),
  fileFormat: optional(z.enum(['csv', 'ofx', 'qfx', 'qif', 'pdf', 'xlsx', 'other', 'json', 'excel'])),
  accountId: optional(id),
  fileMapId: optional(id),
  recordCount: optional(count),
  dateRange: optional(z.looseObject({ startDate: ms, endDate: ms })),
  errorMessage: optional(z.string()),
  openingBalance: optional(money),
  closingBalance: optional(money),
  currency: optional(currency),
  duplicateCount: optional(count),
  transactionCount: optional(count),
  createdAt: ms,
  updatedAt: ms,
});

export const CategoryAssignment = z.looseObject({
  categoryId: id,
  confidence: optional(percent),
  status: optional(z.enum(['suggested', 'confirmed'])),
  isManual: optional(z.boolean()),
  assignedAt: ms,
  confirmedAt: optional(ms),
  ruleId: optional(z.string()),
});

export const Transaction = z.looseObject({
  transactionId: id,
  userId: optional(userId),
  fileId: id,
  accountId: id,
  date: ms,
  description: text(1000),
  amount: money,
  currency: optional(currency),
  balance: optional(money),
  importOrder: optional(z.int()),
  restoreOrder: optional(z.int()),
  transactionType: optional(text(50)),
  memo: optional(text(1000)),
  checkNumber: optional(text(50)),
  fitId: optional(text(100)),
  status: optional(text(50)),
  statusDate: optional(z.string()),
  transactionHash: optional(uint64),
  categories: optional(z.array(CategoryAssignment)),
  primaryCategoryId: optional(id),
  createdAt: ms,
  updatedAt: ms,
});

export const analyticTypes = [
  'cash_flow',
  'category_trends',
  'budget_performance',
  'financial_health',
  'credit_utilization',
  'payment_patterns',
  'account_efficiency',
  'merchant_analysis',
  'goal_progress',
  'recommendations',
] as const;

export const Analytics = z.looseObject({
  userId: optional(userId),
  analyticType: z.enum(analyticTypes),
  timePeriod: z.string(),
  accountId: optional(id),
  data: optional(z.record(z.string(), z.unknown())),
  computedDate: optional(z.string()),
  dataThroughDate: optional(z.string()),
});

export type Account = z.infer<typeof Account>;
export type Category = z.infer<typeof Category>;
export type CategoryRule = z.infer<typeof CategoryRule>;
export type FileMap = z.infer<typeof FileMap>;
export type TransactionFile = z.infer<typeof TransactionFile>;
export type CategoryAssignment = z.infer<typeof CategoryAssignment>;
export type Transaction = z.infer<typeof Transaction>;
export type Analytics = z.infer<typeof Analytics>;

/** A path into a row; `[]` stands for every element of a list: `categories[].categoryId`. */
export type FieldPath = string;

export type Reference = { field: FieldPath; to: EntityKind };

export type KindRules = {
  schema: z.ZodType;
  /** The attribute that names a row; analytics have none and go by `idOf`. */
  id: string | undefined;
  /** The range key of the index by which a user's rows are read, and so the first sort key in a package. */
  rangeKey: string | undefined;
  references: readonly Reference[];
  /** Money, by how HouseF3's tables keep it. In packages it is always a string. */
  money: Readonly<Record<FieldPath, 'S' | 'N'>>;
  /** Attributes that belong to the table rather than the row, and so are in no package: TTL, composed keys. */
  tableOnly: readonly string[];
};

/** What is known of each kind, in one place. Source: HOUSEF3.md, sections 1 and 2. */
export const kindRules: Readonly<Record<EntityKind, KindRules>> = {
  accounts: {
    schema: Account,
    id: 'accountId',
    rangeKey: 'createdAt',
    references: [{ field: 'defaultFileMapId', to: 'file_maps' }],
    money: { balance: 'S' },
    tableOnly: [],
  },
  categories: {
    schema: Category,
    id: 'categoryId',
    rangeKey: 'name',
    references: [{ field: 'parentCategoryId', to: 'categories' }],
    money: { 'rules[].amountMin': 'S', 'rules[].amountMax': 'S' },
    tableOnly: [],
  },
  file_maps: {
    schema: FileMap,
    id: 'fileMapId',
    rangeKey: undefined,
    references: [{ field: 'accountId', to: 'accounts' }],
    money: {},
    tableOnly: [],
  },
  transaction_files: {
    schema: TransactionFile,
    id: 'fileId',
    rangeKey: undefined,
    references: [
      { field: 'accountId', to: 'accounts' },
      { field: 'fileMapId', to: 'file_maps' },
    ],
    money: { openingBalance: 'S', closingBalance: 'N' },
    tableOnly: ['expiryDate'],
  },
  transactions: {
    schema: Transaction,
    id: 'transactionId',
    rangeKey: 'date',
    references: [
      { field: 'accountId', to: 'accounts' },
      { field: 'fileId', to: 'transaction_files' },
      { field: 'primaryCategoryId', to: 'categories' },
      { field: 'categories[].categoryId', to: 'categories' },
      // A key of AccountCategoryIndex that HouseF3 no longer writes; old rows have it.
      { field: 'categoryId', to: 'categories' },
    ],
    money: { amount: 'N', balance: 'N' },
    tableOnly: [],
  },
  analytics: {
    schema: Analytics,
    id: undefined,
    rangeKey: 'analyticType',
    references: [{ field: 'accountId', to: 'accounts' }],
    money: {},
    tableOnly: ['pk', 'sk', 'ttl'],
  },
};

/** Where a kind's rows stand in a package. */
export const dataEntry = (kind: EntityKind): string => `data/${kind}.json`;

/** What names a row among its kind: its id, or for analytics `type#period#account`. Undefined if the row has none. */
export const idOf = (kind: EntityKind, row: Row): string | undefined => {
  const attribute = kindRules[kind].id;
  if (attribute !== undefined) return stringOrNone(row[attribute]);
  const [type, period] = [stringOrNone(row.analyticType), stringOrNone(row.timePeriod)];
  return type === undefined || period === undefined
    ? undefined
    : `${type}#${period}#${stringOrNone(row.accountId) ?? 'ALL'}`;
};

const stringOrNone = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
