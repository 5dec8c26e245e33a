/** Rows of the sample profile: a pool that is written over and over, and the package of a profile of any size. */
import { open } from 'node:fs/promises';
import {
  type EntityKind,
  entityKinds,
  formatRow,
  type Manifest,
  type Row,
  toPackageRow,
  writeVolume,
} from '@fzip/format';
import { type SampleProfile, sampleProfile } from '@fzip/sample';
import { fromAttributeValues, toAttributeValues } from '../../../packages/aws/src/attribute-values.ts';
import { filesOf, manifestOf } from '../../../packages/format/test/packing.ts';

const poolRows = 10_000;
/** Few, so that nearly every row of the package is a transaction. */
const files = 100;

const profileOf = (transactions: number): SampleProfile =>
  sampleProfile({ userId: 'bench', seed: 1, transactions, files: Math.min(files, transactions) });

/** Transactions as collecting hands them on: out of a table's items. Far more of them than deflate looks back. */
export const rowPool = (): Row[] => {
  const rows: Row[] = [];
  for (const row of profileOf(poolRows).rows('transactions'))
    rows.push(toPackageRow('transactions', fromAttributeValues(toAttributeValues(row))));
  return rows;
};

export const linesOf = async function* (rows: Iterable<Row>): AsyncGenerator<string> {
  for (const row of rows) yield formatRow(row);
};

const packageRows = function* (profile: SampleProfile, kind: EntityKind): Generator<Row> {
  for (const row of profile.rows(kind)) yield toPackageRow(kind, row);
};

/** Writes the package of a profile without the bytes of its files, which it states as failed. */
export const writePackage = async (path: string, transactions: number): Promise<Manifest> => {
  const profile = profileOf(transactions);
  const failed_files = [...profile.rows('transaction_files')].map(({ fileId, fileName }) => ({
    fileId: String(fileId),
    fileName: String(fileName),
    reason: 'not of interest here',
  }));
  const file = await open(path, 'w');
  const { manifest } = await writeVolume({
    sink: file.createWriteStream(),
    data: entityKinds.map((kind) => ({ kind, lines: linesOf(packageRows(profile, kind)) })),
    files: filesOf([]),
    manifest: (soFar) => manifestOf(soFar, { failed_files }),
  });
  return manifest;
};
