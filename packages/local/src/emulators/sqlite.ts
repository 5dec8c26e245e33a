import path from 'node:path';
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

/** Runs `open`, and says it plainly if another process has a database of that folder open. */
export const inUseSaid = <T>(folder: string, open: () => T): T => {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Error && /database is locked/.test(error.message))) throw error;
    throw new Error(`${folder} is in use by another process`, { cause: error });
  }
};

/** Opens a database that survives SIGKILL (not a power cut) and that no second process can open. */
export const openDatabase = (file: string, schema: string): DatabaseSync => {
  const { DatabaseSync: Database } = loadSqlite();
  const db = new Database(file);
  // The operating system outlives a killed process, so what was handed to it needs no fsync.
  return inUseSaid(path.dirname(file), () => {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    db.exec(schema);
    return db;
  });
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
