/** Accepted: what a manifest may say. FORMAT.md, sections 1, 3 and 4; HOUSEF3.md, R3 and R4. */
import type { Accepted } from './corpus-accepted.ts';
import { dataText, fileName, gzipped, id, type Kind, kinds, make, rows, stated } from './corpus-parts.ts';

type Checksums = Record<string, string>;

const summed = (edge: string, change: (checksums: Checksums) => Checksums): Accepted => ({
  edge,
  zip: make({
    manifest: (manifest) => Object.assign(manifest, { checksums: change(manifest.checksums as Checksums) }),
  }),
});

const respelled = (checksums: Checksums, spell: (name: string, sum: string) => [string, string]): Checksums =>
  Object.fromEntries(Object.entries(checksums).map(([name, sum]) => spell(name, sum)));

const texts = (): Accepted[] => [
  { edge: 'a manifest behind a byte-order mark', zip: make({ manifestText: (text) => `\ufeff${text}` }) },
  {
    edge: 'a manifest pretty-printed with CRLF',
    zip: make({ manifestText: (text) => JSON.stringify(JSON.parse(text), null, 2).replaceAll('\n', '\r\n') }),
  },
  {
    edge: 'a manifest with keys nobody knows',
    zip: stated({ own: { deep: [[{}]] }, constructor: 1, userName: 'x', known_by: null }),
  },
  {
    edge: 'a manifest with one key in two objects',
    zip: stated({ a: { x: 1 }, b: { x: 1 }, c: [{ x: 1 }, { x: '"x":' }] }),
  },
  {
    edge: 'a manifest that leaves out what has a default',
    zip: make({
      manifest: (manifest) => {
        const needed = ['backup_format_version', 'backup_timestamp', 'user_id', 'data_summary', 'checksums'];
        for (const key of Object.keys(manifest)) if (!needed.includes(key)) delete manifest[key];
      },
    }),
  },
  { edge: 'a newer minor version', zip: stated({ backup_format_version: '1.7' }), warnings: ['UNSUPPORTED_VERSION'] },
  { edge: 'a version of one number', zip: stated({ backup_format_version: '1' }) },
  { edge: 'a version of three numbers', zip: stated({ backup_format_version: '1.0.3' }) },
  {
    edge: 'a missing count',
    zip: stated({
      data_summary: { transactions_count: 1 },
      volume: { number: 1, count: 1, set_id: '', set_summary: {} },
    }),
    warnings: ['COUNT_MISMATCH', 'COUNT_MISMATCH', 'COUNT_MISMATCH', 'COUNT_MISMATCH'],
  },
  { edge: 'the manifest first', zip: make({ arrange: (entries) => entries.toReversed() }) },
];

const checksums = (): Accepted[] => [
  summed('checksums in upper case', (sums) =>
    respelled(sums, (name, sum) => [name, `sha256:${sum.slice(7).toUpperCase()}`]),
  ),
  summed('checksum keys without data', (sums) => respelled(sums, (name, sum) => [name.replace('data/', ''), sum])),
  summed('checksum keys with and without data', (sums) =>
    respelled(sums, (name, sum) => [name.replace('data/a', 'a'), sum]),
  ),
  { ...summed('no checksums', () => ({})), warnings: ['MISSING_CHECKSUM'] },
  {
    edge: 'no checksums at all',
    zip: make({ manifest: (manifest) => void delete manifest.checksums }),
    warnings: ['MISSING_CHECKSUM'],
  },
  {
    ...summed('a file without a checksum', ({ [fileName]: _, ...others }) => others),
    warnings: ['MISSING_CHECKSUM'],
  },
  {
    edge: 'gzip beside a manifest in snake case',
    zip: make({
      without: ['data/categories.json'],
      more: [{ name: 'data/categories.json.gz', bytes: gzipped(dataText('categories', rows.categories)) }],
    }),
  },
];

const withRow = (kind: Kind, change: object, known_defects: object[]): Buffer =>
  make({
    rows: { [kind]: rows[kind].map((one) => ({ ...one, ...change })) },
    manifest: (manifest) => Object.assign(manifest, { known_defects }),
  });

const defects = (): Accepted[] => [
  {
    edge: 'a dangling reference that is stated',
    zip: withRow('transactions', { primaryCategoryId: id(9) }, [
      { kind: 'transactions', field: 'primaryCategoryId', missing: id(9), rows: 1 },
    ]),
    warnings: ['DANGLING_REFERENCE'],
  },
  {
    edge: 'a dangling account that is stated',
    zip: withRow('transactions', { accountId: id(9) }, [
      { kind: 'transactions', field: 'accountId', missing: id(9), rows: 1 },
    ]),
    warnings: ['DANGLING_REFERENCE'],
  },
  {
    edge: 'a date before 1970 that is stated',
    zip: withRow('transactions', { date: -1 }, [{ kind: 'transactions', field: 'date', problem: 'range', rows: 1 }]),
    warnings: ['BAD_ROW'],
  },
  ...(['type', 'enum', 'length', 'format'] as const).map((problem) => {
    const odd = {
      type: { accountName: 7 },
      enum: { accountType: 'piggy bank' },
      length: { accountName: 'n'.repeat(101) },
      format: { defaultFileMapId: 'no id' },
    }[problem];
    const [field] = Object.keys(odd);
    const statements = [{ kind: 'accounts', field, problem, rows: 1 }];
    const dangling = { kind: 'accounts', field, missing: 'no id', rows: 1 };
    return {
      edge: `a value of a wrong ${problem} that is stated`,
      zip: withRow('accounts', odd, problem === 'format' ? [...statements, dangling] : statements),
      warnings: problem === 'format' ? (['BAD_ROW', 'DANGLING_REFERENCE'] as const).slice() : ['BAD_ROW' as const],
    };
  }),
  {
    edge: 'a category that is its own parent, stated',
    zip: withRow('categories', { parentCategoryId: id(2) }, [
      { kind: 'categories', field: 'parentCategoryId', problem: 'range', rows: 1 },
    ]),
    warnings: ['BAD_ROW'],
  },
  {
    edge: 'a statement that is stale',
    zip: stated({ known_defects: [{ kind: 'transactions', field: 'accountId', missing: id(9), rows: 3 }] }),
    warnings: ['STALE_STATEMENT'],
  },
  {
    edge: 'a file without bytes that is stated',
    zip: make({
      files: [],
      manifest: (manifest) =>
        Object.assign(manifest, { failed_files: [{ fileId: id(3), fileName: 'may.csv', reason: 'not there' }] }),
    }),
  },
  {
    edge: 'a file of another size than its row says',
    zip: make({ files: [{ name: fileName, bytes: Buffer.from('longer than three') }] }),
    warnings: ['COUNT_MISMATCH'],
  },
];

const volume = (number: number, count: number, counts: Partial<Record<Kind, number>>) => ({
  volume: { number, count, set_id: 'set-1', set_summary: { transactions_count: 9 } },
  data_summary: Object.fromEntries(kinds.map((kind) => [`${kind}_count`, counts[kind] ?? 0])),
});

const small: string[] = kinds.filter((kind) => kind !== 'transactions').map((kind) => `data/${kind}.json`);

const volumes = (): Accepted[] => [
  {
    edge: 'volume 1 of 3, whose files are in the others',
    zip: make({
      files: [],
      manifest: (manifest) =>
        Object.assign(manifest, volume(1, 3, { accounts: 1, categories: 1, transaction_files: 1, transactions: 1 })),
    }),
  },
  {
    edge: 'volume 2 of 3, with transactions and a file alone',
    zip: make({
      without: small,
      manifest: (manifest) => {
        Object.assign(manifest, volume(2, 3, { transactions: 1 }));
        for (const name of small) delete (manifest.checksums as Checksums)[name];
      },
    }),
    counts: { accounts: 0, categories: 0, transaction_files: 0 },
  },
  {
    edge: 'volume 3 of 3, with a file alone',
    zip: make({
      without: kinds.map((kind) => `data/${kind}.json`),
      manifest: (manifest) => {
        Object.assign(manifest, volume(3, 3, {}));
        for (const kind of kinds) delete (manifest.checksums as Checksums)[`data/${kind}.json`];
      },
    }),
    counts: { accounts: 0, categories: 0, transaction_files: 0, transactions: 0 },
  },
];

export const acceptedManifests = (): Accepted[] => [...texts(), ...checksums(), ...defects(), ...volumes()];
