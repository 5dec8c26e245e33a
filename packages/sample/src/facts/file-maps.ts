/** How the columns of the sample's CSV files map to fields. */
import type { FileMap } from '@fzip/format';

/** Columns in the order in which the bank writes them, by the field that each stands for. */
export type Column = { header: string; field: 'date' | 'description' | 'amount' | 'balance' | 'memo' };

export type FileMapFacts = {
  name: string;
  /** A place in the list of accounts. */
  account?: number;
  description?: string;
  reverseAmounts?: boolean;
  columns: readonly Column[];
  transformations?: Readonly<Record<string, NonNullable<FileMap['mappings'][number]['transformation']>>>;
};

export const fileMapFacts: readonly FileMapFacts[] = [
  {
    name: 'Meridian checking (CSV)',
    account: 0,
    description: 'Export "All transactions" from online banking',
    reverseAmounts: false,
    columns: [
      { header: 'Date', field: 'date' },
      { header: 'Description', field: 'description' },
      { header: 'Amount', field: 'amount' },
      { header: 'Balance', field: 'balance' },
      { header: 'Memo', field: 'memo' },
    ],
    transformations: { date: '%Y-%m-%d' },
  },
  {
    name: 'Rheinbank Umsätze',
    account: 1,
    columns: [
      { header: 'Buchungstag', field: 'date' },
      { header: 'Verwendungszweck', field: 'description' },
      { header: 'Notiz, intern', field: 'memo' },
      { header: 'Betrag', field: 'amount' },
      { header: 'Saldo', field: 'balance' },
    ],
  },
  {
    name: 'Albion card statement',
    account: 5,
    description: 'Charges come signed: no reversing',
    reverseAmounts: false,
    columns: [
      { header: 'Transaction date', field: 'date' },
      { header: 'Amount (£)', field: 'amount' },
      { header: 'Details', field: 'description' },
    ],
  },
  {
    name: 'Student loan statements',
    account: 9,
    columns: [
      { header: 'date', field: 'date' },
      { header: 'narrative', field: 'description' },
      { header: 'amount', field: 'amount' },
      { header: 'balance', field: 'balance' },
    ],
  },
  {
    name: 'Wallet export 🪙',
    account: 10,
    columns: [
      { header: 'timestamp', field: 'date' },
      { header: 'label', field: 'description' },
      { header: 'amount_btc', field: 'amount' },
      { header: 'balance_btc', field: 'balance' },
      { header: 'note', field: 'memo' },
    ],
  },
  {
    name: 'Old ledger',
    account: 12,
    columns: [
      { header: 'Day', field: 'date' },
      { header: 'What', field: 'description' },
      { header: 'How much', field: 'amount' },
    ],
  },
  {
    name: 'Generic card (charges positive)',
    description: 'For banks that print purchases without a minus',
    reverseAmounts: true,
    columns: [
      { header: 'Posted', field: 'date' },
      { header: 'Merchant', field: 'description' },
      { header: 'Charge', field: 'amount' },
    ],
    transformations: { date: '%d/%m/%Y', description: 'trim' },
  },
];
