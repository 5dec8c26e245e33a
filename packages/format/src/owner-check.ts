/** Whether every file's bytes belong to a row of transaction_files, and every row has its bytes or is stated as failed. */
import { dataEntry } from './entities.ts';
import type { Finding } from './errors.ts';
import type { Report } from './findings.ts';
import { safeFileName } from './names.ts';
import type { Volume } from './reader.ts';

/** What is known of a row of transaction_files: its id, and its size in bytes as its row states it. */
export type FileRow = { id: string; size: string | undefined };

/** Rows of transaction_files, by their id as entry names spell it. */
export type FileRows = ReadonlyMap<string, FileRow>;

/** Every entry belongs to a row. All rows must have been read. */
export const checkOwned = (volume: Volume, rows: FileRows, report: Report): void => {
  for (const [fileId, entry] of volume.files) {
    const row = rows.get(fileId);
    if (!row) {
      report.error({
        code: 'UNKNOWN_ENTRY',
        message: `${entry.name}: no row of transaction_files owns it`,
        entry: entry.name,
      });
    } else if (row.size !== undefined && row.size !== String(entry.size)) {
      const message = `${entry.name}: ${entry.size} bytes, its row says ${row.size}`;
      report.warn({ code: 'COUNT_MISMATCH', message, entry: entry.name, id: row.id });
    }
  }
};

/** Every row has its bytes in one volume, or a volume states that it has not. */
export const checkPresent = (volumes: readonly Volume[], rows: FileRows, report: Report): void => {
  const failed = new Set(
    volumes.flatMap(({ manifest }) => manifest.failed_files.map(({ fileId }) => safeFileName(fileId))),
  );
  for (const [fileId, { id }] of rows) {
    const holders = volumes.filter(({ files }) => files.has(fileId));
    if (holders.length > 1) report.error(doubled(id, holders));
    if (holders.length > 0 || failed.has(fileId)) continue;
    const isOurs = volumes[0]?.dialect === 'fzip-1.0';
    const message = `transaction_files: the bytes of ${id} are missing${isOurs ? ', and failed_files does not list it' : ''}`;
    const finding: Finding = { code: 'MISSING_ENTRY', message, entry: dataEntry('transaction_files'), id };
    // HouseF3 leaves out what it could not read and does not say so.
    if (isOurs) report.error(finding);
    else report.warn(finding);
  }
};

const doubled = (id: string, holders: readonly Volume[]): Finding => {
  const numbers = holders.map(({ manifest }) => manifest.volume.number).join(' and ');
  return {
    code: 'DUPLICATE_ENTRY',
    message: `files: the bytes of ${id} stand in volumes ${numbers}; allowed is one`,
    id,
  };
};
