/** What other makers spell otherwise, spelled as our schemas have it. HOUSEF3.md, section 2, rules R6 and R7. */
import { normalDecimal, plainDecimal } from './decimal.ts';
import { type EntityKind, type FieldPath, kindRules } from './entities.ts';
import { mapAt } from './fields.ts';
import type { Dialect } from './manifest-text.ts';
import { exact, isMap, isNumber, numberText, type Row, type Value } from './row.ts';

/** What HouseF3's export computes and adds to its rows; no table holds it. */
export const derivedAttributes: Readonly<Record<EntityKind, readonly string[]>> = {
  accounts: ['exportMetadata', 'computedFields'],
  categories: ['exportMetadata', 'computedFields', 'hierarchyInfo'],
  file_maps: ['exportMetadata', 'computedFields'],
  transaction_files: [
    'exportMetadata',
    'computedFields',
    'fileStatusInfo',
    'uploadDateFormatted',
    'processedDateFormatted',
  ],
  transactions: ['exportMetadata', 'dateFormatted', 'categoryAssignments'],
  analytics: ['exportMetadata'],
};

type Change = { at: FieldPath; to: (value: Value) => Value };

/** A float of at most 1 is a share; an integer, 1 among them, is a percentage already. Exact, by the decimal text. */
const percentage = (value: Value): Value => {
  if (!isNumber(value)) return value;
  const text = numberText(value);
  if (!/[.eE]/.test(text)) return value;
  const share = normalDecimal(text);
  if (!/^0$|^1$|^0\./.test(share)) return value;
  const percent = normalDecimal(`${share}e2`);
  return exact(percent);
};

const amountBetween = (rule: Value): Value => {
  if (!isMap(rule) || rule.condition !== 'amount_range') return rule;
  const hasBounds = [rule.amountMin, rule.amountMax].every((bound) => bound !== undefined && bound !== null);
  return hasBounds ? { ...rule, condition: 'amount_between' } : rule;
};

/** `start` and `end` are what HouseF3's restore reads, `startDate` and `endDate` what it writes. */
const dateRange =
  (dialect: Dialect) =>
  (range: Value): Value => {
    if (!isMap(range)) return range;
    const changed: Row = { ...range };
    for (const [name, twin] of [
      ['startDate', 'start'],
      ['endDate', 'end'],
    ] as const) {
      const other = changed[twin];
      if (other === undefined) continue;
      const isMissing = changed[name] === undefined || changed[name] === null;
      if (isMissing) changed[name] = other;
      if (isMissing || (dialect === 'housef3-2.5' && changed[name] === other)) delete changed[twin];
    }
    return isSame(range, changed) ? range : changed;
  };

const isSame = (a: Row, b: Row): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

const without =
  (...names: string[]) =>
  (value: Value): Value =>
    isMap(value) && names.some((name) => Object.hasOwn(value, name))
      ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
      : value;

const asText = (value: Value): Value => (isNumber(value) ? plainDecimal(numberText(value)) : value);

const changesOf = (kind: EntityKind, dialect: Dialect): Change[] => {
  const changes: Change[] = Object.keys(kindRules[kind].money).map((at) => ({ at, to: asText }));
  if (kind === 'transactions') changes.push({ at: 'categories[].confidence', to: percentage });
  if (kind === 'categories') {
    changes.push({ at: 'rules[].confidence', to: percentage });
    changes.push({ at: 'rules[]', to: amountBetween });
  }
  if (kind === 'transaction_files') changes.push({ at: 'dateRange', to: dateRange(dialect) });
  if (kind === 'file_maps' && dialect === 'housef3-2.5')
    changes.push({ at: 'mappings[]', to: without('validationInfo') });
  return changes;
};

/** Normalises rows of a kind: each comes back as it was, the same object, if nothing was to be changed. */
export const normalizer = (kind: EntityKind, dialect: Dialect): ((row: Row) => Row) => {
  const changes = changesOf(kind, dialect);
  const strip = dialect === 'housef3-2.5' ? without(...derivedAttributes[kind]) : (row: Value): Value => row;
  return (row) => changes.reduce((changed, { at, to }) => mapAt(changed, at, to), strip(row) as Row);
};
