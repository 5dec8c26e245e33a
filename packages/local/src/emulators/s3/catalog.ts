import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openDatabase } from '../sqlite.ts';
import { type BucketTable, bucketTable } from './catalog-buckets.ts';
import { type OutboxTable, outboxTable } from './catalog-outbox.ts';
import { type UploadTable, uploadTable } from './catalog-uploads.ts';
import { type VersionTable, versionTable } from './catalog-versions.ts';

/** A stretch of an object's bytes: one file of the body store. Objects in parts have one for each part. */
export type Piece = { file: string; size: number };

/** The index of everything that is stored. A body counts from the moment it is named here, never before. */
export type Catalog = {
  buckets: BucketTable;
  versions: VersionTable;
  uploads: UploadTable;
  outbox: OutboxTable;
  /** All or nothing. `work` must not await. */
  transaction<T>(work: () => T): T;
  /** Every file named by an object or by a part of an upload. */
  files(): Iterable<string>;
  close(): void;
};

// Keys compare as UTF-8 bytes: SQLite's BINARY collation is the order in which S3 lists.
const schema = `
  CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, versioning TEXT NOT NULL, notifications TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, versionId TEXT NOT NULL,
    latest INTEGER NOT NULL, marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, details TEXT NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS versionsByKey ON versions (bucket, key, seq);
  CREATE UNIQUE INDEX IF NOT EXISTS latestByKey ON versions (bucket, key) WHERE latest = 1;
  CREATE TABLE IF NOT EXISTS pieces (
    seq INTEGER NOT NULL, start INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (seq, start)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, details TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, checksum TEXT, PRIMARY KEY (upload, number)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL);
`;

const filesOf = function* (db: DatabaseSync): Iterable<string> {
  for (const row of db.prepare('SELECT file FROM pieces UNION ALL SELECT file FROM parts').iterate())
    yield String(row.file);
};

/** Opens the index in that folder. Throws if another process has it open. */
export const openCatalog = (folder: string): Catalog => {
  const db = openDatabase(path.join(folder, 'index.db'), schema);
  return {
    buckets: bucketTable(db),
    versions: versionTable(db),
    uploads: uploadTable(db),
    outbox: outboxTable(db),
    transaction: (work) => inTransaction(db, work),
    files: () => filesOf(db),
    close: () => db.close(),
  };
};
