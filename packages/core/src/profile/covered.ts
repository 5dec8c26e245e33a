/** Whether a backup is enough to clear a profile on: all that is there now could be brought back from it. */
import { entityKinds } from '@fzip/format';
import { isDamaged } from '../backup/quality.ts';
import type { Counts } from '../counts.ts';
import { backupParameters, type Job } from '../jobs.ts';

/** What a backup lacks of a profile with these rows; undefined if nothing is known to be missing. */
export const lacksOf = (backup: Job, counts: Counts): string | undefined => {
  const { summary, validation } = backup;
  const { backupType, packageFormat } = backupParameters(backup);
  if (backupType !== 'complete') return `it was made of a part (${backupType})`;
  if (packageFormat === 'housef3') return 'it is in HouseF3’s own format, which holds less than a profile';
  if (isDamaged(backup)) return 'a validation has found it damaged';
  if (!summary || !validation) return 'it was not validated';
  if (validation.overall_quality === 'poor') return 'its quality is poor';
  const failed = summary.failedFilesCount;
  if (failed > 0) return `the bytes of ${failed} ${failed === 1 ? 'file is' : 'files are'} not in it`;
  const short = entityKinds.find((kind) => (summary.counts[kind] ?? 0) < counts[kind]);
  if (short === undefined) return undefined;
  return `it holds ${summary.counts[short] ?? 0} ${short.replaceAll('_', ' ')}, and the profile ${counts[short]}`;
};
