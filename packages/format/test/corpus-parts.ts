/** What the packages of the corpus are made of: one small profile, sealed with whatever is to be different. */
import { constants, gzipSync } from 'node:zlib';
import { manifestOf, type RawEnd, type RawEntry, rawZip, sha256 } from './packing.ts';

export const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const times = { createdAt: 1, updatedAt: 1 };
export const rows = {
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
export type Kind = keyof typeof rows;
export const kinds = Object.keys(rows) as Kind[];
export const fileName = `files/${id(3)}/may.csv`;

type Json = Record<string, unknown>;

type Made = {
  /** Rows instead of those above; they are counted. */
  rows?: Partial<Record<Kind, object[]>>;
  /** Text of data files instead of their rows'; the counts stay. */
  data?: Partial<Record<Kind, string>>;
  /** Entries of files instead of the one above. */
  files?: RawEntry[];
  manifest?: (manifest: Json) => void;
  manifestText?: (text: string) => string;
  /** Changes the accounts' entry. */
  entry?: Partial<RawEntry>;
  more?: RawEntry[];
  without?: string[];
  /** Changes entries as they are about to be sealed, the manifest among them. */
  seal?: (entry: RawEntry) => RawEntry;
  arrange?: (entries: RawEntry[]) => RawEntry[];
  end?: RawEnd;
};

export const dataText = (kind: Kind, of: readonly object[]): string =>
  of.length === 0 ? `{"${kind}":[\n]}\n` : `{"${kind}":[\n${of.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`;

export const make = ({
  rows: otherRows = {},
  data = {},
  files = [{ name: fileName, bytes: Buffer.from('a,b') }],
  manifest = () => {},
  manifestText = (text) => text,
  entry = {},
  more = [],
  without = [],
  seal = (one) => one,
  arrange = (entries) => entries,
  end = {},
}: Made): Buffer => {
  const held: Record<Kind, readonly object[]> = { ...rows, ...otherRows };
  const entries: RawEntry[] = kinds.map((kind) => ({
    name: `data/${kind}.json`,
    bytes: Buffer.from(data[kind] ?? dataText(kind, held[kind])),
  }));
  entries.push(...files);
  const checksums = Object.fromEntries(entries.map(({ name, bytes }) => [String(name), sha256(bytes)]));
  const counts = Object.fromEntries(kinds.map((kind) => [kind, held[kind].length]));
  const stated = manifestOf({ counts, checksums, files: 1, fileBytes: 3, dataBytes: 0 }) as unknown as Json;
  manifest(stated);
  const last = { name: 'manifest.json', bytes: Buffer.from(manifestText(JSON.stringify(stated))) };
  const [accounts, ...others] = entries as [RawEntry, ...RawEntry[]];
  const all = [{ ...accounts, ...entry }, ...others, ...more, last].filter(
    ({ name }) => !without.includes(String(name)),
  );
  return rawZip(arrange(all.map(seal)), end);
};

const little = (value: number, width: 2 | 4): Buffer => {
  const field = Buffer.alloc(width);
  field.writeUIntLE(value, 0, width);
  return field;
};

/** An extra field. */
export const extra = (fieldId: number, bytes: Buffer): Buffer =>
  Buffer.concat([little(fieldId, 2), little(bytes.length, 2), bytes]);

/** Numbers of so many bytes each, one after the other. */
export const numbers = (...fields: [width: 4 | 8, value: number][]): Buffer =>
  Buffer.concat(
    fields.map(([width, value]) => {
      const field = Buffer.alloc(width);
      field.writeUInt32LE(value, 0);
      return field;
    }),
  );

/** A package whose manifest says something else. */
export const stated = (change: Json): Buffer => make({ manifest: (manifest) => Object.assign(manifest, change) });

/** A package whose rows of a kind have some other attributes. */
export const row = (kind: Kind, change: object): Buffer =>
  make({ rows: { [kind]: rows[kind].map((one) => ({ ...one, ...change })) } });

/** A package whose account has something more, as JSON. */
export const line = (text: string): Buffer =>
  make({ data: { accounts: `{"accounts":[\n${JSON.stringify(rows.accounts[0]).slice(0, -1)},${text}}\n]}\n` } });

/** Alike on every system: without the name of the one that made it, which Node writes there, and for every build of zlib. */
export const gzipped = (text: string): Buffer => {
  const bytes = gzipSync(text, { strategy: constants.Z_RLE });
  bytes[9] = 255;
  return bytes;
};
