/** Packages that HouseF3 made, and one made after its specification, against the table rows that they were made from. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  idOf,
  isMap,
  isNumber,
  kindRules,
  normalDecimal,
  numberText,
  openVolume,
  type Row,
  toStoredRow,
  type Value,
  type Volume,
} from '../src/index.ts';

const fixture = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../../test/compat/housef3/${name}`, import.meta.url)));

const open = async (name: string): Promise<Volume> => openVolume(bufferSource(await fixture(name)));

const tables: Readonly<Record<string, EntityKind>> = {
  ACCOUNTS_TABLE: 'accounts',
  CATEGORIES_TABLE_NAME: 'categories',
  FILE_MAPS_TABLE: 'file_maps',
  FILES_TABLE: 'transaction_files',
  TRANSACTIONS_TABLE: 'transactions',
};

/** Attributes of HouseF3's tables that its packages cannot hold. Of these rows there is none: only its restore loses some. */
const notInPackages: readonly string[] = [];

/** The dump beside a fixture spells numbers as texts: where a number is stored, its text is one number too. */
const dumped = (stored: Value | undefined, text: Value): Value => {
  if (isNumber(stored) && typeof text === 'string') return normalDecimal(text);
  if (Array.isArray(text))
    return text.map((inner, index) => dumped(Array.isArray(stored) ? stored[index] : null, inner));
  if (!isMap(text)) return text;
  return Object.fromEntries(
    Object.entries(text).map(([key, inner]) => [key, dumped(isMap(stored) ? stored[key] : null, inner)]),
  );
};

const asText = (value: Value): Value => {
  if (isNumber(value)) return normalDecimal(numberText(value));
  if (Array.isArray(value)) return value.map(asText);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)])) : value;
};

const byId = (kind: EntityKind, rows: Row[]): Map<string | undefined, Row> =>
  new Map(rows.map((row) => [idOf(kind, row), row]));

const rowsOf = async (volume: Volume, kind: EntityKind): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const { row } of volume.rows(kind)) rows.push(row);
  return rows;
};

/** The ids of the fixtures' rows end in two digits. */
const uuid = (fileId: string) => `a0000000-0000-4000-8000-0000000000${fileId}`;

describe.each(['real-small-nofiles.fzip', 'real-with-files.fzip'])('HouseF3 wrote %s', (name) => {
  test('out of the very rows that a restore would write', async () => {
    const volume = await open(name);
    expect(volume.dialect).toBe('housef3-2.5');
    const dump = JSON.parse(String(await fixture(`${name}.tables.json`))) as Record<string, Row[]>;
    for (const [table, kind] of Object.entries(tables)) {
      const stored = byId(
        kind,
        (await rowsOf(volume, kind)).map((row) => toStoredRow(kind, row)),
      );
      const rows = dump[table] ?? [];
      expect(stored.size, kind).toBe(rows.length);
      for (const row of rows) {
        const found = stored.get(idOf(kind, row));
        const kept = Object.entries(row).filter(([attribute]) => !notInPackages.includes(attribute));
        expect(asText(found ?? null), kind).toEqual(dumped(found, Object.fromEntries(kept)));
      }
    }
  });

  test('with money of the type that its tables have', async () => {
    const volume = await open(name);
    for (const kind of Object.values(tables)) {
      const { money } = kindRules[kind];
      for (const row of (await rowsOf(volume, kind)).map((found) => toStoredRow(kind, found))) {
        for (const [attribute, type] of Object.entries(money)) {
          const value = row[attribute];
          if (value !== undefined) expect(isNumber(value), `${kind}.${attribute}`).toBe(type === 'N');
        }
      }
    }
  });
});

describe('a check', () => {
  test('of a package without files warns of what it cannot verify, and of files that only transactions know', async () => {
    const { errors, warnings, counts } = await checkVolume(await open('real-small-nofiles.fzip'));
    expect(errors).toEqual([]);
    expect(counts).toMatchObject({ accounts: 3, categories: 4, file_maps: 2, transaction_files: 0, transactions: 8 });
    expect(warnings.map(({ code }) => code)).toEqual(['MISSING_CHECKSUM', ...Array(8).fill('DANGLING_REFERENCE')]);
    expect(new Set(warnings.slice(1).map(({ message }) => message))).toEqual(
      new Set(
        [uuid('1f'), uuid('20')].map(
          (id) => `transactions: fileId refers to "${id}", which is not among transaction_files`,
        ),
      ),
    );
  });

  test('of a package with files warns of the bytes that HouseF3 could not read', async () => {
    const { errors, warnings, files } = await checkVolume(await open('real-with-files.fzip'));
    expect(errors).toEqual([]);
    expect(files).toEqual({ present: 2, failed: 0, bytes: 5598 + 17 });
    expect(warnings).toEqual([
      {
        code: 'MISSING_CHECKSUM',
        message: 'the manifest has no checksums: not verifiable',
        entry: 'manifest.json',
      },
      {
        code: 'MISSING_ENTRY',
        message: `transaction_files: the bytes of ${uuid('21')} are missing`,
        entry: 'data/transaction_files.json',
        id: uuid('21'),
      },
    ]);
  });

  test('of a package made after the specification finds it intact, its file not verifiable', async () => {
    const volume = await open('specified-format.fzip');
    const { errors, warnings } = await checkVolume(volume);
    expect(errors).toEqual([]);
    const entry = `files/${uuid('1f')}/nov.csv`;
    const message = `${entry}: without checksum in the manifest: not verifiable`;
    expect(warnings).toEqual([{ code: 'MISSING_CHECKSUM', message, entry }]);
  });
});

describe('the specified spelling', () => {
  test('of confidences, amount ranges and the order of a restore becomes HouseF3’s', async () => {
    const volume = await open('specified-format.fzip');
    const [transaction] = await rowsOf(volume, 'transactions');
    expect(transaction).toMatchObject({ restoreOrder: 0, categories: [{ confidence: 90 }], memo: null });
    const [food] = await rowsOf(volume, 'categories');
    expect(food?.rules).toMatchObject([
      { condition: 'contains', confidence: 90 },
      { condition: 'amount_between', amountMin: '1.00', amountMax: '9.99' },
    ]);
    expect(food?.parentCategoryId).toBeNull();
    expect(toStoredRow('categories', food ?? {})).not.toHaveProperty('parentCategoryId');
  });
});
