/** The accounts of a sample profile: every type and currency, and one with neither balance nor currency. */
import type { Account } from '@fzip/format';
import type { Scene } from './payees.ts';

export type StatementFormat = 'csv' | 'ofx' | 'qif';

/** What is fixed of an account. Without `currency` it has no balance either, and its transactions have no hash. */
export type AccountFacts = {
  name: string;
  type: Account['accountType'];
  institution?: string;
  currency?: NonNullable<Account['currency']>;
  /** Digits behind the point. */
  decimals: number;
  /** Minor units that one unit of the payees' prices comes to: 100 for dollars, 150 for yen. */
  rate: number;
  /** What stood on the account before the first statement, in minor units. */
  opening: number;
  scene: Scene;
  format: StatementFormat;
  /** How its bank names statement files. */
  fileStem: string;
  notes?: string;
  isActive?: boolean;
};

/** A file map names its account by the place in this list. */
export const accountFacts: readonly AccountFacts[] = [
  {
    name: 'Everyday Checking',
    type: 'checking',
    institution: 'Meridian Community Bank',
    currency: 'USD',
    decimals: 2,
    rate: 100,
    opening: 241_873,
    scene: 'america',
    format: 'csv',
    fileStem: 'meridian-checking',
    notes: 'Salary comes in here.\nAll bills are paid from here.',
    isActive: true,
  },
  {
    name: 'Haushaltskonto Köln',
    type: 'checking',
    institution: 'Rheinbank Köln',
    currency: 'EUR',
    decimals: 2,
    rate: 100,
    opening: 312_045,
    scene: 'europe',
    format: 'csv',
    fileStem: 'Umsätze Haushaltskonto',
    notes: 'Gemeinschaftskonto mit Jörg – Miete & Einkäufe',
    isActive: true,
  },
  {
    name: 'Travel Rewards Card',
    type: 'credit_card',
    institution: 'Northwind Card Services',
    currency: 'USD',
    decimals: 2,
    rate: 100,
    opening: -38_412,
    scene: 'card',
    format: 'ofx',
    fileStem: 'northwind-card',
    notes: 'Autopay: full balance on the 12th ✈️',
    isActive: true,
  },
  {
    name: 'Rainy Day Savings',
    type: 'savings',
    institution: 'Meridian Community Bank',
    currency: 'USD',
    decimals: 2,
    rate: 100,
    opening: 1_250_000,
    scene: 'savings',
    format: 'qif',
    fileStem: 'meridian-savings',
    notes: 'Goal: six months of expenses ☔',
    isActive: true,
  },
  {
    name: '東京の積立預金',
    type: 'savings',
    institution: 'さくら第一銀行',
    currency: 'JPY',
    decimals: 0,
    rate: 150,
    opening: 480_000,
    scene: 'savings',
    format: 'qif',
    fileStem: '積立預金',
  },
  {
    name: 'Albion Cashback Card',
    type: 'credit_card',
    institution: 'Albion & Sons Bank plc',
    currency: 'GBP',
    decimals: 2,
    rate: 100,
    opening: -12_960,
    scene: 'britain',
    format: 'csv',
    fileStem: 'Albion statement',
    isActive: true,
  },
  {
    name: 'Brokerage',
    type: 'investment',
    institution: 'Cascade Investments',
    currency: 'USD',
    decimals: 2,
    rate: 100,
    opening: 4_870_155,
    scene: 'investment',
    format: 'ofx',
    fileStem: 'cascade-brokerage',
    notes: 'Index funds only. "Time in the market" …',
    isActive: true,
  },
  {
    name: 'Säule 3a',
    type: 'investment',
    institution: 'Vorsorge Zürich AG',
    currency: 'CHF',
    decimals: 2,
    rate: 100,
    opening: 2_112_900,
    scene: 'investment',
    format: 'ofx',
    fileStem: 'saeule-3a',
  },
  {
    name: 'Mortgage, 14 Maple Street',
    type: 'loan',
    institution: 'Caisse Laurentienne d’Épargne',
    currency: 'CAD',
    decimals: 2,
    rate: 100,
    opening: -28_431_077,
    scene: 'loan',
    format: 'qif',
    fileStem: 'hypothèque',
    notes: 'Fixed 4.19 % until 2029, then renew',
    isActive: true,
  },
  {
    name: 'Student loan',
    type: 'loan',
    institution: 'Southern Cross Education Finance',
    currency: 'AUD',
    decimals: 2,
    rate: 100,
    opening: -1_904_220,
    scene: 'loan',
    format: 'csv',
    fileStem: 'student-loan',
    notes: '',
    isActive: false,
  },
  {
    name: 'Bitcoin wallet ₿',
    type: 'other',
    institution: 'Self-custody',
    currency: 'other',
    decimals: 8,
    rate: 100_000_000,
    opening: 41_250_000,
    scene: 'coin',
    format: 'csv',
    fileStem: 'wallet-export',
    notes: 'Amounts in BTC. Seed phrase is NOT stored here.',
    isActive: true,
  },
  {
    name: '旅行钱包 🧧',
    type: 'other',
    currency: 'CNY',
    decimals: 2,
    rate: 700,
    opening: 60_000,
    scene: 'cash',
    format: 'qif',
    fileStem: '旅行现金',
    isActive: true,
  },
  {
    name: 'Old ledger (before 2020)',
    type: 'other',
    decimals: 2,
    rate: 100,
    opening: 0,
    scene: 'ledger',
    format: 'csv',
    fileStem: 'ledger (final) 2',
    notes: 'Carried over from a spreadsheet; never had a balance.',
    isActive: false,
  },
  {
    name: 'حساب العائلة',
    type: 'checking',
    institution: 'بنك الواحة',
    currency: 'other',
    decimals: 2,
    rate: 367,
    opening: 905_500,
    scene: 'gulf',
    format: 'qif',
    fileStem: 'كشف حساب',
    notes: 'Dirham account (AED) – مصاريف البيت',
    isActive: true,
  },
];
