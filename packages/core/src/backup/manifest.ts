/** What a volume of a backup says of itself. FORMAT.md section 1, "Manifest". */
import { countKey, type Defect, type EntityKind, entityKinds, type Manifest, type Written } from '@fzip/format';
import type { Counts } from '../counts.ts';
import { backupParameters, type Job, shownStatus } from '../jobs.ts';
import type { Collected } from './collected.ts';
import type { FailedFile } from './files.ts';
import { addMoved, type Moved } from './moved.ts';
import type { BackupParameters } from './parameters.ts';
import type { Plan } from './plan.ts';

/** What HouseF3 holds of a user and no package does. HOUSEF3.md section 1, "Other user-owned tables". */
export const notIncluded = ['user_preferences', 'recurring_charges', 'pattern_feedback', 'workflows'] as const;

type Facts = {
  soFar: Omit<Written, 'bytes' | 'sha256'>;
  collected: ReadonlyMap<EntityKind, Collected>;
  failed: FailedFile[];
  defects: Defect[];
  volume: number;
  plan: Plan;
};

export const manifestOf = (job: Job, facts: Facts): Manifest => {
  const { soFar, collected, plan } = facts;
  const started = job.startedAt ?? job.createdAt;
  const pieces = [...collected.values()].flatMap(({ pieces }) => pieces);
  const moved = movedIn(collected.values());
  return {
    backup_format_version: '1.0',
    backup_timestamp: new Date(started).toISOString(),
    user_id: job.userId,
    housef3_version: '2.5.0',
    package_format: 'fzip',
    data_summary: summary((kind) => soFar.counts[kind] ?? 0, collected),
    checksums: soFar.checksums,
    compatibility: { minimum_version: '2.0.0', supported_versions: ['2.0.0', '2.5.0'] },
    processing_summary: {
      data_bytes: soFar.dataBytes,
      file_bytes: soFar.fileBytes,
      files_written: soFar.files,
      files_failed: facts.failed.length,
    },
    // The verdict is reached after the manifest is written; the job's status tells it.
    validation_summary: { status_when_written: shownStatus(job.status), known_defects: facts.defects.length },
    job_id: job.jobId,
    backup_type: backupParameters(job).backupType,
    filters: filtersOf(backupParameters(job)),
    snapshot: {
      started_at: new Date(started).toISOString(),
      finished_at: new Date(Math.max(started, ...pieces.map(({ finishedAt }) => finishedAt))).toISOString(),
      passes: Math.max(1, ...pieces.map(({ pass }) => pass)),
      moved: { count: moved.count, ids: moved.ids },
    },
    failed_files: facts.failed,
    known_defects: facts.defects,
    not_included: [...notIncluded],
    volume: {
      number: facts.volume,
      count: plan.volumes.length,
      set_id: job.jobId,
      set_summary: summary((kind) => rowsOf(collected, kind), collected),
    },
  };
};

/** What was asked for, in the manifest's spelling. */
const filtersOf = ({
  accountIds,
  categoryIds,
  dateRangeStart,
  dateRangeEnd,
}: BackupParameters): Manifest['filters'] => ({
  ...(accountIds && { account_ids: accountIds }),
  ...(categoryIds && { category_ids: categoryIds }),
  ...(dateRangeStart !== undefined && { date_range_start: new Date(dateRangeStart).toISOString() }),
  ...(dateRangeEnd !== undefined && { date_range_end: new Date(dateRangeEnd).toISOString() }),
});

/** What moved of all kinds; at least what the numbers of rows before and after tell. */
export const movedIn = (collected: Iterable<Collected>): Moved =>
  addMoved(
    [...collected]
      .flatMap(({ pieces }) => pieces)
      .map(({ moved, rows, seenAfter }) =>
        moved.exact ? moved : { ...moved, count: Math.max(1, moved.count, Math.abs(rows - seenAfter)) },
      ),
  );

const rowsOf = (collected: ReadonlyMap<EntityKind, Collected>, kind: EntityKind): number =>
  (collected.get(kind)?.pieces ?? []).reduce((sum, { rows }) => sum + rows, 0);

const summary = (rows: (kind: EntityKind) => number, collected: ReadonlyMap<EntityKind, Collected>) => ({
  ...Object.fromEntries(entityKinds.map((kind) => [countKey(kind), rows(kind)])),
  analytics_included: collected.has('analytics'),
});

/** Rows of each kind, of what was collected. */
export const countsOf = (collected: ReadonlyMap<EntityKind, Collected>): Counts =>
  Object.fromEntries(entityKinds.map((kind) => [kind, rowsOf(collected, kind)])) as Counts;
