/** backup-validate: reads a stored volume back and holds it against what was collected. Only this makes a backup completed. */
import {
  checkVolume,
  type EntityKind,
  entityKinds,
  kindRules,
  OrderFreeDigest,
  openVolume,
  PackageRefused,
  shortText,
} from '@fzip/format';
import * as z from 'zod';
import type { Counts } from '../counts.ts';
import { backupParameters, type Job, type StoredVolume } from '../jobs.ts';
import { leased } from '../lease.ts';
import { finishPiece, scopeOf } from '../ledger.ts';
import { hour } from '../limits.ts';
import type { BackupValidateMessage, Work } from '../messages.ts';
import { objectSource } from '../object-source.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { writesInWords, wroteSince } from '../profile/writers.ts';
import { reporter } from '../progress.ts';
import { failBackup, type Idle, type Settled, settle, standing } from '../settle.ts';
import { type Collected, collectedOf, kindsOf, type PieceRecord } from './collected.ts';
import { inHousef3 } from './housef3.ts';
import { lastBackup } from './last-backup.ts';
import { countsOf, movedIn, notIncluded } from './manifest.ts';
import { VolumeRecord, volumeScope } from './package.ts';
import { type Plan, planOf } from './plan.ts';
import { named, quality } from './quality.ts';
import { isPartial } from './types.ts';

/** How many findings, failed files and checksums a job's row keeps; their full number is told beside them. */
const kept = 100;

/** What reading one volume back found. */
const Checked = z.object({
  errors: z.array(z.string()),
  errorCount: z.int(),
  warnings: z.array(z.string()),
  counts: z.record(z.string(), z.number()),
  digests: z.record(z.string(), z.string()),
  filesPresent: z.int(),
  filesFailed: z.int(),
  defects: z.int(),
  failedFiles: z.array(z.object({ fileId: z.string(), fileName: z.string(), reason: z.string() })),
  dataChecksums: z.record(z.string(), z.string()),
});
type Checked = z.infer<typeof Checked>;

const checkedScope = (work: Work): LedgerScope => scopeOf(work, 'backup-validate', 'volume');

type Outcome = Idle | 'validated' | Settled;

export const validateVolume = async (ports: Ports, message: BackupValidateMessage): Promise<Outcome> => {
  const at = await standing(ports, message);
  if (!at.ok) return at.outcome;
  const { job } = at;
  const plan = await planOf(ports, job);
  const n = message.volume - 1;
  const scope = checkedScope(message);
  if (!(await ports.ledger.get(scope, n))) {
    const volume = await volumeRecord(ports, job, n);
    await leased(ports, scope, n, async () =>
      ports.ledger.put(scope, n, await readBack(ports, job, volume, message.volume, plan)),
    );
  }
  if (!(await finishPiece(ports.ledger, scope, n, plan.volumes.length))) return 'validated';
  return conclude(ports, job, plan);
};

const volumeRecord = async (ports: Ports, job: Job, n: number): Promise<VolumeRecord> =>
  VolumeRecord.parse(await ports.ledger.get(volumeScope(job), n));

/** Reads every byte of a stored volume. What is wrong with it is the answer; only a failed call is thrown. */
const readBack = async (ports: Ports, job: Job, stored: VolumeRecord, number: number, plan: Plan): Promise<Checked> => {
  const progress = reporter(ports, job, {
    step: 'validate',
    piece: number,
    total: (stored.dataBytes + stored.fileBytes) * plan.volumes.length,
  });
  try {
    const volume = await openVolume(objectSource(ports.packages, stored.key, stored));
    const found = await checkVolume(volume, {
      maxErrors: kept,
      withDigests: true,
      onProgress: (bytes) => void progress.at(bytes).catch(() => undefined),
    });
    await progress.finish(stored.dataBytes + stored.fileBytes);
    const { manifest } = volume;
    return {
      errors: found.errors.map(({ message }) => message),
      errorCount: found.errorCount,
      warnings: found.warnings.map(({ message }) => message).slice(0, kept),
      counts: found.counts,
      digests: found.digests ?? {},
      filesPresent: found.files.present,
      filesFailed: found.files.failed,
      defects: manifest.known_defects.reduce((sum, defect) => sum + defect.rows, 0),
      failedFiles: manifest.failed_files.slice(0, kept).map(({ fileId, fileName, reason }) => ({
        fileId: shortText(fileId, 100),
        fileName: shortText(fileName, 200),
        reason: shortText(reason),
      })),
      dataChecksums: Object.fromEntries(
        Object.entries(manifest.checksums).filter(([name]) => name.startsWith('data/')),
      ),
    };
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return refused(error);
  }
};

const refused = (error: PackageRefused): Checked => ({
  errors: [error.message],
  errorCount: 1,
  warnings: [],
  counts: {},
  digests: {},
  filesPresent: 0,
  filesFailed: 0,
  defects: 0,
  failedFiles: [],
  dataChecksums: {},
});

/** The verdict over the whole set. */
const conclude = async (ports: Ports, job: Job, plan: Plan): Promise<Settled> => {
  const collected = new Map<EntityKind, Collected>();
  for (const kind of kindsOf(job)) collected.set(kind, await collectedOf(ports, job, kind));
  const checks: Checked[] = [];
  const volumes: VolumeRecord[] = [];
  for (const n of plan.volumes.keys()) {
    checks.push(Checked.parse(await ports.ledger.get(checkedScope(job), n)));
    volumes.push(await volumeRecord(ports, job, n));
  }
  const expected = countsOf(collected);
  const found = foundCounts(checks);
  const errors = [...checks.flatMap((check) => check.errors), ...differences(collected, checks, expected, found)];
  const sum = (of: (check: Checked) => number) => checks.reduce((total, check) => total + of(check), 0);
  const rows = (counts: Counts) => Object.values(counts).reduce((total, count) => total + count, 0);
  const [filesPresent, filesFailed] = [sum((check) => check.filesPresent), sum((check) => check.filesFailed)];
  if (filesPresent + filesFailed !== found.transaction_files) {
    errors.push(
      `files: ${filesPresent} stored and ${filesFailed} stated as failed, ${found.transaction_files} have a row`,
    );
  }
  for (const { key, etag } of volumes) {
    const stored = await ports.packages.head(key);
    if (stored?.etag !== etag) errors.push(`${key}: ${stored ? 'was replaced' : 'is gone'} since it was read back`);
  }
  const wrote = ports.roundTrip ? undefined : await wroteSince(ports, job.userId, job.startedAt ?? job.createdAt);
  if (wrote) {
    const message = `${writesInWords(wrote)} while it was backed up, so that a part may be missing; make the backup again`;
    return failBackup(ports, job, 'PROFILE_BUSY', message);
  }
  // What is not right is converted for nobody.
  const own = inOwnFormat(checks, volumes, found);
  const given = errors.length > 0 ? own : await inItsFormat(ports, job, own);
  if (given === undefined) return 'stopping';
  if ('refused' in given) {
    return failBackup(ports, job, 'NOT_CONVERTIBLE', `HouseF3's format cannot hold the package: ${given.refused}`);
  }
  const gone = goneSince(job, collected);
  const moved = movedIn(collected.values());
  const packageSize = given.packages.reduce((total, { size }) => total + size, 0);
  const now = ports.clock();
  const validation = quality({
    errors,
    rowsExpected: Math.max(rows(expected), seenAfter(collected.values())),
    rowsFound: rows(found),
    filesPresent,
    filesFailed,
    defects: sum((check) => check.defects),
    moved: {
      count: moved.count + gone.reduce((total, { rows }) => total + rows, 0),
      exact: moved.exact && gone.length === 0,
      ids: moved.ids,
    },
    plainBytes: volumes.reduce((total, volume) => total + volume.dataBytes + volume.fileBytes, 0),
    storedBytes: packageSize,
    seconds: (now - (job.startedAt ?? job.createdAt)) / 1_000,
    warnings: [
      ...gone.map(({ message }) => message),
      ...[...collected].flatMap(([kind, { pieces }]) => pieces.flatMap((piece) => unlisted(kind, piece))),
      ...checks.flatMap((check) => check.warnings),
      ...given.told,
    ],
    last: await lastBackup(ports, job),
  });
  if (errors.length > 0) {
    const message = `the stored package is not what was collected: ${errors[0]}`;
    return failBackup(ports, job, 'VALIDATION_FAILED', message, errors, validation);
  }
  // Its user may change how long it is kept up to this very write.
  return settle(ports, job, 'backup_completed', (current) => ({
    currentPhase: 'completed',
    packages: given.packages.map(({ key, size, etag, sha256 }) => ({ key, size, etag, sha256 })),
    packageSize,
    expiresAt: now + (current.amended?.expiresInHours ?? backupParameters(current).expiresInHours) * hour,
    validation,
    summary: {
      counts: given.counts,
      manifestChecksums: given.checksums,
      failedFiles: checks.flatMap((check) => check.failedFiles).slice(0, kept),
      failedFilesCount: filesFailed,
      notIncluded: [...notIncluded],
    },
  }));
};

/** What the user is given: the volumes that were validated, or what was made of them. */
type Given = {
  packages: readonly StoredVolume[];
  counts: Counts;
  /** Of `data/` entries; every volume has its own of data/transactions.json, and the first one's is told. */
  checksums: Record<string, string>;
  /** What its user should know of the format. */
  told: readonly string[];
};

const inOwnFormat = (checks: readonly Checked[], volumes: readonly VolumeRecord[], counts: Counts): Given => ({
  packages: volumes,
  counts,
  checksums: Object.assign({}, ...checks.map((check) => check.dataChecksums).reverse()),
  told: [],
});

/** In the format that was asked for; undefined if the job was stopped meanwhile. */
const inItsFormat = async (ports: Ports, job: Job, own: Given): Promise<Given | { refused: string } | undefined> => {
  if (backupParameters(job).packageFormat !== 'housef3') return own;
  const made = await inHousef3(ports, job, own.packages);
  return made && !('refused' in made) ? { ...made, packages: [made] } : made;
};

/** Rows that the last look saw, of all kinds. */
const seenAfter = (collected: Iterable<Collected>): number =>
  [...collected].flatMap(({ pieces }) => pieces).reduce((sum, piece) => sum + piece.seenAfter, 0);

const foundCounts = (checks: Checked[]): Counts =>
  Object.fromEntries(
    entityKinds.map((kind) => [kind, checks.reduce((sum, check) => sum + (check.counts[kind] ?? 0), 0)]),
  ) as Counts;

/** What HouseF3's own lists do not show, in words. */
const unlisted = (kind: EntityKind, { rows, unindexed = [], strays }: PieceRecord): string[] => {
  const found: string[] = [];
  if (unindexed.length > 0) {
    const [are, have, they] = rows === 1 ? ['is', 'has', 'it is'] : ['are', 'have', 'they are'];
    const name = kind.replaceAll('_', ' ');
    const why = `${are} not in HouseF3's own list and ${have} no ${kindRules[kind].rangeKey}`;
    found.push(`${rows} of the ${name} ${why}; ${they} in the package${named(unindexed, rows)}`);
  }
  if (strays && strays.count > 0) {
    const [files, they] = strays.count === 1 ? ['file is', 'it is'] : ['files are', 'they are'];
    const why = 'in the storage without a row that names';
    found.push(
      `${strays.count} ${files} ${why} ${strays.count === 1 ? 'it' : 'them'}; ${they} not in the package${named(strays.keys, strays.count)}`,
    );
  }
  return found;
};

/**
 * Rows that were counted when the backup began and that no reading found: deleted meanwhile, or left out by the table
 * each time. Of a part of a profile the counts are upper bounds, which say nothing.
 */
const goneSince = (job: Job, collected: ReadonlyMap<EntityKind, Collected>): { rows: number; message: string }[] => {
  if (isPartial(backupParameters(job))) return [];
  return entityKinds.flatMap((kind) => {
    // Rows that the index does not show were not counted by it either.
    const pieces = (collected.get(kind)?.pieces ?? []).filter(({ unindexed }) => unindexed === undefined);
    const [counted, found] = [job.expected?.[kind] ?? 0, pieces.reduce((sum, { rows }) => sum + rows, 0)];
    if (found >= counted) return [];
    return [
      { rows: counted - found, message: `${kind}: ${counted} rows were counted at the beginning, ${found} collected` },
    ];
  });
};

/** Where the rows read back are other rows, or other in number, than those collected. */
const differences = (
  collected: ReadonlyMap<EntityKind, Collected>,
  checks: Checked[],
  expected: Counts,
  found: Counts,
): string[] =>
  entityKinds.flatMap((kind) => {
    if (found[kind] !== expected[kind])
      return [`${kind}: ${found[kind]} rows are stored, ${expected[kind]} were collected`];
    const [stored, read] = [new OrderFreeDigest(), new OrderFreeDigest()];
    for (const check of checks) if (check.digests[kind]) stored.addHex(check.digests[kind], 0);
    for (const piece of collected.get(kind)?.pieces ?? []) read.addHex(piece.digest, 0);
    return stored.hex() === read.hex() ? [] : [`${kind}: the rows stored are others than those collected`];
  });
