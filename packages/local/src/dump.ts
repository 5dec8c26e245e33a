/** Reads a dump of HouseF3's tables, and loads it as the profile of the user it belongs to. */
import { access, readFile } from 'node:fs/promises';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fromAttributeValues } from '@fzip/aws';
import { type EntityKind, entityKinds, isMap, parseJson, type Row, type Value } from '@fzip/format';
import yauzl from 'yauzl';
import { type Counts, putFiles, putRows, type Store, type StoredFile } from './profile-loader.ts';
import { withNumbers } from './stored-types.ts';

/** The keys of a dump: HouseF3's own variables, and what this project calls them. */
const kindOfKey: Readonly<Record<string, EntityKind | 'ignored'>> = {
  ACCOUNTS_TABLE: 'accounts',
  TRANSACTIONS_TABLE: 'transactions',
  CATEGORIES_TABLE_NAME: 'categories',
  CATEGORIES_TABLE: 'categories',
  FILE_MAPS_TABLE: 'file_maps',
  FILES_TABLE: 'transaction_files',
  TRANSACTION_FILES_TABLE: 'transaction_files',
  ANALYTICS_DATA_TABLE: 'analytics',
  FZIP_JOBS_TABLE: 'ignored',
};
const suffix = '.tables.json';

/** A dump that cannot be loaded. The message says what was found and what is allowed. */
export class DumpRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DumpRefused';
  }
}

export type Dump = {
  userId: string;
  rows: Record<EntityKind, Row[]>;
  /** Keys with rows that belong to no profile. */
  ignored: string[];
  /** Bytes that a package beside the dump has, by file id. */
  files: Map<string, Buffer>;
};

/**
 * Reads `FILE.tables.json`, and the bytes of files from the package `FILE`, if there is one.
 * @throws DumpRefused
 */
export const readDump = async (file: string): Promise<Dump> => {
  const tables = parseTables(await readFile(file, 'utf8').catch(refuse(`cannot read ${file}`)), file);
  const rows = Object.fromEntries(entityKinds.map((kind) => [kind, [] as Row[]])) as Dump['rows'];
  const ignored: string[] = [];
  for (const [key, found] of Object.entries(tables)) {
    const kind = Object.hasOwn(kindOfKey, key) ? kindOfKey[key] : undefined;
    if (kind === undefined) {
      throw new DumpRefused(`${file} has a table ${key}; allowed are ${Object.keys(kindOfKey).join(', ')}`);
    }
    if (!Array.isArray(found)) throw new DumpRefused(`${file}: ${key} is no list of rows`);
    if (kind === 'ignored') ignored.push(key);
    else for (const [index, row] of found.entries()) rows[kind].push(storedRow(kind, row, `${key}[${index}]`));
  }
  return { userId: ownerOf(rows, file), rows, ignored, files: await filesBeside(file) };
};

/** Writes a dump's rows and files; gives what was written, by kind. Files without bytes are left to be missed. */
export const loadDump = async (store: Store, dump: Dump): Promise<Counts> => {
  for (const kind of entityKinds) await putRows(store, kind, dump.rows[kind]);
  await putFiles(store, dumpFiles(dump));
  return Object.fromEntries(entityKinds.map((kind) => [kind, dump.rows[kind].length])) as Counts;
};

const dumpFiles = function* ({ rows, files }: Dump): Generator<StoredFile> {
  for (const { fileId, s3Key } of rows.transaction_files) {
    const bytes = typeof fileId === 'string' ? files.get(fileId) : undefined;
    if (bytes === undefined || typeof s3Key !== 'string') continue;
    yield { s3Key, contentType: 'application/octet-stream', bytes: () => bytes };
  }
};

const parseTables = (text: string, file: string): { [key: string]: Value } => {
  let value: Value;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new DumpRefused(`${file} is no JSON: ${(error as Error).message}`);
  }
  if (!isMap(value)) throw new DumpRefused(`${file} is no object of tables`);
  return value;
};

const storedRow = (kind: EntityKind, found: Value, where: string): Row => {
  if (!isMap(found)) throw new DumpRefused(`${where} is no row`);
  return isItem(found) ? fromAttributeValues(itemOf(found)) : withNumbers(kind, found);
};

const attributeTypes: ReadonlySet<string> = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS']);

/** True for DynamoDB's own JSON: every attribute is a map of its type alone. */
const isItem = (row: Row): boolean =>
  Object.keys(row).length > 0 &&
  Object.values(row).every((value) => {
    const names = isMap(value) ? Object.keys(value) : [];
    return names.length === 1 && attributeTypes.has(names[0] ?? '');
  });

/** In JSON, bytes are base64. */
const itemOf = (row: Row): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, attributeOf(value as Row)]));

const attributeOf = (typed: Row): AttributeValue => {
  const [type, value] = Object.entries(typed)[0] as [string, Value];
  if (type === 'B') return { B: Buffer.from(value as string, 'base64') };
  if (type === 'BS') return { BS: (value as string[]).map((text) => Buffer.from(text, 'base64')) };
  if (type === 'L') return { L: (value as Row[]).map(attributeOf) };
  if (type === 'M') return { M: itemOf(value as Row) };
  return typed as unknown as AttributeValue;
};

const ownerOf = (rows: Dump['rows'], file: string): string => {
  const owners = new Set(Object.values(rows).flatMap((some) => some.map((row) => row.userId)));
  const [owner] = owners;
  if (owners.size === 1 && typeof owner === 'string') return owner;
  const found = owners.size === 0 ? 'no rows' : `rows of ${[...owners].map((each) => String(each)).join(', ')}`;
  throw new DumpRefused(`${file} has ${found}; allowed are rows of one user`);
};

const filesBeside = async (file: string): Promise<Map<string, Buffer>> => {
  const files = new Map<string, Buffer>();
  const packageFile = file.endsWith(suffix) ? file.slice(0, -suffix.length) : undefined;
  const isThere =
    packageFile !== undefined &&
    (await access(packageFile).then(
      () => true,
      () => false,
    ));
  if (packageFile === undefined || !isThere) return files;
  const zip = await yauzl.openPromise(packageFile, { autoClose: false }).catch(refuse(`cannot read ${packageFile}`));
  try {
    for await (const entry of zip.eachEntry()) {
      const fileId = /^files\/([^/]+)\/[^/]+$/.exec(entry.fileName)?.[1];
      if (fileId === undefined) continue;
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
      files.set(fileId, Buffer.concat(chunks));
    }
  } finally {
    zip.close();
  }
  return files;
};

const refuse =
  (what: string) =>
  (error: Error): never => {
    throw new DumpRefused(`${what}: ${error.message}`);
  };
