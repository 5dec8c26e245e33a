/** Arbitrary rows and profiles: whatever HouseF3's tables could hold, and attributes beside it that no schema knows. */
import fc from 'fast-check';
import {
  analyticTypes,
  currencies,
  type EntityKind,
  type ExactNumber,
  entityKinds,
  exact,
  idOf,
  kindRules,
  type Row,
  type Value,
} from '../src/index.ts';

const awkward = [
  '',
  '\u2028',
  '\u2029',
  '\u0000',
  '\n',
  '\r\n',
  '"',
  '\\',
  '\\ud800',
  '𝒜é',
  'e\u0301',
  ']}',
  '{"accounts":[',
  '\u202e',
  '\ufeff',
];

/** Any text, often one that a careless reader trips over. */
export const text = (maxLength = 40): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'grapheme', maxLength: Math.floor(maxLength / 4) }),
    fc.string({ unit: 'binary', maxLength: Math.floor(maxLength / 2) }),
    fc.constantFrom(...awkward),
  );

/** Text that can be a key of an index, which no empty text can. */
const keyText = text().filter((found) => found !== '');

export const id: fc.Arbitrary<string> = fc.uuid();
export const ms: fc.Arbitrary<number> = fc.integer({ min: 0, max: 4_102_444_800_000 });

/** Decimal texts of up to 38 digits, exponents of either sign among them. */
export const money: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: -10_000_000, max: 10_000_000 }).map((cents) => (cents / 100).toFixed(2)),
  fc.constantFrom('0', '-0', '0.00', '1E+2', '1e-130', '9.9E+125', `-${'9'.repeat(38)}`, `0.${'0'.repeat(30)}12345678`),
);

/** Numbers that DynamoDB holds, by no means all of which JavaScript can hold. */
export const number: fc.Arbitrary<number | ExactNumber> = fc.oneof(
  fc.maxSafeInteger().map((value) => value + 0),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => exact(String(value))),
  fc.constantFrom('-0', '1.0', '1.50', '1e3', '-1.5E-10', '18446744073709551615', '1e125').map(exact),
);

export const hash: fc.Arbitrary<number | ExactNumber> = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((value) => exact(String(value)));

const fromEntries = (entries: [string, Value | undefined][]): Row =>
  Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));

const key = fc.oneof(text(12), fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', '9', 'ä'));

export const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text(),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map(fromEntries),
  ),
})).value;

type Fields = Record<string, fc.Arbitrary<Value>>;

/** Rows of required and optional attributes; optional ones are there, null or absent. */
const row = (required: Fields, optional: Fields = {}): fc.Arbitrary<Row> =>
  fc
    .tuple(
      fc.record(required),
      fc.record(
        Object.fromEntries(
          Object.entries(optional).map(([name, type]) => [
            name,
            fc.option(fc.option(type, { nil: null }), { nil: undefined }),
          ]),
        ),
      ),
    )
    .map(([must, may]) => fromEntries([...Object.entries(must), ...Object.entries(may)]));

const percent = fc.integer({ min: 0, max: 100 });
const from = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const times = { createdAt: ms, updatedAt: ms };

const rule = row(
  { ruleId: text(), fieldToMatch: text(), condition: from(['contains', 'regex', 'amount_between']), value: text() },
  {
    priority: percent,
    enabled: fc.boolean(),
    amountMin: fc.constantFrom('0', '-0.00', '12.50'),
    amountMax: fc.constant('1E+5'),
  },
);

export type Ids = Record<'accounts' | 'categories' | 'file_maps' | 'transaction_files', string[]>;

const oneOf = (ids: string[]): fc.Arbitrary<Value> => (ids.length === 0 ? fc.constant(null) : fc.constantFrom(...ids));

/** What a row of each kind holds, but for its id; references go to `ids`. */
const fields = (kind: EntityKind, ids: Ids): [Fields, Fields] => {
  const userId = text(20);
  switch (kind) {
    case 'accounts':
      return [
        { accountName: text(), accountType: from(['checking', 'savings', 'credit_card', 'other']), ...times },
        {
          userId,
          balance: money,
          currency: from(currencies),
          notes: text(),
          isActive: fc.boolean(),
          defaultFileMapId: oneOf(ids.file_maps),
          firstTransactionDate: ms,
        },
      ];
    case 'categories':
      return [
        { name: keyText, type: from(['INCOME', 'EXPENSE', 'TRANSFER']), ...times },
        {
          userId,
          parentCategoryId: oneOf(ids.categories),
          icon: text(),
          rules: fc.array(rule, { maxLength: 2 }),
          inheritParentRules: fc.boolean(),
        },
      ];
    case 'file_maps':
      return [
        {
          name: fc.string({ minLength: 1 }),
          mappings: fc.array(
            row(
              { sourceField: fc.string({ minLength: 1 }), targetField: from(['date', 'amount']) },
              { transformation: text() },
            ),
            { minLength: 1, maxLength: 3 },
          ),
          ...times,
        },
        { userId, accountId: oneOf(ids.accounts), description: text(), reverseAmounts: fc.boolean() },
      ];
    case 'transaction_files':
      return [
        { fileName: text(300), uploadDate: ms, fileSize: fc.nat(), s3Key: text(), ...times },
        {
          userId,
          accountId: oneOf(ids.accounts),
          fileMapId: oneOf(ids.file_maps),
          dateRange: row({ startDate: ms, endDate: ms }),
          openingBalance: money,
          closingBalance: money,
          processingStatus: from(['processed', 'error']),
        },
      ];
    case 'transactions':
      return [
        {
          accountId: oneOf(ids.accounts),
          fileId: oneOf(ids.transaction_files),
          date: ms,
          description: text(),
          amount: money,
          ...times,
        },
        {
          userId,
          balance: money,
          currency: from(currencies),
          importOrder: fc.nat(),
          transactionHash: hash,
          memo: text(),
          categories: fc.array(assignment(ids), { maxLength: ids.categories.length === 0 ? 0 : 3 }),
          primaryCategoryId: oneOf(ids.categories),
        },
      ];
    case 'analytics':
      return [
        { analyticType: from(analyticTypes), timePeriod: text(10) },
        {
          userId,
          accountId: oneOf(ids.accounts),
          data: fc.array(fc.tuple(key, value), { maxLength: 3 }).map(fromEntries),
          computedDate: text(),
        },
      ];
  }
};

const assignment = (ids: Ids): fc.Arbitrary<Row> =>
  row(
    { categoryId: oneOf(ids.categories), assignedAt: ms },
    { confidence: percent, status: from(['suggested', 'confirmed']), isManual: fc.boolean() },
  );

/** Attributes that belong to tables, or that a schema knows, would not be unknown. */
const unknownAttributes = fc
  .dictionary(fc.constantFrom('x-custom', '__proto__', 'constructor', 'später', 'nested', ''), value, { maxKeys: 3 })
  .map((attributes) => Object.entries(attributes));

/** A row that meets its kind's schema. Its references go to `ids`, which must have some for a transaction. */
export const rowOf = (kind: EntityKind, ids: Ids, rowId: string): fc.Arbitrary<Row> => {
  const [required, optional] = fields(kind, ids);
  const attribute = kindRules[kind].id;
  return fc
    .tuple(row(required, optional), unknownAttributes)
    .map(([known, unknown]) =>
      fromEntries([
        ...unknown,
        ...Object.entries(known),
        ...(attribute ? [[attribute, rowId] as [string, Value]] : []),
      ]),
    );
};

/** One thing for each kind. */
export const eachKind = <T>(make: (kind: EntityKind) => T): Record<EntityKind, T> =>
  Object.fromEntries(entityKinds.map((kind) => [kind, make(kind)])) as Record<EntityKind, T>;

export type Profile = {
  rows: Record<EntityKind, Row[]>;
  /** Bytes of some of the transaction files. */
  files: { fileId: string; fileName: string; bytes: Buffer }[];
};

const someIds = (minLength: number): fc.Arbitrary<string[]> => fc.uniqueArray(id, { minLength, maxLength: 4 });

/** A whole and consistent profile, often an empty one. */
export const profile: fc.Arbitrary<Profile> = fc
  .tuple(someIds(0), someIds(0), someIds(0), someIds(0), fc.uniqueArray(id, { maxLength: 8 }), fc.nat(3))
  .chain(([accounts, categories, file_maps, transaction_files, transactions, analytics]) => {
    const ids: Ids = { accounts, categories, file_maps, transaction_files };
    const own: Record<EntityKind, string[]> = {
      ...ids,
      transactions: accounts.length > 0 && transaction_files.length > 0 ? transactions : [],
      analytics: Array.from({ length: analytics }, () => ''),
    };
    return fc.record({
      rows: fc.record(
        eachKind((kind) =>
          fc
            .tuple(...own[kind].map((rowId, index) => rowOf(kind, before(kind, ids, index), rowId)))
            .map((rows) => uniqueRows(kind, rows)),
        ),
      ),
      contents: fc.tuple(...transaction_files.map(() => fc.option(fc.uint8Array({ maxLength: 200 })))),
    });
  })
  .map(({ rows, contents }) => ({
    rows,
    files: rows.transaction_files.flatMap((file, index) => {
      const content = contents[index];
      return content
        ? [{ fileId: String(file.fileId), fileName: String(file.fileName), bytes: Buffer.from(content) }]
        : [];
    }),
  }));

/** A category has a parent that comes before it, so that none is its own ancestor. */
const before = (kind: EntityKind, ids: Ids, index: number): Ids =>
  kind === 'categories' ? { ...ids, categories: ids.categories.slice(0, index) } : ids;

const uniqueRows = (kind: EntityKind, rows: Row[]): Row[] => [
  ...new Map(rows.map((one) => [idOf(kind, one), one])).values(),
];
