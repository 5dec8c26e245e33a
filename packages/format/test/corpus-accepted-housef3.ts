/** Accepted: packages as HouseF3 makes them, and near them. HOUSEF3.md, section 2, R1 to R9. */
import type { Accepted } from './corpus-accepted.ts';
import { fileName, gzipped, id, type Kind, kinds, rows } from './corpus-parts.ts';
import { rawZip, sha256 } from './packing.ts';

type Entries = Record<string, Buffer | string | undefined>;

const countKeys: Record<Kind, string> = {
  accounts: 'accountsCount',
  categories: 'categoriesCount',
  file_maps: 'fileMapsCount',
  transaction_files: 'transactionFilesCount',
  transactions: 'transactionsCount',
};

type Parts = { manifest?: Record<string, unknown>; rows?: Partial<Record<Kind, object[]>>; entries?: Entries };

/** Bare arrays in gzip, camelCase, the manifest first. An entry given as undefined is left out. */
const housef3 = ({ manifest = {}, rows: others = {}, entries = {} }: Parts = {}): Buffer => {
  const held: Record<Kind, readonly object[]> = { ...rows, ...others };
  const all: Entries = {
    'manifest.json': JSON.stringify({
      backupFormatVersion: '1.0',
      backupTimestamp: '2026-03-01T12:00:00+00:00',
      userId: 'user',
      housef3Version: '2.5.0',
      dataSummary: Object.fromEntries(kinds.map((kind) => [countKeys[kind], held[kind].length])),
      checksums: {},
      compatibility: { minimumVersion: '2.0.0', supportedVersions: ['2.0.0', '2.5.0'] },
      includeAnalytics: true,
      ...manifest,
    }),
    ...Object.fromEntries(kinds.map((kind) => [`data/${kind}.json.gz`, gzipped(JSON.stringify(held[kind], null, 2))])),
    [fileName]: 'a,b',
    ...entries,
  };
  return rawZip(
    Object.entries(all).flatMap(([name, bytes]) =>
      bytes === undefined ? [] : [{ name, bytes: Buffer.from(bytes as string), deflate: true }],
    ),
  );
};

const [account] = rows.accounts as [object];
const [category] = rows.categories as [object];
const [file] = rows.transaction_files as [object];
const [transaction] = rows.transactions as [object];
const accounts = JSON.stringify(rows.accounts);

const summed = (edge: string, spell: (kind: Kind, text: string, gz: Buffer) => [string, string]): Accepted => {
  const texts = kinds.map((kind) => [kind, JSON.stringify(rows[kind])] as const);
  const checksums = Object.fromEntries(texts.map(([kind, text]) => spell(kind, text, gzipped(text))));
  const entries = Object.fromEntries(texts.map(([kind, text]) => [`data/${kind}.json.gz`, gzipped(text)]));
  return {
    edge: `HouseF3∶ ${edge}`,
    zip: housef3({ manifest: { checksums: { ...checksums, [fileName]: sha256('a,b') } }, entries }),
  };
};

/** HouseF3 writes no checksums, so one warning is always there. */
const made = (edge: string, parts: Parts, more: Omit<Accepted, 'edge' | 'zip'> = {}): Accepted => ({
  edge: `HouseF3∶ ${edge}`,
  zip: housef3(parts),
  ...more,
  warnings: ['MISSING_CHECKSUM', ...(more.warnings ?? [])],
});

export const acceptedHouseF3 = (): Accepted[] => [
  made('camelCase and arrays in gzip', {}),
  made('plain data files', {
    entries: Object.fromEntries(
      kinds.flatMap((kind) => [
        [`data/${kind}.json.gz`, undefined],
        [`data/${kind}.json`, JSON.stringify(rows[kind])],
      ]),
    ),
  }),
  made('wrapped rows in gzip', { entries: { 'data/accounts.json.gz': gzipped(`{"accounts":${accounts}}`) } }),
  made('a data file in gzip and plain', { entries: { 'data/accounts.json': '[]' } }, { warnings: ['NOT_READ'] }),
  made(
    'a missing data file',
    { rows: { categories: [] }, entries: { 'data/categories.json.gz': undefined } },
    {
      counts: { categories: 0 },
      warnings: ['MISSING_ENTRY'],
    },
  ),
  made('missing bytes of a file', { entries: { [fileName]: undefined } }, { warnings: ['MISSING_ENTRY'] }),
  made('a file at its s3Key', { entries: { [fileName]: undefined, [`files/user/${id(3)}/may.csv`]: 'a,b' } }),
  made(
    'a dangling category',
    { rows: { transactions: [{ ...transaction, primaryCategoryId: id(9) }] } },
    {
      warnings: ['DANGLING_REFERENCE'],
    },
  ),
  made(
    'a dangling file',
    { rows: { transactions: [{ ...transaction, fileId: id(9) }] } },
    {
      warnings: ['DANGLING_REFERENCE'],
    },
  ),
  made('computed attributes, which are dropped', {
    rows: {
      accounts: [{ ...account, exportMetadata: {}, computedFields: { isRecentlyActive: null } }],
      categories: [{ ...category, hierarchyInfo: { depth: 0 }, computedFields: {} }],
      transaction_files: [{ ...file, fileStatusInfo: {}, uploadDateFormatted: 'x', processedDateFormatted: 'x' }],
      transactions: [
        { ...transaction, dateFormatted: 'x', categoryAssignments: [{ ruleId: null }], statusDate: 'new#1' },
      ],
    },
  }),
  made(
    'importOrder',
    { rows: { transactions: [{ ...transaction, importOrder: 7 }] } },
    {
      holds: { transactions: { importOrder: 7 } },
    },
  ),
  made(
    'a date range in both spellings',
    {
      rows: { transaction_files: [{ ...file, dateRange: { startDate: 1, endDate: 2, start: 1, end: 2 } }] },
    },
    { holds: { transaction_files: { dateRange: { startDate: 1, endDate: 2 } } } },
  ),
  made('null in the manifest for what it does not know', {
    manifest: { jobId: null, backupType: null, validationSummary: null, volume: null },
  }),
  made('a newer minor version', { manifest: { backupFormatVersion: '1.1' } }, { warnings: ['UNSUPPORTED_VERSION'] }),
  made(
    'an empty profile',
    {
      rows: Object.fromEntries(kinds.map((kind) => [kind, []])),
      entries: { [fileName]: undefined },
    },
    { counts: { accounts: 0, categories: 0, transaction_files: 0, transactions: 0 } },
  ),
  made('no counts', { manifest: { dataSummary: {} } }, { warnings: Array(5).fill('COUNT_MISMATCH') }),
  made('a name and a comment within the gzip', {
    entries: {
      'data/accounts.json.gz': Buffer.concat([
        Buffer.from([0x1f, 0x8b, 8, 0x18, 0, 0, 0, 0, 0, 255]),
        Buffer.from('accounts.json\0made by hand\0'),
        gzipped(accounts).subarray(10),
      ]),
    },
  }),
  summed('checksums of what is within the gzip', (kind, text) => [`${kind}.json`, sha256(text)]),
  summed('checksums of the gzip', (kind, _text, gz) => [`data/${kind}.json.gz`, sha256(gz)]),
];
