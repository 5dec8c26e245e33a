import type { DatabaseSync } from 'node:sqlite';
import type { Piece } from './catalog.ts';
import type { ChecksumAlgorithm } from './digests.ts';

/** What is kept of a put's headers: those S3 gives back, and the user's metadata by name without its prefix. */
export type ObjectHeaders = { system: Record<string, string>; user: Record<string, string> };

export type ObjectChecksum = { algorithm: ChecksumAlgorithm; value: string; type: 'FULL_OBJECT' | 'COMPOSITE' };

/** One version of an object, or a delete marker. `etag` has no quotes; `modified` is ms since epoch. */
export type Version = {
  seq: number;
  bucket: string;
  key: string;
  versionId: string;
  latest: boolean;
  marker: boolean;
  size: number;
  etag: string;
  modified: number;
  headers: ObjectHeaders;
  checksum?: ObjectChecksum;
};

export type VersionTable = {
  latest(bucket: string, key: string): Version | undefined;
  find(bucket: string, key: string, versionId: string): Version | undefined;
  /** Adds it as the latest, and answers with its sequence number. */
  insert(version: Omit<Version, 'seq' | 'latest'>, pieces: readonly Piece[]): number;
  /** Removes a version, makes the one before it the latest, and answers with its files. */
  remove(version: Version): string[];
  /** The pieces that hold the bytes from `start` to `end` (inclusive), each with the offset of its first byte. */
  pieces(seq: number, start: number, end: number): (Piece & { start: number })[];
  /** Latest versions that are no markers, with keys > `after` and < `before` (exclusive). */
  listLatest(bucket: string, after: string, from: string, before: string, limit: number): Version[];
  /** All versions in that key range, by key and newest first, after the version `seq` of the key `after`. */
  listAll(bucket: string, after: string, seq: number, from: string, before: string, limit: number): Version[];
  isEmpty(bucket: string): boolean;
};

type Row = Omit<Version, 'latest' | 'marker' | 'headers' | 'checksum'> & {
  latest: number;
  marker: number;
  details: string;
};
type Details = { headers: ObjectHeaders; checksum?: ObjectChecksum };

const toVersion = ({ details, latest, marker, ...row }: Row): Version => ({
  ...row,
  ...(JSON.parse(details) as Details),
  latest: latest === 1,
  marker: marker === 1,
});

const writer = (db: DatabaseSync): Pick<VersionTable, 'insert' | 'remove'> => {
  const demote = db.prepare('UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1');
  const promote = db.prepare(
    'UPDATE versions SET latest = 1 WHERE seq = (SELECT max(seq) FROM versions WHERE bucket = ? AND key = ?)',
  );
  const add = db.prepare(
    'INSERT INTO versions (bucket, key, versionId, latest, marker, size, etag, modified, details) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)',
  );
  const addPiece = db.prepare('INSERT INTO pieces (seq, start, file, size) VALUES (?, ?, ?, ?)');
  const files = db.prepare('SELECT file FROM pieces WHERE seq = ?');
  const dropPieces = db.prepare('DELETE FROM pieces WHERE seq = ?');
  const drop = db.prepare('DELETE FROM versions WHERE seq = ?');
  return {
    insert: (version, pieces) => {
      const { bucket, key, versionId, marker, size, etag, modified, headers, checksum } = version;
      const details: Details = checksum ? { headers, checksum } : { headers };
      demote.run(bucket, key);
      const added = add.run(bucket, key, versionId, marker ? 1 : 0, size, etag, modified, JSON.stringify(details));
      const seq = Number(added.lastInsertRowid);
      let start = 0;
      for (const piece of pieces) {
        // An empty body has no file, and two pieces cannot begin at the same byte.
        if (piece.size === 0) continue;
        addPiece.run(seq, start, piece.file, piece.size);
        start += piece.size;
      }
      return seq;
    },
    remove: (version) => {
      const left = files.all(version.seq).map((row) => String(row.file));
      dropPieces.run(version.seq);
      drop.run(version.seq);
      if (version.latest) promote.run(version.bucket, version.key);
      return left;
    },
  };
};

export const versionTable = (db: DatabaseSync): VersionTable => {
  const latest = db.prepare('SELECT * FROM versions WHERE bucket = ? AND key = ? AND latest = 1');
  const byId = db.prepare('SELECT * FROM versions WHERE bucket = ? AND key = ? AND versionId = ?');
  const pieces = db.prepare(
    'SELECT file, size, start FROM pieces WHERE seq = ? AND start <= ? AND start + size > ? ORDER BY start',
  );
  const page = db.prepare(
    'SELECT * FROM versions WHERE bucket = ? AND key > ? AND key >= ? AND key < ? AND latest = 1 AND marker = 0 ORDER BY key LIMIT ?',
  );
  const all = db.prepare(
    'SELECT * FROM versions WHERE bucket = ? AND (key > ? OR (key = ? AND seq < ?)) AND key >= ? AND key < ? ORDER BY key, seq DESC LIMIT ?',
  );
  const any = db.prepare('SELECT 1 FROM versions WHERE bucket = ? LIMIT 1');
  const one = (row: unknown): Version | undefined => (row === undefined ? undefined : toVersion(row as Row));
  const many = (rows: unknown): Version[] => (rows as Row[]).map(toVersion);
  return {
    ...writer(db),
    latest: (bucket, key) => one(latest.get(bucket, key)),
    find: (bucket, key, versionId) => one(byId.get(bucket, key, versionId)),
    pieces: (seq, start, end) => pieces.all(seq, end, start) as unknown as (Piece & { start: number })[],
    listLatest: (bucket, after, from, before, limit) => many(page.all(bucket, after, from, before, limit)),
    listAll: (bucket, after, seq, from, before, limit) => many(all.all(bucket, after, after, seq, from, before, limit)),
    isEmpty: (bucket) => any.get(bucket) === undefined,
  };
};
