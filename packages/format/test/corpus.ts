/** The corpus of refused packages: how each is made, and how its verdict becomes its file's name. `scripts/corpus.ts` writes it. */
import { bufferSource, checkVolume, openVolume, PackageRefused, type PackageSource } from '../src/index.ts';
import { manifestOf, type RawEnd, type RawEntry, rawZip, sha256 } from './packing.ts';

/** What no file system of ours allows in a name, and what stands for it. */
const spelled: Readonly<Record<string, string>> = {
  '/': '∕',
  '\\': '⧵',
  ':': '∶',
  '"': '”',
  '<': '‹',
  '>': '›',
  '|': '¦',
  '?': '¿',
  '*': '∗',
};
const longestName = 200;

/** `CODE message.fzip`, cut where it is longer than a file system takes. */
export const corpusName = (verdict: string): string => {
  const safe = verdict.replace(/[/\\:"<>|?*]/g, (found) => spelled[found] ?? '_').replace(/\p{Cc}/gu, '_');
  let cut = safe;
  while (Buffer.byteLength(cut) > longestName) cut = [...cut].slice(0, -1).join('');
  return `${cut.trimEnd()}.fzip`;
};

/** The first thing that is wrong with a package, as `CODE message`; undefined if nothing is. */
export const verdictOn = async (source: PackageSource): Promise<string | undefined> => {
  try {
    const { errors } = await checkVolume(await openVolume(source));
    const [first] = errors;
    return first && `${first.code} ${first.message}`;
  } catch (error) {
    if (error instanceof PackageRefused) return `${error.code} ${error.message}`;
    throw error;
  }
};

/** The corpus by file name. Where two packages are refused in the same words, the first one stands for both. */
export const corpus = async (): Promise<Map<string, Buffer>> => {
  const made = new Map<string, Buffer>();
  for (const [n, zip] of refusedPackages().entries()) {
    const verdict = await verdictOn(bufferSource(zip));
    if (verdict === undefined) throw new Error(`package ${n} of the corpus is intact; allowed are refused ones`);
    const name = corpusName(verdict);
    if (!made.has(name)) made.set(name, zip);
  }
  return made;
};

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const times = { createdAt: 1, updatedAt: 1 };
const rows = {
  accounts: [{ accountId: id(1), accountName: 'Giro', accountType: 'checking', ...times }],
  categories: [{ categoryId: id(2), name: 'Food', type: 'EXPENSE', ...times }],
  file_maps: [] as object[],
  transaction_files: [
    { fileId: id(3), fileName: 'may.csv', uploadDate: 1, fileSize: 3, s3Key: 'u/f/may.csv', ...times },
  ],
  transactions: [
    { transactionId: id(4), accountId: id(1), fileId: id(3), date: 1, description: 'Rent', amount: '-1.00', ...times },
  ],
};
type Kind = keyof typeof rows;

type Made = {
  /** Text of data files instead of their rows'. */
  data?: Partial<Record<Kind, string | undefined>>;
  manifest?: (manifest: Record<string, unknown>) => void;
  manifestText?: (text: string) => string;
  /** Changes the accounts' entry. */
  entry?: Partial<RawEntry>;
  more?: RawEntry[];
  end?: RawEnd;
  without?: string[];
};

const dataText = (kind: Kind, of: object[]): string =>
  of.length === 0 ? `{"${kind}":[\n]}\n` : `{"${kind}":[\n${of.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`;

const make = ({
  data = {},
  manifest = () => {},
  manifestText = (text) => text,
  entry = {},
  more = [],
  end = {},
  without = [],
}: Made): Buffer => {
  const entries: RawEntry[] = (Object.keys(rows) as Kind[]).map((kind) => ({
    name: `data/${kind}.json`,
    bytes: Buffer.from(data[kind] ?? dataText(kind, rows[kind])),
  }));
  entries.push({ name: `files/${id(3)}/may.csv`, bytes: Buffer.from('a,b') });
  const checksums = Object.fromEntries(entries.map(({ name, bytes }) => [String(name), sha256(bytes)]));
  const counts = Object.fromEntries((Object.keys(rows) as Kind[]).map((kind) => [kind, rows[kind].length]));
  const stated = manifestOf({ counts, checksums, files: 1, fileBytes: 3, dataBytes: 0 }) as unknown as Record<
    string,
    unknown
  >;
  manifest(stated);
  const last = { name: 'manifest.json', bytes: Buffer.from(manifestText(JSON.stringify(stated))) };
  const [accounts, ...others] = entries as [RawEntry, ...RawEntry[]];
  const all = [{ ...accounts, ...entry }, ...others, ...more, last].filter(
    ({ name }) => !without.includes(String(name)),
  );
  return rawZip(all, end);
};

const [none, x] = [Buffer.alloc(0), Buffer.from('x')];
const little = (value: number, width: 2 | 4): Buffer => {
  const field = Buffer.alloc(width);
  field.writeUIntLE(value, 0, width);
  return field;
};
const extra = (fieldId: number, bytes: Buffer): Buffer =>
  Buffer.concat([little(fieldId, 2), little(bytes.length, 2), bytes]);
const named = (name: string | Buffer, more: Partial<RawEntry> = {}): Buffer =>
  make({ more: [{ name, bytes: none, ...more }] });
const row = (kind: Kind, change: object): Buffer =>
  make({
    data: {
      [kind]: dataText(
        kind,
        rows[kind].map((one) => ({ ...one, ...change })),
      ),
    },
  });
const line = (text: string): Buffer =>
  make({ data: { accounts: `{"accounts":[\n${JSON.stringify(rows.accounts[0]).slice(0, -1)},${text}}\n]}\n` } });
const stated = (change: Record<string, unknown>): Buffer =>
  make({ manifest: (manifest) => Object.assign(manifest, change) });
const intact = make({});

/** Every package of the corpus. None is intact. */
const refusedPackages = (): Buffer[] => [
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
  make({ without: [`files/${id(3)}/may.csv`] }),
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
  line('"a":1,'),
  line('"a":NaN'),
  line('"a":1e126'),
  line(`"a":${'1'.repeat(39)}`),
  line('"a":"\\ud800"'),
  line(`"a":${'['.repeat(41)}${']'.repeat(41)}`),
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
  row('transactions', { description: 'd'.repeat(1001) }),
  make({ data: { accounts: dataText('accounts', [...rows.accounts, ...rows.accounts]) } }),
];
