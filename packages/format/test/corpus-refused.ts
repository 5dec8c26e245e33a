/** The packages that are refused, one for each reason. Their verdicts become their names, see corpus.ts. */
import { dataText, extra, fileName, id, line, make, row, rows, stated } from './corpus-parts.ts';
import type { RawEntry } from './packing.ts';

const [none, x] = [Buffer.alloc(0), Buffer.from('x')];
const named = (name: string | Buffer, more: Partial<RawEntry> = {}): Buffer =>
  make({ more: [{ name, bytes: none, ...more }] });
const intact = make({});

/** An account of so many bytes, as DynamoDB counts: names, texts, two for each of its two times. */
const account = (bytes: number): object => {
  const [{ createdAt, updatedAt, ...texts }] = rows.accounts as [(typeof rows.accounts)[number]];
  const taken = 'createdAt'.length + 2 + 'updatedAt'.length + 2 + Object.entries(texts).flat().join('').length;
  return { ...texts, createdAt, updatedAt, own: 'o'.repeat(bytes - taken - 'own'.length) };
};

/** Every one of them. None is intact. */
export const refusedPackages = (): Buffer[] => [
  // The archive
  none,
  Buffer.from('no archive at all, but long enough to be one'),
  Buffer.concat([intact, x]),
  Buffer.concat([x, intact]),
  intact.subarray(0, intact.length - 30),
  make({ end: { count: 5 } }),
  make({ end: { count: 9 } }),
  make({ end: { gap: Buffer.from('hidden') } }),
  make({ end: { comment: 'PK\x05\x06' } }),
  make({ end: { zip64: { short: 3 } } }),
  make({ end: { zip64: { recordSize: 45 } } }),
  make({ end: { zip64: { entries: 5 } } }),
  make({ end: { zip64: { place: 2n ** 63n } } }),
  make({ end: { zip64: { place: 0n } } }),
  make({ end: { zip64: { disks: 2 } } }),
  make({ end: { zip64: { more: Buffer.from('hidden') } } }),
  make({ entry: { disk: 1 } }),
  make({ entry: { version: 64 } }),
  // Entries
  make({ entry: { flags: 0x801 } }),
  make({ entry: { flags: 0x841 } }),
  ...[1, 6, 9, 12, 93, 95, 98, 99].map((method) => make({ entry: { method } })),
  make({ entry: { crc: 7 } }),
  make({ entry: { size: 3 } }),
  make({ entry: { size: 0xffffffff, extra: extra(1, Buffer.alloc(7)) } }),
  make({ entry: { deflate: true, size: 3 } }),
  make({ entry: { deflate: true, size: 9_999 } }),
  make({ entry: { deflate: true, tail: Buffer.from('more') } }),
  make({ entry: { method: 8 } }),
  make({ entry: { method: 14 } }),
  make({ entry: { localName: 'data/accountz.json' } }),
  make({ entry: { local: { flags: 0 } } }),
  make({ entry: { local: { crc: 9 } } }),
  make({ entry: { local: { size: 9 } } }),
  make({ entry: { behind: Buffer.from('gap') } }),
  make({ entry: { flags: 0x808 } }),
  make({ entry: { flags: 0x808, behind: Buffer.alloc(12) } }),
  make({ entry: { extra: Buffer.from([1, 0, 99, 0]) } }),
  make({ entry: { extra: Buffer.from('odd') } }),
  make({ entry: { extra: Buffer.concat([extra(1, none), extra(1, none)]) } }),
  make({ entry: { extra: extra(0x7075, Buffer.concat([Buffer.alloc(5), Buffer.from('other')])) } }),
  ...[0o120777, 0o060644, 0o020644, 0o010644, 0o040755].map((mode) => make({ entry: { attributes: mode * 0x10000 } })),
  make({ more: [{ name: 'data/', bytes: x }] }),
  // Names
  ...[
    '',
    '/etc/passwd',
    'C:/x',
    '../x',
    'files/../x',
    'files//x',
    'files/./x',
    'files\\a\\b',
    'files/a/b\u0007',
    'files/a/b/c/d/e',
    'x.txt',
    '__proto__',
    '__MACOSX/x',
    '.DS_Store',
    `files/a/${'n'.repeat(1024)}`,
  ].map((name) => named(name)),
  named(Buffer.from([0x66, 0xff, 0xfe])),
  named(Buffer.from('files/a/\u00e9'), { flags: 0 }),
  named('data/accounts.json'),
  named('data/ACCOUNTS.json'),
  named(`files/${id(3)}/other.csv`),
  named(`files/${id(9)}/nobody.csv`),
  named('data/accounts.json.gz'),
  // The manifest
  make({ without: ['manifest.json'] }),
  make({ without: ['data/accounts.json'] }),
  make({ without: [fileName] }),
  make({ manifestText: () => 'no JSON' }),
  make({ manifestText: () => '[]' }),
  make({ manifestText: (text) => text.replace('{', '{"user_id":"other",') }),
  stated({ backup_format_version: '2.0' }),
  stated({ backup_format_version: 1 }),
  stated({ package_format: 'json' }),
  stated({ checksums: 7 }),
  make({
    manifest: ({ checksums }) =>
      Object.assign(checksums as object, { 'data/accounts.json': `sha256:${'0'.repeat(64)}` }),
  }),
  make({ manifest: ({ checksums }) => void delete (checksums as Record<string, string>)['data/accounts.json'] }),
  make({
    manifest: ({ checksums }) => Object.assign(checksums as object, { 'files/a/b': `sha256:${'0'.repeat(64)}` }),
  }),
  make({ manifest: ({ data_summary }) => Object.assign(data_summary as object, { accounts_count: 2 }) }),
  make({ manifest: ({ data_summary }) => Object.assign(data_summary as object, { accounts_count: '1' }) }),
  stated({ volume: { number: 2, count: 1, set_id: 's', set_summary: {} } }),
  make({
    manifest: ({ checksums }) => Object.assign(checksums as object, { 'accounts.json': `sha256:${'0'.repeat(64)}` }),
  }),
  make({ manifestText: (text) => text.replace('{', `{"x":${'['.repeat(41)}${']'.repeat(41)},`) }),
  make({ manifestText: (text) => text.replace('{', '{"x":"\\ud800",') }),
  stated({
    known_defects: Array.from({ length: 10_001 }, (_, n) => ({
      kind: 'accounts',
      field: 'defaultFileMapId',
      missing: `${n}`,
      rows: 1,
    })),
  }),
  // Data files and rows
  ...[
    '',
    '{',
    '{"accounts":[',
    '{"accounts":[\n]}]',
    '{"accounts":[1]}',
    '{"accounts":{}}',
    '{"accounts":[],"more":[]}',
    '{"categories":[]}',
  ].map((text) => make({ data: { accounts: text === '' ? ' ' : text } })),
  make({ rows: { accounts: [account(400 * 1024 + 1)] }, entry: { deflate: true } }),
  make({
    data: { accounts: `[${JSON.stringify(account(200)).slice(0, -1)}${' '.repeat(4 * 2 ** 20)}}]` },
    entry: { deflate: true },
  }),
  line('"a":1,'),
  line('"a":NaN'),
  line('"a":1e126'),
  line(`"a":${'1'.repeat(39)}`),
  line('"a":"\\ud800"'),
  line(`"a":${'['.repeat(41)}${']'.repeat(41)}`),
  line(`"a":${'['.repeat(42)}${']'.repeat(42)},"a":1`),
  row('accounts', { accountId: 'no id' }),
  row('accounts', { accountId: undefined }),
  row('accounts', { accountType: 'piggy bank' }),
  row('accounts', { accountName: 7 }),
  row('accounts', { createdAt: -1 }),
  row('accounts', { createdAt: 'today' }),
  row('accounts', { balance: '12,50', currency: 'EUR' }),
  row('categories', { parentCategoryId: id(2) }),
  row('categories', { parentCategoryId: id(8) }),
  row('categories', { name: '' }),
  row('transactions', { accountId: id(8) }),
  row('transactions', { fileId: id(8) }),
  row('transactions', { amount: 'much' }),
  row('transactions', { date: '2026-01-01' }),
  row('transactions', { status: '' }),
  row('transactions', { transactionHash: -1 }),
  row('transactions', { description: 'd'.repeat(1001) }),
  make({ data: { accounts: dataText('accounts', [...rows.accounts, ...rows.accounts]) } }),
];
