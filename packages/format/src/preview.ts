/** What a restore of a package would bring, from as little of it as that takes. */
import { type EntityKind, entityKinds } from './entities.ts';
import { countKey } from './manifest.ts';
import { createAccounts } from './preview-accounts.ts';
import { categoryDepth } from './preview-categories.ts';
import { createFiles } from './preview-files.ts';
import type { Dialect, Volume } from './reader.ts';
import type { Row } from './row.ts';

export type Preview = {
  dialect: Dialect;
  /** By the rows, where they were read, else by the manifest; undefined where it does not say. */
  counts: Record<EntityKind, number | undefined>;
  /** The first thousand, in the order of the package. */
  accounts: AccountPreview[];
  /** How many more there are. */
  accountsLeftOut: number;
  /** The balances that the accounts' rows state, summed for each currency. Exact decimals. */
  balances: CurrencyTotal[];
  /** The amounts of the transactions, summed for each currency; undefined where they were not read. */
  totals: CurrencyTotal[] | undefined;
  /** Levels of the category tree: 0 if there is none, 1 if none has a parent. */
  categoryDepth: number;
  /** Of the transactions, in ms since epoch; `from` says whether the transactions or the accounts' rows say so. */
  dates: (DateRange & { from: 'transactions' | 'accounts' }) | undefined;
  /** By kind. `bytes` uncompressed; of files whose bytes are in none of the given volumes, what their rows say. */
  files: FileKind[];
  /** Their bytes are in none of the given volumes. */
  filesWithoutBytes: number;
  /** True if every transaction of the given volumes was read. */
  transactionsRead: boolean;
  /** Which volumes were looked at, of how many. */
  volumes: { given: number[]; count: number };
};

export type DateRange = { first: number; last: number };
/** `currency` is undefined where no row says. */
export type CurrencyTotal = { currency: string | undefined; rows: number; sum: string };
export type AccountPreview = {
  id: string | undefined;
  name: string | undefined;
  type: string | undefined;
  currency: string | undefined;
  /** As the row states it. */
  balance: string | undefined;
  dates: DateRange | undefined;
  /** Where they were read, for each currency; none otherwise. */
  totals: CurrencyTotal[];
};
export type FileKind = { kind: string; count: number; bytes: number };

export type PreviewOptions = {
  /** Reads the transactions however many there are. */
  all?: boolean;
};

/** Transactions are read if they are at most this share of the package, or so few bytes that it does not matter. */
const cheap = { share: 0.03, bytes: 1024 * 1024 };

/**
 * Looks at the volumes of one package, or at some of them. Reads accounts, categories, file maps and transaction files;
 * transactions only if they are a few percent of the package, or all are wanted. Files are never read, and so not verified.
 * @throws PackageRefused if what it reads is damaged; whatever the sources fail with
 */
export const previewPackage = async (
  volumes: readonly Volume[],
  { all = false }: PreviewOptions = {},
): Promise<Preview> => {
  const [first] = volumes;
  if (!first) throw new TypeError('no volume; needed is one at least');
  const preview = createPreview(volumes);
  const counts = statedCounts(first);
  const transactionsRead = all || isCheap(volumes);
  const stated = counts.transactions;
  for (const kind of previewed) {
    if (kind === 'transactions' && !transactionsRead) continue;
    if (volumes.some(({ data }) => data.has(kind))) counts[kind] = await readKind(volumes, kind, preview.row);
  }
  if (volumes.length < first.manifest.volume.count) counts.transactions = stated;
  return preview.result(counts, transactionsRead);
};

/** In this order: transactions are summed by what is known of their accounts. */
const previewed: readonly EntityKind[] = ['accounts', 'categories', 'file_maps', 'transaction_files', 'transactions'];

/** Makes a preview of rows that somebody reads anyway, kind by kind in the order of the kinds. */
export const createPreview = (volumes: readonly Volume[]): PreviewOf => {
  const [first] = volumes;
  if (!first) throw new TypeError('no volume; needed is one at least');
  const [accounts, depth, files] = [createAccounts(), categoryDepth(), createFiles(volumes)];
  const looks: Partial<Record<EntityKind, (row: Row) => void>> = {
    accounts: accounts.account,
    categories: depth.category,
    transaction_files: files.file,
    transactions: accounts.transaction,
  };
  return {
    row: (kind, row) => looks[kind]?.(row),
    result: (counts, transactionsRead) => ({
      dialect: first.dialect,
      counts,
      ...accounts.result(transactionsRead),
      categoryDepth: depth.result(),
      ...files.result(),
      transactionsRead,
      volumes: { given: volumes.map(({ manifest }) => manifest.volume.number), count: first.manifest.volume.count },
    }),
  };
};

export type PreviewOf = {
  row(kind: EntityKind, row: Row): void;
  /** @param transactionsRead every transaction was given to `row` */
  result(counts: Preview['counts'], transactionsRead: boolean): Preview;
};

/** Of the set, where the package is one. */
const statedCounts = ({ manifest }: Volume): Preview['counts'] => {
  const summary = manifest.volume.count > 1 ? manifest.volume.set_summary : manifest.data_summary;
  return Object.fromEntries(entityKinds.map((kind) => [kind, summary[countKey(kind)]])) as Preview['counts'];
};

const isCheap = (volumes: readonly Volume[]): boolean => {
  let [transactions, all] = [0, 0];
  for (const { entries, data } of volumes) {
    transactions += data.get('transactions')?.compressedSize ?? 0;
    for (const { compressedSize } of entries) all += compressedSize;
  }
  return transactions <= Math.max(cheap.bytes, cheap.share * all);
};

const readKind = async (volumes: readonly Volume[], kind: EntityKind, look: PreviewOf['row']): Promise<number> => {
  let count = 0;
  for (const volume of volumes) {
    for await (const { row } of volume.rows(kind)) {
      look(kind, row);
      count += 1;
    }
  }
  return count;
};
