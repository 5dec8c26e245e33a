/** Validation `deep`: every byte of every volume is read again and judged, each volume by itself and then all together. */
import { createHash } from 'node:crypto';
import {
  checkPackage,
  checkVolume,
  type EntityKind,
  entityKinds,
  type Finding,
  openVolume,
  PackageRefused,
  type Volume,
  type VolumeCheck,
} from '@fzip/format';
import * as z from 'zod';
import type { Counts } from '../counts.ts';
import type { Job } from '../jobs.ts';
import { objectSource, sharedBlocks } from '../object-source.ts';
import type { ObjectInfo, Ports } from '../ports.ts';
import { reporter } from '../progress.ts';
import type { Examiner, Subject } from './examine.ts';
import type { Examined } from './examined.ts';

/** Findings that a piece and a verdict keep, and characters of each; all are counted. */
const kept = { findings: 100, characters: 500 };

const DeepPiece = z.object({
  errors: z.array(z.string()),
  errorCount: z.int(),
  warnings: z.array(z.string()),
  /** Of a volume; of the set together nothing is counted again. */
  counts: z.record(z.string(), z.number()),
  files: z.int(),
  filesFailed: z.int(),
  bytes: z.number(),
  checksums: z.record(z.string(), z.string()),
});
type DeepPiece = z.infer<typeof DeepPiece>;

const nothing = (): DeepPiece => ({
  errors: [],
  errorCount: 0,
  warnings: [],
  counts: {},
  files: 0,
  filesFailed: 0,
  bytes: 0,
  checksums: {},
});

/** One piece a volume; of several volumes, one more for what only they together show. */
const piecesOf = (backup: Job): number => {
  const volumes = backup.packages?.length ?? 0;
  return volumes > 1 ? volumes + 1 : volumes;
};

export const deep: Examiner = {
  look: async (ports, subject, piece) => {
    const { backup } = subject;
    const total = piecesOf(backup);
    const progress = reporter(ports, subject.job, { step: 'examine', piece, total });
    const isVolume = piece < (backup.packages?.length ?? 0);
    const found = await (isVolume ? lookAtVolume : lookAtSet)(ports, subject, piece, (share) => {
      void progress.at(share).catch(() => undefined);
    });
    await progress.finish(1);
    return { ...found, last: piece >= total - 1 };
  },
  judge: ({ backup }, pieces) =>
    judge(
      backup,
      pieces.map((piece) => DeepPiece.parse(piece)),
    ),
};

/** How much of the piece is done, from 0 to 1. */
type Tell = (share: number) => void;

const lookAtVolume = async (ports: Ports, { backup }: Subject, piece: number, tell: Tell): Promise<DeepPiece> => {
  const stored = backup.packages?.[piece];
  if (!stored) throw new Error(`backup ${backup.jobId} has no volume ${piece + 1}`);
  const name = `volume ${piece + 1}`;
  const found = nothing();
  const info = await ports.packages.head(stored.key);
  if (!info) return withErrors(found, [`${name}: is gone from the storage`]);
  found.bytes = info.size;
  const sha256 = await digest(ports, stored.key, info, (read) => tell(read / info.size / 2));
  const errors = [
    ...(info.size === stored.size ? [] : [`${name}: has ${info.size} bytes, ${stored.size} were stored`]),
    ...(info.etag === stored.etag ? [] : [`${name}: was replaced since it was stored`]),
    ...(sha256 === stored.sha256 ? [] : [`${name}: has the sha256 ${sha256}, ${stored.sha256} was stored`]),
  ];
  // Read as it is now, whatever it should be: only that names what is damaged in it.
  return withErrors(
    await readThrough(ports, { stored: { key: stored.key, info }, backup, piece, found, tell }),
    errors,
  );
};

const digest = async (ports: Ports, key: string, { etag }: ObjectInfo, tell: (read: number) => void) => {
  const hashing = createHash('sha256');
  let read = 0;
  for await (const block of await ports.packages.read(key, { etag })) {
    hashing.update(block as Buffer);
    read += (block as Buffer).length;
    tell(read);
  }
  return hashing.digest('hex');
};

type Reading = {
  stored: { key: string; info: ObjectInfo };
  backup: Job;
  piece: number;
  found: DeepPiece;
  tell: Tell;
};

const readThrough = async (ports: Ports, reading: Reading): Promise<DeepPiece> => {
  const { stored, backup, piece, found, tell } = reading;
  const name = `volume ${piece + 1}`;
  try {
    const volume = await openVolume(objectSource(ports.packages, stored.key, stored.info));
    const plain = Math.max(1, plainBytes([volume]));
    const check = await checkVolume(volume, {
      maxErrors: kept.findings,
      onProgress: (bytes) => tell(0.5 + Math.min(0.5, bytes / plain / 2)),
    });
    const { counts, files } = check;
    const checksums = Object.entries(volume.manifest.checksums).filter(([entry]) => entry.startsWith('data/'));
    return withErrors(
      {
        ...withFindings(found, name, check),
        counts,
        files: files.present,
        filesFailed: files.failed,
        checksums: Object.fromEntries(checksums),
      },
      strangers(volume, backup, piece),
    );
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return withErrors(found, [`${name}: ${error.message}`]);
  }
};

/** Where a volume says of itself that it is another's. */
const strangers = ({ manifest }: Volume, backup: Job, piece: number): string[] => {
  const { number, count } = manifest.volume;
  const expected = backup.packages?.length ?? 0;
  return [
    ...(manifest.user_id === backup.userId ? [] : [`volume ${piece + 1}: is of another user`]),
    ...(manifest.job_id === backup.jobId ? [] : [`volume ${piece + 1}: is of another backup`]),
    ...(number === piece + 1 && count === expected
      ? []
      : [`volume ${piece + 1}: says it is volume ${number} of ${count}; stored is volume ${piece + 1} of ${expected}`]),
  ];
};

/** What only all volumes together show: references, ids and files across them. */
const lookAtSet = async (ports: Ports, { backup }: Subject, _piece: number, tell: Tell): Promise<DeepPiece> => {
  try {
    const volumes: Volume[] = [];
    const blocks = sharedBlocks();
    for (const [n, { key, size, etag }] of (backup.packages ?? []).entries()) {
      const info = await ports.packages.head(key);
      // If it was so before, its own piece has said it, and this one is not looked at.
      if (info?.etag !== etag || info.size !== size)
        return withErrors(nothing(), [`volume ${n + 1}: is gone or was replaced while the backup was validated`]);
      volumes.push(await openVolume(objectSource(ports.packages, key, info, blocks)));
    }
    const plain = plainBytes(volumes);
    const allowed = ports.limits.setCheckBytes;
    if (plain > allowed) {
      const message = `what only all volumes together show was not checked: they hold ${plain} bytes, allowed are ${allowed}`;
      return { ...nothing(), warnings: [message] };
    }
    const check = await checkPackage(volumes, {
      maxErrors: kept.findings,
      onProgress: (bytes) => tell(Math.min(1, bytes / Math.max(1, plain))),
    });
    const found = check.volumes.reduce((all, volume, n) => withFindings(all, `volume ${n + 1}`, volume), nothing());
    return check.set ? withFindings(found, 'all volumes', check.set) : found;
  } catch (error) {
    if (!(error instanceof PackageRefused)) throw error;
    return withErrors(nothing(), [`all volumes: ${error.message}`]);
  }
};

const plainBytes = (volumes: readonly Volume[]): number =>
  volumes.reduce((sum, { entries }) => entries.reduce((all, { size }) => all + size, sum), 0);

const withErrors = (piece: DeepPiece, errors: readonly string[]): DeepPiece => ({
  ...piece,
  errors: cut([...piece.errors, ...errors]),
  errorCount: piece.errorCount + errors.length,
});

const withFindings = (
  piece: DeepPiece,
  name: string,
  { errors, errorCount, warnings }: Pick<VolumeCheck, 'errors' | 'errorCount' | 'warnings'>,
): DeepPiece => {
  const told = ({ message }: Finding) => `${name}: ${message}`;
  return {
    ...piece,
    errors: cut([...piece.errors, ...errors.map(told)]),
    errorCount: piece.errorCount + errorCount,
    warnings: cut([...piece.warnings, ...warnings.map(told)]),
  };
};

const cut = (texts: readonly string[]): string[] =>
  texts.slice(0, kept.findings).map((text) => text.slice(0, kept.characters));

const judge = (backup: Job, looked: readonly DeepPiece[]): Examined => {
  const volumes = looked.slice(0, backup.packages?.length ?? 0);
  const isBroken = volumes.some(({ errorCount }) => errorCount > 0);
  // Of broken volumes, what they show together says nothing new.
  const pieces = isBroken ? volumes : looked;
  const sum = (of: (piece: DeepPiece) => number): number => pieces.reduce((all, piece) => all + of(piece), 0);
  const counts = Object.fromEntries(
    entityKinds.map((kind) => [kind, sum((piece) => piece.counts[kind] ?? 0)]),
  ) as Counts;
  const [files, filesFailed] = [sum((piece) => piece.files), sum((piece) => piece.filesFailed)];
  // Every volume has its own sum of data/transactions.json; the first one's is told with the backup.
  const checksums: Record<string, string> = Object.assign({}, ...volumes.map((volume) => volume.checksums).reverse());
  const differences = isBroken ? [] : againstSummary(backup, { counts, files, filesFailed, checksums });
  const issueCount = sum((piece) => piece.errorCount) + differences.length;
  return {
    ok: issueCount === 0,
    damaged: issueCount > 0,
    issues: cut([...pieces.flatMap((piece) => piece.errors), ...differences]),
    issueCount,
    warnings: cut(unique(pieces.flatMap((piece) => piece.warnings))),
    counts,
    files,
    bytes: sum((piece) => piece.bytes),
  };
};

/** Volumes are read by themselves and together, and so tell the same twice. */
const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

type Sums = { counts: Counts; files: number; filesFailed: number; checksums: Readonly<Record<string, string>> };

/** Where what was read is not what the backup was completed with. */
const againstSummary = ({ summary, validation }: Job, { counts, files, filesFailed, checksums }: Sums): string[] => {
  if (!summary) return ['the backup tells nothing of what it holds'];
  const rows = (kind: EntityKind) => `${kind}: ${counts[kind]} rows are stored, ${summary.counts[kind]} were counted`;
  const present = validation?.files_processed ?? files;
  return [
    ...entityKinds.filter((kind) => counts[kind] !== summary.counts[kind]).map(rows),
    ...(files === present ? [] : [`files: ${files} are stored, ${present} were counted`]),
    ...(filesFailed === summary.failedFilesCount
      ? []
      : [`files: ${filesFailed} are stated as failed, ${summary.failedFilesCount} were counted`]),
    ...(files + filesFailed === counts.transaction_files
      ? []
      : [`files: ${files} stored and ${filesFailed} failed, ${counts.transaction_files} have a row`]),
    ...Object.entries(summary.manifestChecksums)
      .filter(([entry, sum]) => checksums[entry] !== sum)
      .map(([entry]) => `${entry}: the manifest states another sha256 than the backup was completed with`),
  ];
};
