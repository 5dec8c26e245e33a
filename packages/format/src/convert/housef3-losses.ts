/** What HouseF3's restore would not bring back of a row that its package holds. HOUSEF3.md, section 2, "What its restore needs". */
import { oddValues } from '../defects.ts';
import { currencies, type EntityKind, type FieldPath } from '../entities.ts';
import { valuesAt } from '../fields.ts';
import { isMap, isNumber, type Row, type Value } from '../row.ts';
import { knownParts } from './housef3-known.ts';
import type { Say } from './housef3-row.ts';

/** @param row as `toHousef3Row` wrote it */
export const sayLosses = (kind: EntityKind, row: Row, say: Say): void => {
  if (kind === 'analytics') {
    say('dropped', 'HouseF3 restores no analytics');
    return;
  }
  const lacking = new Set<FieldPath>();
  for (const { at, names, needs, needsIntegers, forgets } of knownParts[kind]) {
    for (const part of at === '' ? [row] : valuesAt(row, at)) {
      if (!isMap(part)) continue;
      const path = (name: string): FieldPath => (at === '' ? name : `${at}.${name}`);
      const lack = (name: string, what: string): void => {
        lacking.add(path(name));
        say('dropped', `HouseF3 will not restore this row: ${path(name)} ${what}`, path(name));
      };
      for (const name of needs) if (isMissing(part[name])) lack(name, 'is missing');
      for (const name of needsIntegers) {
        if (isMissing(part[name])) lack(name, 'is missing');
        else if (!Number.isSafeInteger(part[name])) lack(name, 'is no whole number');
      }
      for (const name of forgets) if (!isMissing(part[name])) say('ignored', 'HouseF3’s restore loses it', path(name));
      for (const name in part) {
        if (!names.has(name)) say('ignored', 'HouseF3 knows no such attribute', path(shortened(name)));
      }
    }
  }
  for (const check of ownChecks[kind] ?? []) check(row, say);
  for (const { field, message } of oddValues(kind, row)) {
    if (!lacking.has(field)) say('dropped', `HouseF3 may not take this row: ${message}`, field);
  }
};

const isMissing = (value: Value | undefined): boolean => value === undefined || value === null;

/** Names come out of the package and may be of any length. */
const shortened = (name: string): string => (name.length > 100 ? `${name.slice(0, 100).toWellFormed()}…` : name);

type Check = (row: Row, say: Say) => void;

const ownChecks: Partial<Record<EntityKind, readonly Check[]>> = {
  accounts: [
    ({ balance }, say) => {
      if (isMissing(balance)) say('ignored', 'there is none, and HouseF3 restores 0.00', 'balance');
    },
    ({ currency }, say) => {
      if (isMissing(currency)) say('ignored', `there is none, and HouseF3 restores ${currencies[0]}`, 'currency');
    },
  ],
  transactions: [
    // What is false becomes false again, being the default.
    (row, say) => {
      if (valuesAt(row, 'categories[].isManual').includes(true))
        say('ignored', 'HouseF3’s restore loses it', 'categories[].isManual');
    },
    (row, say) => {
      const isOff = (value: Value): boolean =>
        isNumber(value) && !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100);
      if (valuesAt(row, 'categories[].confidence').some(isOff))
        say(
          'dropped',
          'HouseF3 will not restore this row: a confidence is no whole percent from 0 to 100',
          'categories[].confidence',
        );
    },
  ],
};
