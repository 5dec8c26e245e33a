/** The package's rows, each looked up in the profile by its key: removed, changed or the same. */
import {
  comparable,
  EntityKind,
  formatValue,
  idOf,
  normalizer,
  type Row,
  safeFileName,
  toPackageRow,
  toStoredRow,
} from '@fzip/format';
import * as z from 'zod';
import { type Sight, tallyOf } from './compare-sight.ts';

/** `row` counts within the volume. */
export const RowPlace = z.object({ phase: z.literal('rows'), kind: EntityKind, volume: z.int(), row: z.int() });
type RowPlace = z.infer<typeof RowPlace>;

/** Where to go on if the time is up; undefined when all rows of the kind are compared. */
export const compareRows = async (sight: Sight, { kind, volume, row }: RowPlace): Promise<RowPlace | undefined> => {
  for (let n = volume; n < sight.volumes.length; n += 1) {
    const skip = n === volume ? row : 0;
    let [at, batch] = [0, [] as Row[]];
    for await (const { row: packaged } of sight.volumes[n]?.rows(kind) ?? []) {
      at += 1;
      if (at <= skip) continue;
      batch.push(packaged);
      if (batch.length < Math.min(atOnce, sight.ports.limits.chunkRows)) continue;
      await compareBatch(sight, kind, batch);
      batch = [];
      if (sight.isTimeUp()) return { phase: 'rows', kind, volume: n, row: at };
    }
    await compareBatch(sight, kind, batch);
  }
  return undefined;
};

/** Rows between two looks at the time: five reads of a hundred keys each, side by side. */
const atOnce = 500;

const compareBatch = async (sight: Sight, kind: EntityKind, rows: readonly Row[]): Promise<void> => {
  const { ports, backup, found, keep } = sight;
  const { userId } = backup;
  const named = rows.filter((row) => idOf(kind, row) !== undefined);
  found.nameless += rows.length - named.length;
  const live = await ports.profiles.get(
    kind,
    named.map((row) => toStoredRow(kind, { ...row, userId })),
  );
  const sizes = kind === 'transaction_files' ? await fileSizes(sight, live) : [];
  const tally = tallyOf(sight, kind);
  const normalize = normalizer(kind, 'fzip-1.0');
  for (const [n, packaged] of named.entries()) {
    const id = idOf(kind, packaged) ?? '';
    const now = live[n];
    // Ids are global keys: a row that is another's by now is this user's no more.
    if (!now || now.userId !== userId) {
      tally.removed += 1;
      await keep({ kind, id, change: 'removed' });
      continue;
    }
    const fields = changedFields(comparable(kind, packaged), comparable(kind, normalize(toPackageRow(kind, now))));
    if (kind === 'transaction_files' && isOtherSize(sight, packaged, sizes[n])) fields.push('bytes');
    if (fields.length === 0) tally.same += 1;
    else {
      tally.changed += 1;
      await keep({ kind, id, change: 'changed', fields: fields.slice(0, 10).map((field) => field.slice(0, 100)) });
    }
  }
  await sight.looked(named.length);
};

const changedFields = (a: Row, b: Row): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => {
    const [one, other] = [a[name], b[name]];
    return one === undefined || other === undefined ? one !== other : formatValue(one) !== formatValue(other);
  });

/** Requests for objects that are under way at a time. */
const headsAhead = 16;

/** The bytes that stand in the storage for each file's row; undefined where there is no object, or not this user's. */
const fileSizes = async ({ ports, backup }: Sight, rows: readonly (Row | undefined)[]) => {
  const sizes: (number | undefined)[] = [];
  for (let at = 0; at < rows.length; at += headsAhead) {
    const some = rows.slice(at, at + headsAhead).map(async (row) => {
      const key = row?.s3Key;
      if (typeof key !== 'string' || !key.startsWith(`${backup.userId}/`)) return undefined;
      return (await ports.files.head(key))?.size;
    });
    sizes.push(...(await Promise.all(some)));
  }
  return sizes;
};

/** A file that the backup could not read has nothing to be compared with. */
const isOtherSize = ({ volumes, found }: Sight, packaged: Row, size: number | undefined): boolean => {
  const name = safeFileName(String(packaged.fileId));
  const entry = volumes.map(({ files }) => files.get(name)).find((file) => file !== undefined);
  if (!entry) return false;
  found.files += 1;
  return entry.size !== size;
};
