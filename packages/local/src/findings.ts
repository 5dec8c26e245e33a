/** What a comparison finds: differences in words, the first ones kept, all of them counted. */
import { type EntityKind, formatValue, idOf, type Row } from '@fzip/format';

const mostDifferences = 50;

export type Findings = {
  /** Each says what was found and what was expected. The first ones; `count` has them all. */
  differences: string[];
  count: number;
};
export type Differ = (text: string) => void;

export const noFindings = (): Findings => ({ differences: [], count: 0 });

export const differInto =
  (findings: Findings): Differ =>
  (text) => {
    findings.count += 1;
    if (findings.differences.length < mostDifferences) findings.differences.push(text);
  };

/** `accounts 6f1c…`: names a row in a message and in a map. */
export const keyOf = (kind: EntityKind, row: Row): string => `${kind} ${idOf(kind, row) ?? formatValue(row)}`;

/** Attribute by attribute; `source` is what the expected row stands in. */
export const compareRow = (key: string, source: string, expected: Row, found: Row, differ: Differ): void => {
  for (const attribute of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [wanted, got] = [expected[attribute], found[attribute]];
    const same = wanted !== undefined && got !== undefined && formatValue(wanted) === formatValue(got);
    if (!same) differ(`${key}: ${attribute} is ${shown(got)}, ${source} has ${shown(wanted)}`);
  }
};

const shown = (value: Row[string] | undefined): string =>
  value === undefined ? 'absent' : formatValue(value).slice(0, 100);
