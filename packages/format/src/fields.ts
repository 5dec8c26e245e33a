/** Reading and rewriting what stands at a field path of a row. */
import type { FieldPath } from './entities.ts';
import { isMap, type Row, type Value } from './row.ts';

/** Every value at a path; `categories[].categoryId` gives one for each element of the list. Null and absent give none. */
export const valuesAt = (row: Row, path: FieldPath): Value[] =>
  path.split('.').reduce<Value[]>((found, step) => found.flatMap((value) => next(value, step)), [row]);

/** Looks whether something holds for every text at a path, without gathering them: for what is asked of every row. */
export const everyText = (path: FieldPath): ((row: Row, holds: (text: string) => boolean) => boolean) => {
  const [name = '', inner, ...more] = path.split(/\[\]\.|\./);
  const isFlat = inner === undefined && !name.endsWith('[]');
  const isInList = inner !== undefined && more.length === 0 && path === `${name}[].${inner}`;
  const asked = (value: Value | undefined, holds: (text: string) => boolean): boolean =>
    typeof value !== 'string' || holds(value);
  if (isFlat) return (row, holds) => asked(ownValue(row, name), holds);
  if (isInList)
    return (row, holds) => {
      const list = ownValue(row, name);
      return (
        !Array.isArray(list) || list.every((value) => asked(isMap(value) ? ownValue(value, inner) : undefined, holds))
      );
    };
  return (row, holds) => valuesAt(row, path).every((value) => asked(value, holds));
};

/** No attribute that we know is one that every object inherits. */
const ownValue = (row: Row, name: string): Value | undefined => row[name];

const next = (value: Value, step: string): Value[] => {
  const isList = step.endsWith('[]');
  const name = isList ? step.slice(0, -2) : step;
  if (!isMap(value) || !Object.hasOwn(value, name)) return [];
  const inner = value[name];
  if (inner === undefined || inner === null) return [];
  if (!isList) return [inner];
  return Array.isArray(inner) ? inner : [];
};

/** The row with every value at a path replaced; the row itself where nothing changes. */
export const mapAt = (row: Row, path: FieldPath, change: (value: Value) => Value): Row =>
  mapSteps(row, path.split('.'), change) as Row;

const mapSteps = (value: Value, [step, ...rest]: string[], change: (value: Value) => Value): Value => {
  if (step === undefined) return value === null ? value : change(value);
  const isList = step.endsWith('[]');
  const name = isList ? step.slice(0, -2) : step;
  if (!isMap(value) || !Object.hasOwn(value, name)) return value;
  const inner = value[name] as Value;
  const changed = isList ? mapEach(inner, rest, change) : mapSteps(inner, rest, change);
  return changed === inner ? value : { ...value, [name]: changed };
};

const mapEach = (list: Value, rest: string[], change: (value: Value) => Value): Value => {
  if (!Array.isArray(list)) return list;
  const mapped = list.map((element) => mapSteps(element, rest, change));
  return mapped.some((element, index) => element !== list[index]) ? mapped : list;
};
