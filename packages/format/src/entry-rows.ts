/** The rows of a volume: out of gzip where they are packed so, and spelled as our schemas have them. */
import type { Readable } from 'node:stream';
import type { EntityKind } from './entities.ts';
import type { Entry } from './entry-table.ts';
import { PackageRefused } from './errors.ts';
import { gunzip } from './gunzip.ts';
import type { Limits } from './limits.ts';
import type { Dialect } from './manifest-text.ts';
import { normalizer } from './normalize.ts';
import { formatRow, type Row } from './row.ts';
import { type RowLine as ReadRow, readRows } from './rows.ts';

/**
 * A row, normalised, and its text on one line: as it stood, or canonical if the row stood on several lines or was changed.
 * `found` is the text before it was normalised.
 */
export type RowLine = { row: Row; line: string; found: string };

type Bytes = AsyncIterable<Buffer>;

/** What is needed of a volume. */
export type RowHolder = {
  data: ReadonlyMap<EntityKind, Entry>;
  dialect: Dialect;
  inflated: ReadonlyMap<EntityKind, string>;
  limits: Limits;
  body(entry: Entry): Readable;
};

/**
 * The rows of a kind in the order of the package, normalised, some at a time.
 * @param tap sees the entry's bytes as they are read, before they are inflated
 * @throws PackageRefused at any row or at the end, and whatever the source fails with
 */
export const rowBatches = async function* (
  { data, dialect, inflated, limits, body }: RowHolder,
  kind: EntityKind,
  tap: (bytes: Bytes) => Bytes = (bytes) => bytes,
): AsyncGenerator<ReadRow[]> {
  const entry = data.get(kind);
  if (!entry) return;
  const normalize = normalizer(kind, dialect);
  const packed = tap(body(entry));
  const isGzip = entry.role.is === 'data' && entry.role.packing === 'gzip';
  const bytes = isGzip ? gunzip(packed, entry.name, limits.uncompressedBytes, inflated.get(kind)) : packed;
  try {
    for await (const rows of readRows(bytes, kind, limits.lineBytes)) {
      for (const one of rows) {
        if (one.isPlain) continue;
        const normal = normalize(one.row);
        if (normal === one.row) continue;
        one.row = normal;
        one.line = formatRow(normal);
      }
      yield rows;
    }
  } catch (error) {
    // What reads rows does not know where they stand.
    if (error instanceof PackageRefused && error.entry === undefined)
      throw new PackageRefused(error.code, error.message, entry.name);
    throw error;
  }
};

/** The same rows, one by one. */
export const rowsOf = async function* (holder: RowHolder, kind: EntityKind): AsyncGenerator<RowLine> {
  for await (const rows of rowBatches(holder, kind)) yield* rows;
};
