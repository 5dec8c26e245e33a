/** Transaction files: their rows, and their bytes. */
import { exact, normalDecimal, type Row } from '@fzip/format';
import { minorText } from './money.ts';
import type { Plan } from './plan.ts';
import { contentTypes, statementText } from './statement-text.ts';
import { type BalancedStatement, balancedStatements, entryDate } from './statements.ts';
import { isDuplicate, uploadDate } from './transactions.ts';

/** A file as the file storage bucket holds it. `bytes` makes the whole of it anew on every call. */
export type SampleFile = { fileId: string; s3Key: string; contentType: string; bytes(): Buffer };

const minute = 60_000;

/** Every file's row; sizes and counts are those of its bytes. */
export const transactionFileRows = function* (plan: Plan): Generator<Row> {
  for (const statement of balancedStatements(plan)) yield fileRow(plan, statement);
};

/** Every file, in the order of the rows. */
export const sampleFiles = function* (plan: Plan): Generator<SampleFile> {
  for (const statement of balancedStatements(plan)) {
    yield {
      fileId: statement.fileId,
      s3Key: s3Key(plan, statement),
      contentType: contentTypes[statement.facts.format],
      bytes: () => Buffer.from([...statementText(plan, statement)].join('')),
    };
  }
};

const fileName = ({ facts, from, to }: BalancedStatement): string => {
  const [first, last] = [from, to].map((ms) => new Date(ms).toISOString().slice(0, 10));
  return `${facts.fileStem} ${first} ${last}.${facts.format}`;
};

const s3Key = (plan: Plan, statement: BalancedStatement): string =>
  `${plan.userId}/${statement.fileId}/${fileName(statement)}`;

const fileSize = (plan: Plan, statement: BalancedStatement): number => {
  let size = 0;
  for (const piece of statementText(plan, statement)) size += Buffer.byteLength(piece);
  return size;
};

const fileRow = (plan: Plan, statement: BalancedStatement): Row => {
  const { fileId, account, facts, count } = statement;
  const uploadedAt = uploadDate(plan, statement);
  const fileMapId = facts.format === 'csv' ? plan.ids.fileMapOfAccount.get(account) : undefined;
  return {
    fileId,
    userId: plan.userId,
    fileName: fileName(statement),
    uploadDate: uploadedAt,
    fileSize: fileSize(plan, statement),
    s3Key: s3Key(plan, statement),
    processingStatus: count > 0 ? 'processed' : 'error',
    processedDate: uploadedAt + minute,
    fileFormat: facts.format,
    accountId: plan.ids.accounts[account] as string,
    ...(fileMapId !== undefined && { fileMapId }),
    recordCount: count,
    transactionCount: count,
    duplicateCount: duplicates(plan, statement),
    ...(count > 0 ? { dateRange: dateRange(plan, statement) } : { errorMessage: 'No transactions found in the file' }),
    ...balances(statement),
    createdAt: uploadedAt,
    updatedAt: uploadedAt + minute,
  };
};

const dateRange = (plan: Plan, statement: BalancedStatement): Row => ({
  startDate: entryDate(plan, statement, 0),
  endDate: entryDate(plan, statement, statement.count - 1),
});

const balances = ({ facts, opening, closing }: BalancedStatement): Row => {
  const { currency, decimals } = facts;
  if (currency === undefined) return {};
  const closingBalance = exact(normalDecimal(minorText(closing, decimals)));
  return { currency, openingBalance: minorText(opening, decimals), closingBalance };
};

const duplicates = (plan: Plan, { first, count }: BalancedStatement): number => {
  let found = 0;
  for (let index = first; index < first + count; index++) if (isDuplicate(plan, index)) found++;
  return found;
};
