/** The manifest of a converted package: what the source's said, and what is other now. */
import { type EntityKind, entityKinds } from '../entities.ts';
import { countKey, type Manifest } from '../manifest.ts';
import { safeFileName } from '../names.ts';
import type { Dialect, Volume } from '../reader.ts';
import type { SoFar } from '../writer.ts';
import type { Examined } from './examine.ts';

export type Facts = {
  to: Dialect;
  soFar: SoFar;
  owners: Examined['owners'];
  knownDefects: Manifest['known_defects'];
};

/** Of a set it says what volume 1 said, and the failed files of all. */
export const convertedManifest = (volumes: readonly [Volume, ...Volume[]], facts: Facts): Manifest => {
  const { to, soFar, owners, knownDefects } = facts;
  const [{ manifest, dialect }] = volumes;
  const failed = failedFiles(volumes, owners);
  const data_summary = {
    ...manifest.data_summary,
    ...countsOf(soFar),
    analytics_included: hasAnalytics(manifest, soFar),
  };
  return {
    ...manifest,
    backup_format_version: '1.0',
    data_summary,
    checksums: soFar.checksums,
    processing_summary: restated(manifest.processing_summary, {
      data_bytes: soFar.dataBytes,
      file_bytes: soFar.fileBytes,
      files_written: soFar.files,
      files_failed: failed.length,
    }),
    validation_summary: restated(manifest.validation_summary, { known_defects: knownDefects.length }),
    failed_files: failed,
    known_defects: knownDefects,
    volume: {
      ...manifest.volume,
      number: 1,
      count: 1,
      set_summary: { ...manifest.volume.set_summary, ...data_summary },
    },
    ...(to === dialect ? {} : { converted_from: dialect }),
  };
};

const countsOf = (soFar: SoFar): Record<string, number> =>
  Object.fromEntries(entityKinds.map((kind: EntityKind) => [countKey(kind), soFar.counts[kind] ?? 0]));

const hasAnalytics = ({ data_summary }: Manifest, soFar: SoFar): boolean =>
  data_summary.analytics_included ?? soFar.counts.analytics !== undefined;

/** A number that the source states is stated anew; what it does not state is not begun. */
const restated = <T extends Record<string, unknown>>(summary: T, now: Record<string, number>): T => ({
  ...summary,
  ...Object.fromEntries(Object.entries(now).filter(([key]) => typeof summary[key] === 'number')),
});

/** What was stated of files, and every row whose bytes are nowhere. */
const failedFiles = (volumes: readonly Volume[], owners: Facts['owners']): Manifest['failed_files'] => {
  const stated = volumes.flatMap((volume) => volume.manifest.failed_files);
  const known = new Set(stated.map(({ fileId }) => safeFileName(fileId)));
  const reason = 'its bytes are not in the package that this was converted from';
  const missing = [...owners].filter(
    ([safeId]) => !known.has(safeId) && !volumes.some(({ files }) => files.has(safeId)),
  );
  return [...stated, ...missing.map(([, owner]) => ({ ...owner, reason }))];
};
