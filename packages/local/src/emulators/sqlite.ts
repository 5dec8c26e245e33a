import type { DatabaseSync } from 'node:sqlite';

/**
 * Node's own SQLite. It is loaded here, once, because Node 22 announces it as experimental at its first load and the
 * announcement would stand between the lines of `npm start`.
 */
export const loadSqlite = (): typeof import('node:sqlite') => {
  const announce = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = announce;
  }
};

/** Opens a database that survives SIGKILL (not a power cut) and that no second process can open. */
export const openDatabase = (file: string, schema: string): DatabaseSync => {
  const { DatabaseSync: Database } = loadSqlite();
  const db = new Database(file);
  // The operating system outlives a killed process, so what was handed to it needs no fsync.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
  db.exec(schema);
  return db;
};

/** Runs `work` as one transaction: all of it or, if it throws, nothing. `work` must not await. */
export const inTransaction = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};
