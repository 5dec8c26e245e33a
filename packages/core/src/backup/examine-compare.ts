/** Validation `compare`: what was added, removed and changed in the profile since the backup, whatever its size, in flat memory. */
import { EntityKind, openVolume, PackageRefused, type Volume } from '@fzip/format';
import * as z from 'zod';
import type { Counts } from '../counts.ts';
import { backupParameters, type Job } from '../jobs.ts';
import { records } from '../ledger.ts';
import { objectSource, sharedBlocks } from '../object-source.ts';
import type { Ports } from '../ports.ts';
import { reporter } from '../progress.ts';
import { kindsOf } from './collected.ts';
import { AddedPlace, findAdded, passesOf } from './compare-added.ts';
import { compareRows, RowPlace } from './compare-rows.ts';
import { Found, type Sight } from './compare-sight.ts';
import { KeptDifferences, keeper } from './differences.ts';
import { lookScope } from './examination.ts';
import type { Examiner, Subject } from './examine.ts';
import { Differences, type Examined } from './examined.ts';
import { isRoot } from './types.ts';

/** Where a comparison stands: its piece ends when the time does. */
const Place = z.discriminatedUnion('phase', [RowPlace, AddedPlace]);
type Place = z.infer<typeof Place>;

const ComparePiece = KeptDifferences.extend({
  ...Found.shape,
  /** Where the next piece begins. */
  next: Place.optional(),
  /** Why the package cannot be read. */
  damage: z.string().optional(),
});
type ComparePiece = z.infer<typeof ComparePiece>;

export const compare: Examiner = {
  look: async (ports, subject, piece) => {
    const earlier = await earlierPieces(ports, subject.job, piece);
    const { add: keep, finish } = keeper(
      ports,
      subject.job,
      piece,
      sum(earlier, (record) => record.kept),
    );
    const found: Found & Pick<ComparePiece, 'damage' | 'next'> = { tallies: {}, files: 0, nameless: 0 };
    const volumes = await openAll(ports, subject.backup);
    if (typeof volumes === 'string') return { ...found, ...(await finish()), damage: volumes, last: true };
    const { looked, done } = progressOf(ports, subject, earlier);
    const isTimeUp = () => ports.invocation.deadline - ports.clock() < ports.limits.handOverMs;
    const sight: Sight = { ports, backup: subject.backup, volumes, found, keep, looked, isTimeUp };
    try {
      const next = await walk(sight, piece === 0 ? firstPlace(subject.backup) : earlier.at(-1)?.next);
      if (next) found.next = next;
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error;
      found.damage = error.message;
    }
    await done();
    return { ...found, ...(await finish()), last: found.next === undefined };
  },
  judge: ({ backup }, pieces) =>
    judge(
      backup,
      pieces.map((piece) => ComparePiece.parse(piece)),
    ),
};

const sum = <T>(of: readonly T[], count: (one: T) => number): number => of.reduce((all, one) => all + count(one), 0);

const earlierPieces = async (ports: Ports, job: Job, piece: number): Promise<ComparePiece[]> => {
  const found: ComparePiece[] = [];
  for await (const record of records(ports.ledger, lookScope(job), (each) => ComparePiece.parse(each))) {
    if (found.length === piece) break;
    found.push(record);
  }
  if (found.length < piece)
    throw new Error(`validation ${job.jobId}: of ${piece} pieces only ${found.length} are done`);
  return found;
};

/** The package as it was completed, pinned; in words, why there is none. */
const openAll = async (ports: Ports, { packages = [] }: Job): Promise<Volume[] | string> => {
  const volumes: Volume[] = [];
  const blocks = sharedBlocks();
  for (const [n, { key, size, etag }] of packages.entries()) {
    const info = await ports.packages.head(key);
    if (!info) return `volume ${n + 1}: is gone from the storage`;
    if (info.etag !== etag || info.size !== size) return `volume ${n + 1}: was replaced since it was stored`;
    try {
      volumes.push(await openVolume(objectSource(ports.packages, key, info, blocks)));
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error;
      return `volume ${n + 1}: ${error.message}`;
    }
  }
  return volumes;
};

/** Rows of both sides are what there is to do; those that were added make it more. */
const progressOf = (ports: Ports, { job, backup }: Subject, earlier: readonly ComparePiece[]) => {
  const total = 2 * sum(Object.values(backup.summary?.counts ?? {}), (rows) => rows);
  const progress = reporter(ports, job, { step: 'examine', piece: 'compare', total });
  let rows = sum(
    earlier.flatMap(({ tallies }) => Object.values(tallies)),
    (tally) => tally.same + tally.changed,
  );
  return {
    looked: (more: number) => {
      rows += more;
      return progress.at(rows);
    },
    done: () => progress.finish(rows),
  };
};

const firstPlace = (backup: Job): Place | undefined => rowsOf(kindsOf(backup)[0]);

const rowsOf = (kind: EntityKind | undefined): Place | undefined => kind && { phase: 'rows', kind, volume: 0, row: 0 };

/** Phase by phase, kind by kind, until all is done or the time is up; then where to go on. */
const walk = async (sight: Sight, from: Place | undefined): Promise<Place | undefined> => {
  for (let place = from; place; ) {
    const stopped = place.phase === 'rows' ? await compareRows(sight, place) : await findAdded(sight, place);
    if (stopped) return stopped;
    const next = nextPlace(sight, place);
    if (next && (sight.isTimeUp() || isLong(sight, next))) return next;
    place = next;
  }
  return undefined;
};

/** What holds the ids of many rows begins with all of its time. */
const isLong = ({ ports, backup }: Sight, { phase, kind }: Place): boolean =>
  phase === 'added' && (backup.summary?.counts[kind] ?? 0) > ports.limits.rangeRows;

const nextPlace = ({ ports, backup }: Sight, place: Place): Place | undefined => {
  const { kind } = place;
  const pass = place.phase === 'rows' ? 0 : place.pass + 1;
  const isTold = isRoot(backupParameters(backup), kind);
  if (isTold && pass < passesOf(ports, backup, kind)) return { phase: 'added', kind, pass };
  const kinds = kindsOf(backup);
  return rowsOf(kinds[kinds.indexOf(kind) + 1]);
};

const judge = (backup: Job, pieces: readonly ComparePiece[]): Examined => {
  const kinds = kindsOf(backup);
  const total = (kind: EntityKind, what: keyof Differences) => sum(pieces, ({ tallies }) => tallies[kind]?.[what] ?? 0);
  const differences = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      Object.fromEntries(Object.keys(Differences.shape).map((what) => [what, total(kind, what as keyof Differences)])),
    ]),
  ) as Partial<Record<EntityKind, Differences>>;
  const told = Object.entries(differences).filter(([, { added, removed, changed }]) => added + removed + changed > 0);
  const damage = pieces.flatMap((piece) => piece.damage ?? []);
  const issues = [
    ...damage,
    ...told.map(
      ([kind, { added, removed, changed }]) => `${kind}: ${added} added, ${removed} removed, ${changed} changed`,
    ),
  ];
  return {
    ok: issues.length === 0,
    damaged: damage.length > 0,
    issues,
    issueCount: issues.length,
    warnings: warnings(backup, pieces),
    counts: Object.fromEntries(
      EntityKind.options.map((kind) => [kind, total(kind, 'same') + total(kind, 'removed') + total(kind, 'changed')]),
    ) as Counts,
    files: sum(pieces, ({ files }) => files),
    differences,
    differencesCount: sum(told, ([, { added, removed, changed }]) => added + removed + changed),
  };
};

const warnings = (backup: Job, pieces: readonly ComparePiece[]): string[] => {
  const parameters = backupParameters(backup);
  const kinds = kindsOf(backup);
  const absent = EntityKind.options.filter((kind) => !kinds.includes(kind));
  const referred = kinds.filter((kind) => !isRoot(parameters, kind));
  const nameless = sum(pieces, (piece) => piece.nameless);
  return [
    ...(kinds.includes('transaction_files') ? ['files: their bytes were compared by size alone'] : []),
    ...(absent.length > 0 ? [`${absent.join(', ')}: not compared, for the backup was asked for without them`] : []),
    ...(referred.length > 0
      ? [`${referred.join(', ')}: what was added is not told, for the backup takes of them what others refer to`]
      : []),
    ...(nameless > 0 ? [`${nameless} rows of the package have no id and were not compared`] : []),
  ];
};
