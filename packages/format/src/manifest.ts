/** The manifest: what a volume says of itself. FORMAT.md, section 1. Unknown keys are kept and ignored. */
import * as z from 'zod';
import { EntityKind } from './entities.ts';

export const manifestEntry = 'manifest.json';

/** Statements of `known_defects` in one manifest. A profile with more is in such a state that nobody should call it backed up. */
export const mostDefects = 10_000;

/** The oddnesses that a statement in `known_defects` may name. */
export const problems = ['type', 'enum', 'length', 'format', 'range'] as const;
export type Problem = (typeof problems)[number];

const count = z.int().nonnegative();
const checksum = z.string().regex(/^sha256:[0-9a-f]{64}$/i, 'no checksum; "sha256:" and 64 hex digits are');

/** Rows of each kind; a missing count is allowed and warned of. */
export const DataSummary = z.looseObject({
  accounts_count: count.optional(),
  transactions_count: count.optional(),
  categories_count: count.optional(),
  file_maps_count: count.optional(),
  transaction_files_count: count.optional(),
  analytics_count: count.optional(),
  analytics_included: z.boolean().optional(),
});
export type DataSummary = z.infer<typeof DataSummary>;

const MissingTarget = z.looseObject({ kind: EntityKind, field: z.string(), missing: z.string(), rows: count });
const OddValue = z.looseObject({ kind: EntityKind, field: z.string(), problem: z.enum(problems), rows: count });

/** When the rows were read, and what moved meanwhile. */
export const Snapshot = z.looseObject({
  started_at: z.string(),
  finished_at: z.string(),
  passes: count,
  moved: z.looseObject({ count, ids: z.array(z.string()).max(100) }),
});

const FailedFile = z.looseObject({ fileId: z.string(), fileName: z.string(), reason: z.string() });

/** Which volume of which set this is. */
export const VolumeOfSet = z.looseObject({
  number: z.int().positive(),
  count: z.int().positive(),
  set_id: z.string(),
  set_summary: DataSummary,
});

/** What other tools may leave out has a default: a lone volume without failures or defects. */
export const Manifest = z
  .looseObject({
    backup_format_version: z.string(),
    backup_timestamp: z.string(),
    user_id: z.string(),
    housef3_version: z.string().default(''),
    package_format: z.literal('fzip').default('fzip'),
    data_summary: DataSummary.prefault({}),
    checksums: z.record(z.string(), checksum).default({}),
    compatibility: z
      .looseObject({ minimum_version: z.string(), supported_versions: z.array(z.string()) })
      .default({ minimum_version: '', supported_versions: [] }),
    processing_summary: z.looseObject({}).default({}),
    validation_summary: z.looseObject({}).default({}),
    job_id: z.string().default(''),
    backup_type: z.string().default('complete'),
    filters: z.looseObject({}).default({}),
    snapshot: Snapshot.optional(),
    failed_files: z.array(FailedFile).default([]),
    known_defects: z
      .array(z.union([MissingTarget, OddValue]))
      .max(mostDefects)
      .default([]),
    not_included: z.array(z.string()).default([]),
    volume: VolumeOfSet.default({ number: 1, count: 1, set_id: '', set_summary: {} }),
  })
  .refine(({ volume }) => volume.number <= volume.count, {
    path: ['volume', 'number'],
    error: ({ input }) => {
      const { number, count } = (input as { volume: { number: number; count: number } }).volume;
      return `is ${number}; allowed are 1 to volume.count, which is ${count}`;
    },
  });
export type Manifest = z.infer<typeof Manifest>;

export type CountKey =
  | 'accounts_count'
  | 'transactions_count'
  | 'categories_count'
  | 'file_maps_count'
  | 'transaction_files_count'
  | 'analytics_count';

/** The key of `data_summary` that counts a kind's rows. */
export const countKey = (kind: EntityKind): CountKey => `${kind}_count`;
