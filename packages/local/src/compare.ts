/** Compares a downloaded package with the tables and the file storage it was made from: every row, every attribute, every byte. */
import {
  checkVolume,
  dataEntry,
  type EntityKind,
  entityKinds,
  fileSource,
  openVolume,
  type Row,
  toPackageRow,
  type Volume,
} from '@fzip/format';
import { compareRow, type Differ, differInto, type Findings, keyOf, noFindings } from './findings.ts';
import type { Downloaded, MainJobResult } from './main-job.ts';
import type { Store } from './profile-loader.ts';
import { sha256Of, storedObject, storedRows } from './stored-profile.ts';

export type Comparison = Findings & {
  rows: number;
  attributes: number;
  files: { compared: number; failed: number };
};

/** What was found in the package: each row's text by kind and id, and the sha256 of each file. */
type Packaged = {
  rows: Map<string, Row>;
  counts: Record<string, number>;
  files: Map<string, string>;
  failed: Map<string, string>;
  /** sha256 of each data entry of the first volume that has it, as `sha256:<hex>`. */
  checksums: Map<string, string>;
};

/** Rows are held in memory: for profiles of up to some hundred thousand. */
export const comparePackage = async (
  store: Store,
  userId: string,
  { status, volumes }: Pick<MainJobResult, 'status' | 'volumes'>,
): Promise<Comparison> => {
  const result: Comparison = { ...noFindings(), rows: 0, attributes: 0, files: { compared: 0, failed: 0 } };
  const differ = differInto(result);
  const packaged = await readPackage(volumes, differ);
  compareStatus(packaged, status, differ);
  for (const kind of entityKinds) {
    const stored = await compareKind(store, userId, kind, packaged, result, differ);
    const counted = packaged.counts[kind] ?? 0;
    if (counted !== stored) differ(`${kind}: the package has ${counted} rows, the table ${stored}`);
  }
  for (const key of packaged.rows.keys()) differ(`${key} is in the package and in no table`);
  for (const fileId of packaged.files.keys()) differ(`the package has bytes of ${fileId}, which no row names`);
  for (const [fileId, reason] of packaged.failed) differ(`file ${fileId} is stated as failed (${reason}) and is not`);
  return result;
};

const readPackage = async (volumes: readonly Downloaded[], differ: Differ): Promise<Packaged> => {
  const packaged: Packaged = {
    rows: new Map(),
    counts: {},
    files: new Map(),
    failed: new Map(),
    checksums: new Map(),
  };
  for (const downloaded of volumes) {
    const source = await fileSource(downloaded.path);
    try {
      const volume = await openVolume(source);
      const check = await checkVolume(volume, { onRow: (kind, { row }) => keepRow(packaged, kind, row, differ) });
      for (const { message, entry } of check.errors) differ(`${downloaded.path}: ${entry ?? ''} ${message}`);
      await keepBytes(packaged, volume);
      for (const { fileId, reason } of volume.manifest.failed_files) packaged.failed.set(fileId, reason);
    } finally {
      await source.close();
    }
  }
  return packaged;
};

const keepRow = ({ rows, counts }: Packaged, kind: EntityKind, row: Row, differ: Differ): void => {
  const key = keyOf(kind, row);
  if (rows.has(key)) differ(`${key} stands twice in the package`);
  rows.set(key, row);
  counts[kind] = (counts[kind] ?? 0) + 1;
};

const keepBytes = async ({ files, checksums }: Packaged, volume: Volume): Promise<void> => {
  for (const [fileId, entry] of volume.files) files.set(fileId, await sha256Of(volume.body(entry)));
  for (const [kind, entry] of volume.data) {
    const name = dataEntry(kind);
    if (!checksums.has(name)) checksums.set(name, `sha256:${await sha256Of(volume.body(entry))}`);
  }
};

const compareStatus = ({ counts, checksums }: Packaged, status: MainJobResult['status'], differ: Differ): void => {
  for (const kind of entityKinds) {
    const [found, stated] = [counts[kind] ?? 0, status.counts?.[kind] ?? 0];
    if (found !== stated) differ(`${kind}: the package has ${found} rows, the status states ${stated}`);
  }
  const stated = status.manifest_checksums ?? {};
  for (const entry of new Set([...checksums.keys(), ...Object.keys(stated)])) {
    if (checksums.get(entry) === stated[entry]) continue;
    differ(`${entry} has ${checksums.get(entry) ?? 'no bytes'}, the status states ${stated[entry] ?? 'nothing'}`);
  }
};

/** Compares each row of a table that is the user's; takes what was found out of `packaged`. Returns how many rows there are. */
const compareKind = async (
  store: Store,
  userId: string,
  kind: EntityKind,
  packaged: Packaged,
  result: Comparison,
  differ: Differ,
): Promise<number> => {
  let rows = 0;
  for await (const stored of storedRows(store, kind, userId)) {
    const expected = toPackageRow(kind, stored);
    const key = keyOf(kind, expected);
    const found = packaged.rows.get(key);
    packaged.rows.delete(key);
    rows += 1;
    result.attributes += Object.keys(expected).length;
    if (found === undefined) differ(`${key} is missing`);
    else compareRow(key, 'the table', expected, found, differ);
    if (kind === 'transaction_files') await compareFile(store, stored, packaged, result, differ);
  }
  result.rows += rows;
  return rows;
};

/** A file without bytes at the source must be stated as failed, and no other. */
const compareFile = async (
  store: Store,
  row: Row,
  { files, failed }: Packaged,
  result: Comparison,
  differ: Differ,
): Promise<void> => {
  const fileId = String(row.fileId);
  const expected = (await storedObject(store, row.s3Key))?.sha256;
  const found = files.get(fileId);
  files.delete(fileId);
  if (expected === undefined) {
    if (found !== undefined) differ(`file ${fileId} has bytes in the package and none at the source`);
    if (!failed.delete(fileId)) differ(`file ${fileId} has no bytes at the source, and the package does not say so`);
    result.files.failed += 1;
    return;
  }
  result.files.compared += 1;
  if (found !== expected) differ(`file ${fileId} has sha256 ${found ?? 'none'}, at the source ${expected}`);
};
