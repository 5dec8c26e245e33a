/** Accepted: what the text of a data file and its rows may be. FORMAT.md, sections 3 and 4; HOUSEF3.md, R6 to R8. */
import { exact, type Row } from '../src/index.ts';
import type { Accepted } from './corpus-accepted.ts';
import { dataText, id, type Kind, line, make, row, rows, times } from './corpus-parts.ts';
import { squeezedEntry } from './squeezed.ts';

const [account] = rows.accounts as [object];
const [transaction] = rows.transactions as [object];
const [file] = rows.transaction_files as [object];
const plain = JSON.stringify(account);

/** A data file of accounts in another spelling. */
const spelled = (edge: string, accounts: string, holds: Row = { accountId: id(1) }): Accepted => ({
  edge,
  zip: make({ data: { accounts }, entry: { deflate: accounts.length > 9_999 } }),
  holds: { accounts: holds },
});

/** One row with other attributes, which it holds afterwards unless told otherwise. */
const changed = (edge: string, kind: Kind, change: object, holds: object = change): Accepted => ({
  edge,
  zip: row(kind, change),
  holds: { [kind]: holds as Row },
});

/** The account with something more, as JSON. */
const more = (edge: string, text: string, holds: Row = {}): Accepted => ({
  edge,
  zip: line(text),
  holds: { accounts: holds },
});

const padded = (bytes: number): string => `${plain.slice(0, -1)}${' '.repeat(bytes - plain.length)}}`;
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const texts = (): Accepted[] => [
  spelled('a byte-order mark', `\ufeff${dataText('accounts', rows.accounts)}`),
  spelled('CRLF', dataText('accounts', rows.accounts).replaceAll('\n', '\r\n')),
  spelled('no line ends', dataText('accounts', rows.accounts).replaceAll('\n', '')),
  spelled('pretty-printed', JSON.stringify({ accounts: rows.accounts }, null, 2)),
  spelled(
    'pretty-printed with tabs and CRLF',
    JSON.stringify({ accounts: [account] }, null, '\t').replaceAll('\n', '\r\n'),
  ),
  spelled('a bare array', JSON.stringify(rows.accounts)),
  spelled('a bare array, pretty-printed behind a byte-order mark', `\ufeff${JSON.stringify(rows.accounts, null, 4)}`),
  spelled('white space around everything', ` \r\n\t{ "accounts"\n:\t[ ${plain} ] } \n\n`),
  spelled('the key of a data file in escapes', `{"\\u0061ccounts":[${plain}]}`),
  spelled('a row of 4 MiB on one line', `{"accounts":[\n${padded(4 * 2 ** 20)}\n]}\n`),
  spelled('two megabytes of white space between rows', `{"accounts":[${' '.repeat(2 ** 21)}${plain}]}`),
  {
    edge: 'an empty profile',
    zip: make({ rows: Object.fromEntries(Object.keys(rows).map((kind) => [kind, []])), files: [] }),
    counts: { accounts: 0, categories: 0, transaction_files: 0, transactions: 0 },
  },
  {
    edge: 'empty arrays without a line',
    zip: make({ rows: { transactions: [] }, data: { file_maps: '[]', transactions: '{"transactions":[]}' } }),
    counts: { transactions: 0 },
  },
  {
    edge: 'rows in no order',
    zip: make({ rows: { accounts: [9, 5, 1, 7].map((n) => ({ ...account, accountId: id(n) })) } }),
    counts: { accounts: 4 },
  },
];

const values = (): Accepted[] => [
  more('a key twice in a row, of which the last counts', '"accountName":"first","accountName":"last"', {
    accountName: 'last',
  }),
  more('a key twice in a row, once in escapes', '"notes":"first","\\u006eotes":"last"', { notes: 'last' }),
  more('forty levels', `"deep":${nested(39)}`),
  more('escapes for everything', '"notes":"\\u0041\\n\\t\\/\\\\\\"\\ud83d\\ude00\\u0000"', { notes: 'A\n\t/\\"😀\0' }),
  more('attributes nobody knows', '"own":{"deeper":[1,null,true,"x"]},"":0,"ä":"ö"', {
    own: { deeper: [1, null, true, 'x'] },
    '': 0,
  }),
  more('attributes that every object inherits', '"constructor":1,"toString":null,"__proto__":{"x":1}', {
    constructor: 1,
  }),
  more('a number of 38 digits', `"own":${'9'.repeat(38)}`, { own: exact('9'.repeat(38)) }),
  more('a number of 38 digits behind the point', `"own":0.${'9'.repeat(38)}`, { own: exact(`0.${'9'.repeat(38)}`) }),
  more('the largest and the smallest number', '"large":9.9e125,"small":-1E-130', {
    large: exact('9.9e125'),
    small: exact('-1E-130'),
  }),
  more('numbers that a float would change', '"a":-0,"b":1.0,"c":1e3,"d":9007199254740993', {
    a: exact('-0'),
    b: exact('1.0'),
    c: exact('1e3'),
    d: exact('9007199254740993'),
  }),
  more('U+2028 and U+2029 within a line', '"notes":"one\u2028two\u2029three"', { notes: 'one\u2028two\u2029three' }),
  more('U+202E in a text', '"notes":"\u202eevil"', { notes: '\u202eevil' }),
  more('brackets and commas within texts', '"notes":"]},{\\"accounts\\":[\\\\"', { notes: ']},{"accounts":[\\' }),
  changed('a balance without a currency', 'accounts', { balance: '12.50' }),
  changed('a currency of another kind', 'accounts', { currency: 'other' }),
  changed('an empty userId', 'accounts', { userId: '' }),
  changed('the userId of somebody else', 'accounts', { userId: 'somebody else' }),
  changed('an empty s3Key', 'transaction_files', { s3Key: '' }),
  changed('an s3Key that climbs', 'transaction_files', { s3Key: '../../other/x' }),
  changed('a file name that climbs', 'transaction_files', { fileName: '../../etc/passwd' }),
  changed('an empty file name', 'transaction_files', { fileName: '' }),
  changed('null for what may be absent', 'transactions', {
    memo: null,
    balance: null,
    categories: null,
    currency: null,
  }),
  changed('both order attributes', 'transactions', { importOrder: 2, restoreOrder: 1 }),
  changed('restoreOrder', 'transactions', { restoreOrder: 1 }),
  changed('account dates', 'accounts', {
    firstTransactionDate: 0,
    lastTransactionDate: 9,
    importsStartDate: 3,
    importsEndDate: 3,
  }),
  changed('a description of 1000 characters, each of two units', 'transactions', { description: '😀'.repeat(1000) }),
  changed('a category of transfers', 'categories', { type: 'TRANSFER' }),
  changed('money with exponents', 'transactions', { amount: '1E+2', balance: '-1.5e-3' }),
  changed('money as a number', 'transactions', { amount: -12, balance: 0 }, { amount: '-12', balance: '0' }),
  {
    edge: 'money as a number of more digits than a float has',
    zip: make({
      data: { transactions: dataText('transactions', [transaction]).replace('"-1.00"', '12345678901234567890.10') },
    }),
    holds: { transactions: { amount: '12345678901234567890.10' } },
  },
  {
    edge: 'the largest transactionHash',
    zip: make({
      data: {
        transactions: dataText('transactions', [transaction]).replace(
          '{"transactionId',
          '{"transactionHash":18446744073709551615,"transactionId',
        ),
      },
    }),
    holds: { transactions: { transactionHash: exact('18446744073709551615') } },
  },
  changed(
    'a share as confidence',
    'transactions',
    { categories: [{ categoryId: id(2), confidence: 0.9, assignedAt: 1, isManual: true, confirmedAt: 2 }] },
    { categories: [{ categoryId: id(2), confidence: 90, assignedAt: 1, isManual: true, confirmedAt: 2 }] },
  ),
  changed(
    'an amount range',
    'categories',
    {
      rules: [
        { ruleId: 'r', fieldToMatch: 'amount', condition: 'amount_range', value: '', amountMin: '1', amountMax: '2' },
      ],
    },
    {
      rules: [
        { ruleId: 'r', fieldToMatch: 'amount', condition: 'amount_between', value: '', amountMin: '1', amountMax: '2' },
      ],
    },
  ),
  changed(
    'a date range of start and end',
    'transaction_files',
    { dateRange: { start: 1, end: 2 } },
    { dateRange: { startDate: 1, endDate: 2 } },
  ),
  changed('a transaction type of 50 characters', 'transactions', { transactionType: '\u00e4'.repeat(50) }),
  changed('a category name of 1024 bytes', 'categories', { name: 'n'.repeat(1024) }),
];

/** Bytes of the largest item of DynamoDB, names and texts together. */
const largestItem = 400 * 1024;
const ownBytes = (one: object): number =>
  Object.entries(one).reduce(
    (sum, [name, value]) => sum + name.length + (typeof value === 'string' ? value.length : 2),
    0,
  );

const large = async (): Promise<Accepted[]> => {
  const room = largestItem - ownBytes(account) - 'own'.length;
  const escaped = `{"accounts":[\n${plain.slice(0, -1)},"own":"${'\\u0041'.repeat(room)}"}\n]}\n`;
  return [
    {
      edge: 'a row of 400 KB',
      zip: make({ rows: { accounts: [{ ...account, own: 'o'.repeat(room) }] }, entry: { deflate: true } }),
    },
    {
      edge: 'a row of 400 KB in escapes',
      zip: make({
        data: { accounts: escaped },
        entry: await squeezedEntry('data/accounts.json', Buffer.from(escaped), 0),
      }),
      holds: { accounts: { own: 'A'.repeat(room) } },
    },
    {
      edge: 'two files of one name',
      zip: make({
        rows: { transaction_files: [file, { ...file, fileId: id(5) }] },
        files: [id(3), id(5)].map((fileId) => ({ name: `files/${fileId}/may.csv`, bytes: Buffer.from('a,b') })),
      }),
      counts: { transaction_files: 2 },
    },
    {
      edge: 'a tree of categories, the children first',
      zip: make({
        rows: {
          categories: [4, 3, 2, 1].map((n) => ({
            categoryId: id(n),
            name: 'c',
            type: 'INCOME',
            ...times,
            ...(n > 1 ? { parentCategoryId: id(n - 1) } : {}),
          })),
        },
      }),
      counts: { categories: 4 },
    },
  ];
};

export const acceptedRows = async (): Promise<Accepted[]> => [...texts(), ...values(), ...(await large())];
