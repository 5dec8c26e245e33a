/** Validation `round_trip`: the package is restored into scratch tables by the steps that restore, and backed up again: proof that it restores. */
import { type Difference as Differs, diffPackages, openVolume, PackageRefused, type Volume } from '@fzip/format';
import * as z from 'zod';
import { atRest, backupParameters, type Job, mostVolumes, RestoreParameters } from '../jobs.ts';
import { createJob, newJob } from '../new-job.ts';
import { objectSource, sharedBlocks } from '../object-source.ts';
import type { Ports } from '../ports.ts';
import { sendUnpack } from '../restore/start.ts';
import { rowTtl } from '../settle.ts';
import { roundTripJobs } from '../world.ts';
import { type Difference, KeptDifferences, keeper } from './differences.ts';
import { lookScope } from './examination.ts';
import type { Examiner, NoVerdict, Subject } from './examine.ts';
import { DifferencesByKind, type Examined } from './examined.ts';
import { BackupParameters } from './parameters.ts';
import { createBackupAs } from './request.ts';
import { leaveScratch, scratchOf, takeScratch } from './scratch.ts';

const RoundTripPiece = z.object({
  /** Why the package does not restore. */
  issues: z.array(z.string()).default([]),
  issueCount: z.int().default(0),
  warnings: z.array(z.string()).default([]),
  /** Why it could not be tried. */
  unable: z.object({ code: z.string(), message: z.string() }).optional(),
  /** Between the package and the backup of what it was restored to. */
  differences: DifferencesByKind.optional(),
  /** Files whose bytes differ, or that only one of both has. */
  files: z.int().default(0),
  ...KeptDifferences.partial().shape,
});
type RoundTripPiece = z.infer<typeof RoundTripPiece>;

/** Each piece begins what the next one waits for; the jobs send that one when they end. */
const stages: ((ports: Ports, subject: Subject) => Promise<Partial<RoundTripPiece> | 'waits'>)[] = [
  (ports, subject) => beginRestore(ports, subject),
  (ports, subject) => beginBackup(ports, subject),
  (ports, subject) => compareBoth(ports, subject),
  async (ports, { job }) => ((await leaveScratch(ports, job)) ? {} : 'waits'),
];

export const roundTrip: Examiner = {
  look: async (ports, subject, piece) => {
    const stage = stages[piece];
    if (!stage) throw new Error(`a round trip has ${stages.length} pieces, asked for is ${piece}`);
    const found = await stage(ports, subject);
    return found === 'waits' ? found : { ...found, last: piece === stages.length - 1 };
  },
  judge: ({ backup }, pieces) =>
    judge(
      backup,
      pieces.map((piece) => RoundTripPiece.parse(piece)),
    ),
};

const beginRestore = async (ports: Ports, { job, backup }: Subject): Promise<Partial<RoundTripPiece>> => {
  const { packages = [] } = backup;
  if (packages.length === 0) throw new Error(`backup ${backup.jobId} has no volume`);
  if (packages.length > mostVolumes)
    return { unable: tooLarge(`the backup has ${packages.length} volumes; ${mostVolumes} are restored at most`) };
  for (const [n, { key, etag }] of packages.entries()) {
    const info = await ports.packages.head(key);
    if (info?.etag === etag) continue;
    const which = packages.length === 1 ? 'the package' : `volume ${n + 1}`;
    const found = info ? 'was replaced since it was stored' : 'is gone from the storage';
    return { issues: [`${which} ${found}`], issueCount: 1 };
  }
  await takeScratch(ports, job);
  const world = scratchOf(ports, job);
  const now = ports.clock();
  const { job: restore } = await createJob(
    world,
    newJob(world, {
      jobId: roundTripJobs(job).restoreId,
      userId: job.userId,
      jobType: 'restore',
      status: 'restore_validating',
      ttl: rowTtl(now),
      startedAt: now,
      currentPhase: 'parsing_package',
      restore: RestoreParameters.parse({ idMode: 'preserve', volumes: packages.length }),
      // A completed backup's package is never written again, and is read by its ETag: it needs no pinned copy.
      uploads: packages.map(({ key, size, etag }) => ({ key, size, etag })),
    }),
  );
  if (restore.status === 'restore_validating') await sendUnpack(world, restore);
  return {};
};

const tooLarge = (message: string): NoVerdict => ({ code: 'TOO_LARGE', message });

const beginBackup = async (ports: Ports, subject: Subject): Promise<Partial<RoundTripPiece> | 'waits'> => {
  const { job, backup } = subject;
  const at = await endOf(ports, subject, 1, 'restoreId');
  if (!('job' in at)) return at.otherwise;
  const { status, error, errorDetails = [], validationResults } = at.job;
  if (status === 'restore_validation_failed') {
    return { issues: errorDetails, issueCount: Math.max(1, validationResults?.errorCount ?? 0) };
  }
  if (status !== 'restore_completed') return { unable: because('restore', error) };
  // All that is there came out of the package, whatever part of a profile that is.
  const { includeAnalytics } = backupParameters(backup);
  const parameters = BackupParameters.parse({ backupType: 'complete', includeAnalytics });
  await createBackupAs(scratchOf(ports, job), roundTripJobs(job).backupId, { userId: job.userId, parameters });
  return { warnings: validationResults?.warnings ?? [] };
};

const because = (what: string, error: Job['error']): NoVerdict => ({
  code: 'ROUND_TRIP_FAILED',
  message: `the ${what} failed with ${error?.code ?? 'no code'}: ${error?.message ?? 'no cause was kept'}`,
});

/** The job that a piece waits for, once it has ended; otherwise what the piece is to answer. */
const endOf = async (
  ports: Ports,
  { job }: Subject,
  piece: number,
  which: 'restoreId' | 'backupId',
): Promise<{ job: Job } | { otherwise: Partial<RoundTripPiece> | 'waits' }> => {
  const earlier = (await ports.ledger.range(lookScope(job), 0, piece)).map((record) => RoundTripPiece.parse(record));
  if (earlier.some(({ unable, issueCount }) => unable || issueCount > 0)) return { otherwise: {} };
  const made = await ports.jobs.find(roundTripJobs(job)[which]);
  if (!made)
    return { otherwise: { unable: because(which.slice(0, -2), { code: 'NOT_FOUND', message: 'its job is gone' }) } };
  return atRest(made.status) ? { job: made } : { otherwise: 'waits' };
};

const compareBoth = async (ports: Ports, subject: Subject): Promise<Partial<RoundTripPiece> | 'waits'> => {
  const { job, backup } = subject;
  const at = await endOf(ports, subject, 2, 'backupId');
  if (!('job' in at)) return at.otherwise;
  if (at.job.status !== 'backup_completed') return { unable: because('backup of what was restored', at.job.error) };
  const keep = keeper(ports, job, 2, 0);
  try {
    const [before, after] = [await volumesOf(ports, backup), await volumesOf(ports, at.job)];
    const { kinds } = await diffPackages(before, after, {
      by: 'id',
      onDifference: (difference) => keep.add(asDifference(difference)),
    });
    const { files, ...rows } = kinds;
    const differing = files.added + files.removed + files.changed;
    return { differences: rows, files: differing, ...(await keep.finish()) };
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return { issues: [error.message], issueCount: 1 };
  }
};

const volumesOf = async (ports: Ports, { packages = [] }: Job): Promise<Volume[]> => {
  const volumes: Volume[] = [];
  const blocks = sharedBlocks();
  for (const { key, size, etag } of packages) {
    volumes.push(await openVolume(objectSource(ports.packages, key, { size, etag }, blocks)));
  }
  return volumes;
};

const asDifference = (found: Differs): Difference => {
  const id = found.id ?? '(no id)';
  if (found.kind === 'files') return { kind: 'transaction_files', id, change: 'changed', fields: ['bytes'] };
  if (found.change !== 'changed') return { kind: found.kind, id, change: found.change };
  return { kind: found.kind, id, change: 'changed', fields: found.fields.slice(0, 10).map(({ field }) => field) };
};

const judge = (backup: Job, pieces: readonly RoundTripPiece[]): Examined | NoVerdict => {
  const unable = pieces.find((piece) => piece.unable)?.unable;
  if (unable) return unable;
  const compared = pieces.find(({ differences }) => differences);
  const otherwise = compared ? differencesInWords(compared) : [];
  const issues = [...pieces.flatMap((piece) => piece.issues), ...otherwise];
  const issueCount = pieces.reduce((sum, piece) => sum + piece.issueCount, otherwise.length);
  if (!compared && issueCount === 0) throw new Error('a round trip ended without a comparison');
  const { summary, validation, packageSize: bytes } = backup;
  if (!summary || !validation) throw new Error(`backup ${backup.jobId} is completed without a summary`);
  return {
    ok: issueCount === 0,
    damaged: issueCount > 0,
    issues: issues.slice(0, kept),
    issueCount,
    warnings: pieces.flatMap(({ warnings }) => warnings).slice(0, kept),
    counts: summary.counts,
    files: validation.files_processed,
    ...(bytes === undefined ? {} : { bytes }),
    ...(compared?.differences ? { differences: compared.differences, differencesCount: differencesOf(compared) } : {}),
  };
};

/** How many issues and warnings a validation keeps. */
const kept = 100;

const differencesOf = ({ differences = {}, files }: RoundTripPiece): number =>
  Object.values(differences).reduce((sum, { added, removed, changed }) => sum + added + removed + changed, files);

const differencesInWords = ({ differences = {}, files }: RoundTripPiece): string[] => [
  ...Object.entries(differences)
    .filter(([, { added, removed, changed }]) => added + removed + changed > 0)
    .map(
      ([kind, { same, added, removed, changed }]) =>
        `${kind}: of ${same + removed + changed} rows ${changed} are restored otherwise and ${removed} not at all; ${added} are there besides`,
    ),
  ...(files > 0 ? [`files: ${files} are restored with other bytes, or not at all`] : []),
];
