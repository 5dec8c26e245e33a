/** What a user asks of a backup: its type, the filters that go with it, how long it is kept. */
import * as z from 'zod';

/** Every type of backup, and the filters that go with it. */
export const backupFilters = {
  complete: [],
  accounts_only: [],
  transactions_only: [],
  categories_only: [],
  date_range: ['dateRangeStart', 'dateRangeEnd'],
  selective: ['accountIds', 'categoryIds', 'dateRangeStart', 'dateRangeEnd'],
} as const satisfies Record<string, readonly string[]>;

export const backupTypes = Object.keys(backupFilters) as [
  keyof typeof backupFilters,
  ...(keyof typeof backupFilters)[],
];

/** `housef3` is what HouseF3's own restore takes. DESIGN.md section 5. */
export const packageFormats = ['fzip', 'housef3'] as const;

const filters = backupFilters.selective;

/** Ids that one request may name: they travel in the job's first message, which stays at a few KB. */
const ids = z.array(z.string().min(1).max(64)).min(1).max(100);
/** ms since epoch; either end may be left out, both belong to the range. */
const day = z.int().min(-8_640_000_000_000_000).max(8_640_000_000_000_000);

const asked = {
  backupType: z.enum(backupTypes).default('complete'),
  /** By default with a complete backup alone. */
  includeAnalytics: z.boolean().optional(),
  /** Transactions of these accounts; with `categoryIds` those that fit both. */
  accountIds: ids.optional(),
  categoryIds: ids.optional(),
  dateRangeStart: day.optional(),
  dateRangeEnd: day.optional(),
  /** The dialect of the package: FZIP's own unless it is to be restored by HouseF3 itself. */
  packageFormat: z.enum(packageFormats).optional(),
  description: z
    .string()
    .max(500)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed text without NUL')
    .optional(),
  expiresInHours: z
    .int()
    .min(1)
    .max(365 * 24)
    .default(24),
};

type Asked = { [name in (typeof filters)[number]]?: unknown } & { backupType: keyof typeof backupFilters };

/** What is wrong with the filters of a request as a whole: each with the field it is about. */
export const filterProblems = (request: Asked): { field: string; message: string }[] => {
  const { backupType, dateRangeStart: start, dateRangeEnd: end } = request;
  const allowed: readonly string[] = backupFilters[backupType];
  const given = filters.filter((name) => request[name] !== undefined);
  const problems: { field: string; message: string }[] = given
    .filter((name) => !allowed.includes(name))
    .map((name) => ({ field: name, message: `does not go with backupType ${backupType}; ${goesWith(name)}` }));
  if (allowed.length > 0 && given.length === 0) {
    problems.push({ field: 'backupType', message: `${backupType} needs one of ${allowed.join(', ')}` });
  }
  if (typeof start === 'number' && typeof end === 'number' && start > end) {
    problems.push({ field: 'dateRangeEnd', message: `the range ends at ${end}, before it begins at ${start}` });
  }
  return problems;
};

const goesWith = (filter: string): string => {
  const types = backupTypes.filter((type) => (backupFilters[type] as readonly string[]).includes(filter));
  return `allowed is ${types.join(' or ')}`;
};

/** What the user asked of a backup. */
export const BackupParameters = z.object(asked).superRefine((request, context) => {
  for (const { field, message } of filterProblems(request)) {
    context.addIssue({ code: 'custom', path: [field], message });
  }
});
export type BackupParameters = z.infer<typeof BackupParameters>;

/** What a user may change of a backup that exists. Hours count from the change, or from the end of one that still works. */
export const Amendment = z.object({
  description: asked.description,
  expiresInHours: asked.expiresInHours.unwrap().optional(),
});
export type Amendment = z.infer<typeof Amendment>;
