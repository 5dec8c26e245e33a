/** Where two rows differ. */
import { formatValue, isMap, type Row, type Value } from '../row.ts';

/** `field` as a path: `rules[0].value`. A side that lacks the field has no value. */
export type ChangedField = { field: string; from?: Value; to?: Value };

/** @param shown the same rows with the values that people are to see */
export const changedFields = (a: Row, b: Row, shown: { a: Row; b: Row }): ChangedField[] => {
  const fields: ChangedField[] = [];
  compare(a, b, shown.a, shown.b, '', fields);
  return fields;
};

type MaybeValue = Value | undefined;

const compare = (
  a: MaybeValue,
  b: MaybeValue,
  shownA: MaybeValue,
  shownB: MaybeValue,
  field: string,
  into: ChangedField[],
): void => {
  if (a !== undefined && b !== undefined) {
    if (formatValue(a) === formatValue(b)) return;
    if (isMap(a) && isMap(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
        compare(
          own(a, name),
          own(b, name),
          own(shownA, name),
          own(shownB, name),
          field === '' ? name : `${field}.${name}`,
          into,
        );
      return;
    }
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let at = 0; at < Math.max(a.length, b.length); at += 1)
        compare(a[at], b[at], element(shownA, at), element(shownB, at), `${field}[${at}]`, into);
      return;
    }
  }
  const [from, to] = [shownA ?? a, shownB ?? b];
  into.push({ field, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
};

const own = (value: MaybeValue, name: string): MaybeValue =>
  isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const element = (value: MaybeValue, at: number): MaybeValue => (Array.isArray(value) ? value[at] : undefined);
