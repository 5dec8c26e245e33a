/** What HouseF3 knows of each kind: its attributes, what its restore needs of a row, and what it never brings back. HOUSEF3.md, section 2. */
import {
  Account,
  Analytics,
  Category,
  CategoryAssignment,
  CategoryRule,
  type EntityKind,
  type FieldPath,
  FileMap,
  Transaction,
  TransactionFile,
} from '../entities.ts';

const namesOf = (schema: { shape: object }): readonly string[] => Object.keys(schema.shape);

type Part = {
  /** Where the object stands; the row itself is ''. */
  at: FieldPath;
  names: ReadonlySet<string>;
  /** HouseF3's restore silently drops the row if one of them is missing, or is none of these. */
  needs: readonly string[];
  needsIntegers: readonly string[];
  /** Whole numbers, however they are spelled. */
  integers: readonly string[];
  /** Its restore leaves them out. */
  forgets: readonly string[];
};

const part = (at: FieldPath, names: readonly string[], rest: Partial<Omit<Part, 'at' | 'names'>>): Part => ({
  at,
  names: new Set(names),
  needs: [],
  needsIntegers: [],
  integers: [],
  forgets: [],
  ...rest,
});

const times = ['createdAt', 'updatedAt'];

/** The row first, then the objects within it. */
export const knownParts: Readonly<Record<EntityKind, readonly Part[]>> = {
  accounts: [
    part('', namesOf(Account), {
      needs: ['accountId', 'accountName', 'accountType'],
      needsIntegers: times,
      integers: ['firstTransactionDate', 'lastTransactionDate', 'importsStartDate', 'importsEndDate'],
      forgets: ['firstTransactionDate', 'importsStartDate', 'importsEndDate'],
    }),
  ],
  categories: [
    part('', namesOf(Category), { needs: ['categoryId', 'name', 'type'], needsIntegers: times }),
    part('rules[]', namesOf(CategoryRule), {
      needs: ['ruleId', 'fieldToMatch', 'condition', 'value'],
      integers: ['confidence', 'priority'],
    }),
  ],
  file_maps: [
    part('', namesOf(FileMap), { needs: ['fileMapId', 'name', 'mappings'], needsIntegers: times }),
    part('mappings[]', ['sourceField', 'targetField', 'transformation'], {}),
  ],
  transaction_files: [
    part('', namesOf(TransactionFile), {
      needs: ['fileId', 'fileName', 's3Key'],
      needsIntegers: ['uploadDate', ...times],
      integers: ['processedDate', 'fileSize', 'recordCount', 'duplicateCount', 'transactionCount'],
    }),
    part('dateRange', ['startDate', 'endDate', 'start', 'end'], { needsIntegers: ['startDate', 'endDate'] }),
  ],
  transactions: [
    part('', namesOf(Transaction), {
      needs: ['transactionId', 'accountId', 'fileId', 'description', 'amount'],
      needsIntegers: ['date', ...times],
      integers: ['importOrder', 'restoreOrder', 'transactionHash'],
    }),
    part('categories[]', namesOf(CategoryAssignment), {
      needs: ['categoryId'],
      needsIntegers: ['assignedAt'],
      integers: ['confidence', 'confirmedAt'],
      forgets: ['confirmedAt'],
    }),
  ],
  analytics: [part('', namesOf(Analytics), {})],
};
