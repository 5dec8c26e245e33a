/** One row as the dialect `housef3-2.5` writes it. HOUSEF3.md, section 2, rules W3 to W6. */
import { normalDecimal, plainDecimal } from '../decimal.ts';
import { type EntityKind, type FieldPath, kindRules } from '../entities.ts';
import { mapAt } from '../fields.ts';
import { derivedAttributes } from '../normalize.ts';
import { ExactNumber, exact, formatValue, isMap, type Row, type Value } from '../row.ts';
import { knownParts } from './housef3-known.ts';
import { sayLosses } from './housef3-losses.ts';

/**
 * `left-out`: the package does not hold it. `respelled`: the package says the same in other words. `ignored`: it is in the package, and
 * HouseF3's restore does without it. `dropped`: the whole row is in the package, and HouseF3's restore leaves it out.
 */
export type What = 'left-out' | 'respelled' | 'ignored' | 'dropped';

/** What is other than in the row that was given; of the row as a whole if no field is named. */
export type Difference = { what: What; field?: FieldPath; why: string };
export type Say = (what: What, why: string, field?: FieldPath) => void;

/** `row` is undefined where the package must do without it. */
export type Housef3Row = { row: Row | undefined; differences: readonly Difference[] };

/**
 * A row of a package (money as text) for a package that HouseF3 itself restores. Nothing is invented: what its restore
 * needs and the row lacks is said, and the row goes as it is.
 * @param hasAccount knows the accounts of the package: HouseF3 refuses one whose transactions or file maps lack theirs
 */
export const toHousef3Row = (kind: EntityKind, row: Row, hasAccount: (id: string) => boolean): Housef3Row => {
  const differences: Difference[] = [];
  const say: Say = (what, why, field) => {
    const isSaid = differences.some((one) => one.what === what && one.why === why && one.field === field);
    if (!isSaid) differences.push({ what, why, ...(field === undefined ? {} : { field }) });
  };
  const fit = withItsAccount(kind, row, hasAccount, say);
  if (fit === undefined) return { row: undefined, differences };
  const written = steps[kind].reduce((changed, step) => step(changed, say), fit);
  sayLosses(kind, written, say);
  return { row: written, differences };
};

const withItsAccount = (kind: EntityKind, row: Row, hasAccount: (id: string) => boolean, say: Say): Row | undefined => {
  const { accountId } = row;
  if (kind === 'accounts' && typeof accountId !== 'string') {
    say('left-out', 'it has no accountId, for which HouseF3 would refuse the whole package');
    return undefined;
  }
  if (kind !== 'transactions' && kind !== 'file_maps') return row;
  if (accountId === undefined || accountId === null || (typeof accountId === 'string' && hasAccount(accountId)))
    return row;
  const why = 'its account is not in the package, for which HouseF3 would refuse the whole package';
  if (kind === 'transactions') {
    say('left-out', why);
    return undefined;
  }
  say('left-out', why, 'accountId');
  return without(row, 'accountId');
};

const without = (row: Row, name: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([attribute]) => attribute !== name));

type Step = (row: Row, say: Say) => Row;

/** The path of an attribute of a part. */
export const within = (at: FieldPath, name: string): FieldPath => (at === '' ? name : `${at}.${name}`);

/** Changes the row itself, or each object at a path of it. */
const atPart = (row: Row, at: FieldPath, change: (part: Row) => Row): Row =>
  at === '' ? change(row) : mapAt(row, at, (value) => (isMap(value) ? change(value) : value));

const derived: readonly { kind: EntityKind; at: FieldPath; names: readonly string[] }[] = [
  ...Object.entries(derivedAttributes).map(([kind, names]) => ({ kind: kind as EntityKind, at: '', names })),
  { kind: 'file_maps', at: 'mappings[]', names: ['validationInfo'] },
];

const withoutDerived = (kind: EntityKind): Step[] =>
  derived
    .filter((one) => one.kind === kind)
    .map(({ at, names }) => (row, say) => {
      const drop = (part: Row): Row =>
        names.reduce((kept, name) => {
          if (!Object.hasOwn(kept, name)) return kept;
          say(
            'left-out',
            'whoever reads this dialect takes it for what HouseF3 computes, and drops it',
            within(at, name),
          );
          return without(kept, name);
        }, part);
      return atPart(row, at, drop);
    });

/** HouseF3's models refuse null for some of what may be absent. */
const withoutNulls = (kind: EntityKind): Step[] =>
  knownParts[kind].map(({ at, names }) => (row, say) => {
    const drop = (part: Row): Row => {
      let hasNull = false;
      for (const name in part) hasNull ||= part[name] === null && names.has(name);
      if (!hasNull) return part;
      const kept = Object.entries(part).filter(([name, value]) => {
        const isNull = value === null && names.has(name);
        if (isNull) say('respelled', 'null, which says the same as absent, is left out', within(at, name));
        return !isNull;
      });
      return Object.fromEntries(kept);
    };
    return atPart(row, at, drop);
  });

const plainMoney = (kind: EntityKind): Step[] =>
  Object.keys(kindRules[kind].money).map((path) => (row, say) => {
    const plain = (value: Value): Value => {
      if (typeof value !== 'string') return value;
      const text = plainDecimal(value);
      if (text !== value) say('respelled', 'the exponent is written out', path);
      return text;
    };
    return mapAt(row, path, plain);
  });

/** An ExactNumber is what no `number` holds in the same spelling; `1.0` among them, which Python takes for a float. */
const integers = (kind: EntityKind): Step[] =>
  knownParts[kind].flatMap(({ at, integers: named, needsIntegers }) =>
    [...named, ...needsIntegers].map((name): Step => {
      const path = within(at, name);
      return (row, say) =>
        mapAt(row, path, (value) => {
          if (!(value instanceof ExactNumber)) return value;
          const text = normalDecimal(value.text);
          if (text === value.text || !/^-?\d+$/.test(text)) return value;
          say('respelled', 'the whole number is written without fraction and exponent', path);
          return exact(text);
        });
    }),
  );

/** HouseF3 would drop the whole row for a fraction of a percent. */
const wholePercents = (path: FieldPath): Step => {
  return (row, say) =>
    mapAt(row, path, (value) => {
      if (!(value instanceof ExactNumber)) return value;
      const percent = Number(value.text);
      if (!(percent >= 0 && percent <= 100)) return value;
      say('left-out', 'its fraction, by rounding: HouseF3 takes whole percents alone', path);
      return Math.round(percent);
    });
};

const orderOfImport: Step = (row, say) => {
  if (row.restoreOrder === undefined) return row;
  const { restoreOrder, ...rest } = row;
  if (rest.importOrder === undefined) {
    say('respelled', 'written as importOrder, as HouseF3 calls it', 'restoreOrder');
    return { ...rest, importOrder: restoreOrder };
  }
  const isSame = formatValue(restoreOrder) === formatValue(rest.importOrder);
  if (isSame) say('respelled', 'importOrder says the same', 'restoreOrder');
  else say('left-out', 'HouseF3 has one order, and importOrder says another', 'restoreOrder');
  return rest;
};

/** HouseF3 writes `startDate` and `endDate`, and reads `start` and `end`. */
const bothDateRanges: Step = (row, say) =>
  mapAt(row, 'dateRange', (range) => {
    if (!isMap(range)) return range;
    const both: Row = { ...range };
    for (const [name, twin] of [
      ['startDate', 'start'],
      ['endDate', 'end'],
    ] as const) {
      const [date, other] = [range[name], range[twin]];
      // Of what is no date the two would be read back as two.
      if (typeof date !== 'number') continue;
      if (other !== undefined && other === date)
        say('respelled', `read as ${name}, of which it says the same`, `dateRange.${twin}`);
      else if (other !== undefined)
        say('left-out', `HouseF3 takes it for ${name}, which is another`, `dateRange.${twin}`);
      both[twin] = date;
    }
    return both;
  });

const own: Partial<Record<EntityKind, Step[]>> = {
  transactions: [wholePercents('categories[].confidence'), orderOfImport],
  categories: [wholePercents('rules[].confidence')],
  transaction_files: [bothDateRanges],
};

const stepsOf = (kind: EntityKind): Step[] => [
  ...withoutDerived(kind),
  ...withoutNulls(kind),
  ...plainMoney(kind),
  ...integers(kind),
  ...(own[kind] ?? []),
];

const steps: Readonly<Record<EntityKind, readonly Step[]>> = {
  accounts: stepsOf('accounts'),
  categories: stepsOf('categories'),
  file_maps: stepsOf('file_maps'),
  transaction_files: stepsOf('transaction_files'),
  transactions: stepsOf('transactions'),
  analytics: stepsOf('analytics'),
};
