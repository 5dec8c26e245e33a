/** Whom money goes to and comes from, by the surroundings of an account. */

export type Scene =
  | 'america'
  | 'card'
  | 'britain'
  | 'europe'
  | 'gulf'
  | 'savings'
  | 'investment'
  | 'loan'
  | 'coin'
  | 'cash'
  | 'ledger';

/** `name` as the statement prints it, `#` standing for a number; prices in whole units, below zero for what is paid out. */
export type Payee = {
  name: string;
  least: number;
  most: number;
  category?: string;
  type?: string;
  memo?: string;
  check?: true;
};

/** How often among its scene, then the payee: name, least, most, category, the rest. */
type Line = [
  often: number,
  name: string,
  least: number,
  most: number,
  category?: string | undefined,
  rest?: Partial<Payee>,
];

const transfer = { type: 'transfer' };
const longText =
  'Carried over from the spreadsheet, sheet "2019", with all remarks of that year: see the shoebox in the attic. '
    .repeat(10)
    .slice(0, 1000);

const america: Line[] = [
  [4, 'PAYROLL DEPOSIT HALVORSEN ENGINEERING LLC', 2980, 3210, 'salary', { memo: 'Direct deposit' }],
  [3, 'Rent – 14 Maple Street Apartments', -1450, -1450, 'rent', { check: true, memo: 'Rent, "Unit 4B"' }],
  [9, 'WHOLE FOODS MKT #10# AUSTIN TX', -18, -164, 'groceries'],
  [8, "TRADER JOE'S #5# QPS", -12, -96, 'groceries'],
  [4, 'COSTCO WHSE #0#', -64, -312, 'groceries', { memo: 'Monthly stock-up' }],
  [7, 'BLUE BOTTLE COFFEE #', -4.25, -11.5, 'coffee'],
  [4, 'SHELL OIL 5744# AUSTIN TX', -28, -71, 'fuel'],
  [3, 'City of Austin Utilities', -82, -214, 'utilities', { memo: 'Water, power & waste' }],
  [2, 'NETFLIX.COM', -15.49, -15.49, 'streaming'],
  [2, 'Spotify USA', -10.99, -10.99, 'streaming'],
  [2, 'T-MOBILE AUTO PAY', -55, -55, 'phone'],
  [4, 'Joe\'s "Original" Diner, Inc.', -14, -48, 'restaurants', { memo: 'Lunch, with "the usual"' }],
  [2, 'Zelle to María Peña 🎂', -20, -60, 'gifts', transfer],
  [3, 'Online transfer to Rainy Day Savings', -200, -400, 'savings_transfer', transfer],
  [2, 'Northwind Card AUTOPAY', -280, -920, 'card_payment', transfer],
  [1, 'IRS TREAS 310 TAX REF', 240, 1460, 'refunds', { memo: 'Federal tax refund' }],
  [1, 'ATM WITHDRAWAL 0# CONGRESS AVE', -40, -200, 'cash'],
  [1, 'CVS/PHARMACY #0#', -6, -58, 'pharmacy'],
];

const card: Line[] = [
  [6, 'AMZN Mktp US*#KD', -9, -146, 'shopping'],
  [4, 'UBER *TRIP HELP.UBER.COM', -8, -42, 'transit'],
  [3, 'DELTA AIR 0062# ATLANTA GA', -148, -740, 'flights', { memo: 'Two seats, aisle & window' }],
  [3, 'Hôtel du Vieux-Port, Marseille', -118, -465, 'hotels', { memo: 'Séjour n° 12 <double>' }],
  [4, '🍕 Pizza Nostra', -16, -54, 'restaurants'],
  [3, "Café de l'Étoile", -4, -23, 'coffee'],
  [3, 'スターバックス 渋谷店', -4, -12, 'coffee'],
  [2, 'APPLE.COM/BILL', -2.99, -2.99, 'streaming'],
  [2, 'REI #0# & CO-OP', -24, -286, 'shopping'],
  [1, 'CARD VERIFICATION HOLD', 0, 0],
  [3, 'AUTOPAY PAYMENT – THANK YOU', 640, 1180, 'card_payment', transfer],
  [1, 'AMZN Mktp US refund', 12, 88, 'refunds'],
  [1, 'Steam Purchase\u2028Ref #', -4.99, -59.99, 'games', { memo: 'Two lines\u2028of one title' }],
];

const britain: Line[] = [
  [7, 'TESCO STORES #', -6, -88, 'groceries'],
  [4, 'M&S SIMPLY FOOD #', -5, -41, 'groceries'],
  [6, 'TFL TRAVEL CH', -2.8, -8.5, 'transit', { memo: 'Oyster & contactless' }],
  [4, 'PRET A MANGER, LONDON', -3.5, -12, 'coffee'],
  [3, 'Waterstones – "Gower St"', -8.99, -44, 'books'],
  [2, 'THAMES WATER', -34, -34, 'utilities'],
  [2, 'BOOTS 0#', -4, -38, 'pharmacy'],
  [3, 'PAYMENT RECEIVED, THANK YOU', 120, 240, 'card_payment', transfer],
  [1, 'CASHBACK REWARD', 2, 18, 'refunds'],
];

const europe: Line[] = [
  [3, 'Gehalt – Müller & Söhne GmbH', 2450, 2450, 'salary', { memo: 'Lohn/Gehalt' }],
  [3, 'Miete Aachener Straße 12', -980, -980, 'rent', { memo: 'Miete; Nebenkosten inkl.' }],
  [8, 'REWE Markt # Köln', -9, -92, 'groceries'],
  [5, 'Bäckerei Merzenich', -2.4, -14, 'coffee'],
  [3, 'Deutsche Bahn, Ticket #', -19.9, -139, 'transit'],
  [2, 'RheinEnergie Abschlag', -88, -88, 'utilities'],
  [2, 'Apotheke am Dom', -5, -46, 'pharmacy'],
  [2, 'חומוס אבו חסן', -9, -31, 'restaurants'],
  [2, 'Überweisung an Jörg', -20, -140, 'gifts', transfer],
  [2, 'Żabka Polska, Kraków', -3, -19, 'groceries'],
];

const gulf: Line[] = [
  [4, 'مقهى الفنجان', -3, -14, 'coffee'],
  [5, 'كارفور – فرع #', -20, -140, 'groceries', { memo: 'مشتريات البيت' }],
  [2, 'راتب شهر العمل', 1600, 1600, 'salary'],
  [3, 'DEWA / هيئة الكهرباء', -60, -160, 'utilities'],
  [2, 'تحويل إلى Mum ❤️', -100, -300, 'gifts', transfer],
  [3, 'Careem ride #', -4, -19, 'transit'],
];

const savings: Line[] = [
  [4, 'Interest paid', 3, 41, 'interest'],
  [6, 'Transfer from checking', 100, 400, 'savings_transfer', transfer],
  [3, 'Transfer to checking', -100, -650, 'savings_transfer', transfer],
  [1, 'Round-ups of the week 🪙', 2, 19, 'savings_transfer', transfer],
];

const investment: Line[] = [
  [4, 'BUY VTI VANGUARD TOTAL STOCK MKT', -240, -960, 'investments', { memo: 'Automatic plan', type: 'buy' }],
  [2, 'SELL BND VANGUARD TOTAL BOND', 180, 940, 'investments', { type: 'sell' }],
  [3, 'DIVIDEND VXUS (reinvested)', 6, 118, 'dividends', { type: 'dividend' }],
  [4, 'Contribution', 300, 500, 'savings_transfer', transfer],
  [1, 'Advisory fee < 0.1 %', -2, -16, 'fees', { type: 'fee' }],
];

const loan: Line[] = [
  [6, 'Scheduled payment – thank you', 480, 1240, 'loan_payment', { type: 'payment', memo: 'Principal & interest' }],
  [5, 'Interest charged', -90, -410, 'loan_interest', { type: 'interest' }],
  [1, 'Extra principal payment', 100, 900, 'loan_payment', { type: 'payment', check: true }],
];

const coin: Line[] = [
  [4, 'Received from exchange, batch #', 0.0004, 0.021, 'investments', transfer],
  [3, 'Sent to bc1q…#', -0.0002, -0.019, 'investments', transfer],
  [2, 'Network fee', -0.00000144, -0.00021, 'fees', { type: 'fee' }],
  [1, 'Dust', 0.00000001, 0.00000001, undefined, { memo: 'One satoshi' }],
];

const cash: Line[] = [
  [4, '南翔小笼包', -3, -14, 'restaurants', { memo: '和小李一起' }],
  [4, '地铁充值 🚇', -3, -15, 'transit'],
  [2, '故宫博物院门票', -9, -18, 'entertainment'],
  [2, 'ATM 取款', 60, 180, 'cash', transfer],
];

const ledger: Line[] = [
  [6, 'Opening entry, folio #', -240, 480],
  [4, 'Shop "Zum Löwen", receipt #', -8, -64],
  [3, "Grandma's savings book; page #", 10, 250, 'gifts'],
  [1, longText, -1, -20],
];

const spread = (lines: Line[]): Payee[] =>
  lines.flatMap(([often, name, least, most, category, rest]) =>
    Array<Payee>(often).fill({ name, least, most, ...(category !== undefined && { category }), ...rest }),
  );

/** Each scene's payees, the frequent ones listed more than once. */
export const payees: Readonly<Record<Scene, readonly Payee[]>> = {
  america: spread(america),
  card: spread(card),
  britain: spread(britain),
  europe: spread(europe),
  gulf: spread(gulf),
  savings: spread(savings),
  investment: spread(investment),
  loan: spread(loan),
  coin: spread(coin),
  cash: spread(cash),
  ledger: spread(ledger),
};

/** What only an account without balance can hold: nothing, next to nothing, and as many digits as a table takes. */
export const oddAmounts: readonly string[] = [
  '0',
  '0.00000001',
  '-99999999999.99',
  '12345678901234567890123456789012345678',
  '-0.12345678901234567890123456789012345678',
  '1234567890123456789012345678.0123456789',
  '100',
  '-0.00000000000000000001',
  '99999999999.99',
];

/** Every ninth entry of the old ledger is odd; they come up in turn. */
export const oddEvery = 9;
