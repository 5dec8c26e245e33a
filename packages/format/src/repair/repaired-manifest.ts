/** The manifest of a repaired package: what the old one said where it is still true, and what was lost. Nothing is made up. */
import { type Defect, defectKey } from '../defects.ts';
import { type EntityKind, entityKinds } from '../entities.ts';
import { countKey, type Manifest } from '../manifest.ts';
import type { LostCounts, RepairedMark } from '../repaired-mark.ts';
import type { SoFar } from '../writer.ts';
import type { Loss } from './losses.ts';
import type { Survey } from './survey.ts';

type Facts = {
  counts: Record<EntityKind, number>;
  soFar: SoFar;
  lost: readonly Loss[];
  failed: Manifest['failed_files'];
  defects: Defect[];
  /** Owners that the rows name; two stand for several. */
  users: ReadonlySet<string>;
  withoutChecksum: number;
  unproven: number;
};

const unknown = 'unknown';

export const repairedManifest = (
  { manifest, source }: Survey,
  { counts, soFar, lost, failed, defects, users, withoutChecksum, unproven }: Facts,
  { now, name }: { now: Date; name?: string },
): Manifest => {
  const summary = {
    ...Object.fromEntries(entityKinds.map((kind) => [countKey(kind), counts[kind]])),
    analytics_included: 'analytics' in soFar.counts,
  };
  const repaired: RepairedMark = {
    at: now.toISOString(),
    from: { ...(name !== undefined && { name }), bytes: source.size },
    lost: lostCounts(lost),
    without_checksum: withoutChecksum,
    unproven,
    ...(manifest?.repaired !== undefined && { before: manifest.repaired }),
  };
  const { volume } = manifest ?? bare(users);
  return {
    ...(manifest ?? bare(users)),
    backup_format_version: '1.0',
    package_format: 'fzip',
    data_summary: summary,
    checksums: soFar.checksums,
    processing_summary: {
      data_bytes: soFar.dataBytes,
      file_bytes: soFar.fileBytes,
      files_written: soFar.files,
      files_failed: failed.length,
    },
    validation_summary: { known_defects: defects.length },
    failed_files: failed,
    known_defects: volume.count === 1 ? defects : merged(manifest?.known_defects ?? [], defects),
    volume: volume.count === 1 ? { ...volume, set_summary: summary } : volume,
    repaired,
  };
};

/** Of a package without manifest nothing is known but its rows. */
const bare = (users: ReadonlySet<string>): Manifest => {
  const [user = unknown] = users;
  return {
    backup_format_version: '1.0',
    backup_timestamp: unknown,
    user_id: users.size === 1 ? user : unknown,
    housef3_version: '',
    package_format: 'fzip',
    data_summary: {},
    checksums: {},
    compatibility: { minimum_version: '', supported_versions: [] },
    processing_summary: {},
    validation_summary: {},
    job_id: '',
    backup_type: unknown,
    filters: {},
    failed_files: [],
    known_defects: [],
    not_included: [],
    volume: { number: 1, count: 1, set_id: '', set_summary: {} },
  };
};

/** A statement of a set counts rows of other volumes as well, so the larger number stays. */
const merged = (before: Manifest['known_defects'], now: Defect[]): Manifest['known_defects'] => {
  const all = new Map<string, Manifest['known_defects'][number]>(before.map((defect) => [defectKey(defect), defect]));
  for (const defect of now) {
    const known = all.get(defectKey(defect));
    if (!known || known.rows < defect.rows) all.set(defectKey(defect), { ...known, ...defect });
  }
  return [...all.values()];
};

const lostCounts = (lost: readonly Loss[]): LostCounts => {
  const rows = Object.fromEntries(entityKinds.map((kind) => [kind, 0])) as Record<EntityKind, number | null>;
  for (const loss of lost) if (loss.what === 'rows') rows[loss.kind] = loss.lost ?? null;
  const countOf = (what: Loss['what']): number => lost.filter((loss) => loss.what === what).length;
  return { ...rows, files: countOf('file'), entries: countOf('entry') };
};
