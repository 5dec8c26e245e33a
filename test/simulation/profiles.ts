/** Small profiles in which everything refers to something, and packages made of them. */
import { hash } from 'node:crypto';
import { type EntityKind, entityKinds, type Row } from '@fzip/format';
import type { MemoryPorts } from '@fzip/testing';

export type Profile = { rows: Record<EntityKind, Row[]>; files: Map<string, Buffer> };

const day = 86_400_000;
const born = Date.UTC(2025, 0, 1);

/** A profile of a user; the same owner, variant and size give the same rows with the same ids. */
export const smallProfile = (userId: string, variant: number, transactions = 7): Profile => {
  const id = (name: string): string => {
    const hex = hash('sha256', `${userId} ${variant} ${name}`);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  const times = { createdAt: born, updatedAt: born + variant };
  const accounts = ['checking', 'savings'].map((accountType, n) => ({
    accountId: id(accountType),
    userId,
    accountName: `${accountType} of ${userId}`,
    accountType,
    defaultFileMapId: id('map'),
    balance: '10.50',
    currency: 'EUR',
    ...times,
    createdAt: born + n,
  }));
  const categories = ['Food', 'Bakery', 'Rent', 'Cafés'].map((name, n) => ({
    categoryId: id(name),
    userId,
    name,
    type: 'EXPENSE',
    ...(n % 2 === 1 && { parentCategoryId: id('Food') }),
    rules: [],
    ...times,
  }));
  const maps = [
    {
      fileMapId: id('map'),
      userId,
      name: 'CSV of the bank',
      accountId: id('checking'),
      mappings: [{ sourceField: 'Date', targetField: 'date' }],
      ...times,
    },
  ];
  const files = new Map<string, Buffer>();
  // Two that are stored at once, and one that is streamed.
  const sizes = [40, 90, 700];
  const fileRows = sizes.map((size, n) => {
    const [fileId, fileName] = [id(`file ${n}`), `statement ${n}.csv`];
    const s3Key = `${userId}/${fileId}/${fileName}`;
    files.set(s3Key, Buffer.from(`${userId} ${variant} ${n};`.repeat(size).slice(0, size)));
    return {
      fileId,
      userId,
      fileName,
      s3Key,
      uploadDate: born + n,
      fileSize: size,
      fileFormat: 'csv',
      accountId: id(n === 0 ? 'checking' : 'savings'),
      fileMapId: id('map'),
      ...times,
    };
  });
  const transactionRows = Array.from({ length: transactions }, (_, n) => ({
    transactionId: id(`transaction ${n}`),
    userId,
    fileId: id(`file ${n % sizes.length}`),
    accountId: id(n % 2 === 0 ? 'checking' : 'savings'),
    // Some share their date, so that an index alone does not order them.
    date: born + Math.floor(n / 2) * day,
    description: `Payment ${n}`,
    amount: `${n}.25`,
    currency: 'EUR',
    primaryCategoryId: id(n % 3 === 0 ? 'Rent' : 'Bakery'),
    ...times,
  }));
  const analytics = ['2025-01', '2025-02', '2025-03', '2025-04'].map((timePeriod) => ({
    pk: `${userId}#cash_flow`,
    sk: `${timePeriod}#ALL`,
    userId,
    analyticType: 'cash_flow',
    timePeriod,
    data: { total: 12 },
    computedDate: '2025-05-01T00:00:00.000+00:00',
  }));
  const rows = {
    accounts,
    categories,
    file_maps: maps,
    transaction_files: fileRows,
    transactions: transactionRows,
    analytics,
  };
  return { rows, files };
};

export const putProfile = async (ports: MemoryPorts, { rows, files }: Profile): Promise<void> => {
  for (const kind of entityKinds) ports.profiles.put(kind, rows[kind]);
  for (const [key, bytes] of files) await ports.files.put(key, bytes);
};

/** What the tables and the storage hold of a user now. */
export const profileNow = (ports: MemoryPorts, user: string): Profile => ({
  rows: Object.fromEntries(
    entityKinds.map((kind) => [kind, ports.profiles.rows(kind).filter(({ userId }) => userId === user)]),
  ) as Profile['rows'],
  files: new Map(
    [...ports.files.objects].filter(([key]) => key.startsWith(`${user}/`)).map(([key, { bytes }]) => [key, bytes]),
  ),
});

export const isEmptyProfile = ({ rows, files }: Profile): boolean =>
  files.size === 0 && entityKinds.every((kind) => rows[kind].length === 0);

export const complete = (expiresInHours: number) =>
  ({ backupType: 'complete', includeAnalytics: true, expiresInHours }) as const;
