/** Statements as banks spell them: CSV (RFC 4180), OFX 2.1.1 (XML) and QIF, all UTF-8. */
import type { StatementFormat } from './facts/accounts.ts';
import { type Column, fileMapFacts } from './facts/file-maps.ts';
import { minorText } from './money.ts';
import type { Plan } from './plan.ts';
import { type BalancedStatement, type Entry, entries } from './statements.ts';
import { checkNumber, fitId } from './transactions.ts';

export const contentTypes: Readonly<Record<StatementFormat, string>> = {
  csv: 'text/csv',
  ofx: 'application/x-ofx',
  qif: 'application/x-qif',
};

/** The text of a statement's file, piece by piece. */
export const statementText = (plan: Plan, statement: BalancedStatement): Generator<string> =>
  spellings[statement.facts.format](plan, statement);

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const csv = function* (plan: Plan, statement: BalancedStatement): Generator<string> {
  const columns = fileMapFacts.find(({ account }) => account === statement.account)?.columns ?? [];
  yield csvLine(columns.map(({ header }) => header));
  for (const entry of entries(plan, statement)) yield csvLine(columns.map((column) => csvCell(column, entry)));
};

const csvCell = ({ field }: Column, entry: Entry): string => {
  if (field === 'date') return isoDay(entry.date);
  if (field === 'memo') return entry.payee.memo ?? '';
  return entry[field] ?? '';
};

const csvLine = (cells: string[]): string => `${cells.map(csvQuoted).join(',')}\r\n`;

const csvQuoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const ofx = function* (plan: Plan, statement: BalancedStatement): Generator<string> {
  const { facts, from, to, closing } = statement;
  const kind = facts.type === 'savings' ? 'SAVINGS' : 'CHECKING';
  yield `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX>
<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><DTSERVER>${ofxTime(to)}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>${statement.index}</TRNUID><STMTRS>
<CURDEF>${facts.currency === 'other' ? 'XXX' : (facts.currency ?? 'XXX')}</CURDEF>
<BANKACCTFROM><BANKID>${xml(facts.institution ?? 'none')}</BANKID><ACCTID>${statement.account}</ACCTID><ACCTTYPE>${kind}</ACCTTYPE></BANKACCTFROM>
<BANKTRANLIST><DTSTART>${ofxTime(from)}</DTSTART><DTEND>${ofxTime(to)}</DTEND>
`;
  for (const entry of entries(plan, statement)) yield ofxEntry(entry);
  yield `</BANKTRANLIST>
<LEDGERBAL><BALAMT>${minorText(closing, facts.decimals)}</BALAMT><DTASOF>${ofxTime(to)}</DTASOF></LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1>
</OFX>
`;
};

const ofxEntry = (entry: Entry): string => {
  const { payee, amount, date, description, index } = entry;
  const check = payee.check ? `<CHECKNUM>${checkNumber(index)}</CHECKNUM>` : '';
  const memo = payee.memo === undefined ? '' : `<MEMO>${xml(payee.memo)}</MEMO>`;
  const kind = amount.startsWith('-') ? 'DEBIT' : 'CREDIT';
  return `<STMTTRN><TRNTYPE>${kind}</TRNTYPE><DTPOSTED>${ofxTime(date)}</DTPOSTED><TRNAMT>${amount}</TRNAMT><FITID>${fitId(entry)}</FITID>${check}<NAME>${xml(description)}</NAME>${memo}</STMTTRN>\n`;
};

/** YYYYMMDDHHMMSS in UTC. */
const ofxTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/\D/g, '')}[0:GMT]`;

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const qif = function* (plan: Plan, statement: BalancedStatement): Generator<string> {
  const { type } = statement.facts;
  yield `!Type:${type === 'loan' ? 'Oth L' : type === 'other' ? 'Cash' : 'Bank'}\n`;
  for (const entry of entries(plan, statement)) yield qifEntry(entry);
};

const qifEntry = ({ date, amount, description, payee, index }: Entry): string => {
  const [year, month, dayOfMonth] = isoDay(date).split('-');
  const check = payee.check ? `N${checkNumber(index)}\n` : '';
  const memo = payee.memo === undefined ? '' : `M${payee.memo}\n`;
  return `D${month}/${dayOfMonth}/${year}\nT${amount}\n${check}P${description}\n${memo}^\n`;
};

const spellings: Readonly<Record<StatementFormat, (plan: Plan, statement: BalancedStatement) => Generator<string>>> = {
  csv,
  ofx,
  qif,
};
