/** Compares a profile, restored with its ids kept, with the package it came from: every row, every attribute, every byte. */
import { access } from 'node:fs/promises';
import {
  type EntityKind,
  entityKinds,
  fileSource,
  kindRules,
  openVolume,
  type Row,
  toStoredRow,
  type Volume,
  withNormalNumbers,
} from '@fzip/format';
import { placeOf } from './compare-twins.ts';
import { readDump } from './dump.ts';
import { compareRow, type Differ, differInto, type Findings, keyOf, noFindings } from './findings.ts';
import type { Store } from './profile-loader.ts';
import { sha256Of, storedObject, storedRows } from './stored-profile.ts';

export type RestoredComparison = Findings & {
  rows: number;
  attributes: number;
  files: number;
  /** What the rows were held against: a dump beside the package, or the package. */
  source: string;
};

type Expected = { source: string; rows: Map<string, Row>; files: Map<string, string> };

/** `FILE.tables.json` beside a package holds the rows that it was made from. */
const dumpBeside = (file: string): string => `${file}.tables.json`;

export const compareRestored = async (store: Store, userId: string, file: string): Promise<RestoredComparison> => {
  const expected = await expectedOf(file, userId);
  const { source } = expected;
  const result: RestoredComparison = { ...noFindings(), rows: 0, attributes: 0, files: 0, source };
  const differ = differInto(result);
  for (const kind of entityKinds) {
    for await (const row of storedRows(store, kind, userId)) {
      const [key, found] = [keyOf(kind, row), comparable(kind, row)];
      const wanted = expected.rows.get(key);
      expected.rows.delete(key);
      result.rows += 1;
      result.attributes += Object.keys(found).length;
      if (wanted === undefined) differ(`${key} was restored and ${source} has no such row`);
      else compareRow(key, source, wanted, found, differ);
      if (kind === 'transaction_files') result.files += await compareBytes(store, row, expected, differ);
    }
  }
  for (const key of expected.rows.keys()) differ(`${key} was not restored`);
  for (const fileId of expected.files.keys())
    differ(`the bytes of file ${fileId} were not restored: no row names them`);
  return result;
};

/** Returns how many files were compared: one or none. */
const compareBytes = async (store: Store, row: Row, { files }: Expected, differ: Differ): Promise<0 | 1> => {
  const fileId = String(row.fileId);
  const wanted = files.get(fileId);
  files.delete(fileId);
  const found = await storedObject(store, row.s3Key);
  if (found?.sha256 !== wanted)
    differ(`file ${fileId} has sha256 ${found?.sha256 ?? 'none'}, in the package ${wanted ?? 'none'}`);
  if (found && found.metadata.length > 0)
    differ(`the object of file ${fileId} has user metadata: ${found.metadata.join(', ')}`);
  return wanted === undefined ? 0 : 1;
};

const expectedOf = async (file: string, userId: string): Promise<Expected> => {
  const source = await fileSource(file);
  try {
    const volume = await openVolume(source);
    const dump = await isThere(dumpBeside(file));
    const rows = new Map<string, Row>();
    for await (const { kind, row } of dump ? dumpedRows(dumpBeside(file)) : packagedRows(volume)) {
      const placed = kind === 'transaction_files' ? { s3Key: placeOf(userId, row) } : {};
      rows.set(keyOf(kind, row), comparable(kind, { ...row, userId, ...placed }));
    }
    return { source: dump ? 'the dump beside the package' : 'the package', rows, files: await filesOf(volume) };
  } finally {
    await source.close();
  }
};

async function* dumpedRows(file: string): AsyncGenerator<{ kind: EntityKind; row: Row }> {
  const { rows } = await readDump(file);
  for (const kind of entityKinds) for (const row of rows[kind]) yield { kind, row };
}

async function* packagedRows(volume: Volume): AsyncGenerator<{ kind: EntityKind; row: Row }> {
  for (const kind of entityKinds) {
    for await (const { row } of volume.rows(kind)) yield { kind, row: toStoredRow(kind, row) };
  }
}

const filesOf = async (volume: Volume): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const [fileId, entry] of volume.files) files.set(fileId, await sha256Of(volume.body(entry)));
  return files;
};

/** Without what belongs to the table alone, and with numbers in one spelling. */
const comparable = (kind: EntityKind, row: Row): Row =>
  withNormalNumbers(
    Object.fromEntries(Object.entries(row).filter(([attribute]) => !kindRules[kind].tableOnly.includes(attribute))),
  );

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
