/**
 * Rows and DynamoDB's attribute values, both ways without loss. Numbers keep every digit. What JSON has no word for is tagged:
 * `{"$dynamodb": "SS" | "NS" | "BS" | "B", "value": …}`, bytes as base64, sets sorted; and so that no row can mean a tag by
 * accident, a map that itself has an attribute `$dynamodb` becomes `{"$dynamodb": "M", "value": {…}}`.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  type ExactNumber,
  exact,
  isMap,
  isNumber,
  normalDecimal,
  numberText,
  orderOf,
  type Row,
  type Value,
} from '@fzip/format';

export type Item = Record<string, AttributeValue>;

const tag = '$dynamodb';
type Tag = 'SS' | 'NS' | 'BS' | 'B' | 'M';
const tagged = (name: Tag, value: Value): Value => ({ [tag]: name, value });

/** An item as a row, its attributes in the order in which packages spell them. */
export const fromAttributeValues = (item: Item): Row => {
  const { names, isKept } = orderOf(item);
  const valueAt = (name: string): Value => fromAttributeValue(item[name] as AttributeValue);
  if (!isKept) return Object.fromEntries(names.map((name) => [name, valueAt(name)]));
  const row: Row = {};
  for (const name of names) row[name] = valueAt(name);
  return row;
};

/** A row as an item. */
export const toAttributeValues = (row: Row): Item =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toAttributeValue(value)]));

/** @throws TypeError for a type of attribute that DynamoDB did not have when this was written */
export const fromAttributeValue = (attribute: AttributeValue): Value => {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.NULL !== undefined) return null;
  if (attribute.L !== undefined) return attribute.L.map(fromAttributeValue);
  if (attribute.M !== undefined) {
    const map = fromAttributeValues(attribute.M);
    return Object.hasOwn(map, tag) ? tagged('M', map) : map;
  }
  if (attribute.SS !== undefined) return tagged('SS', [...attribute.SS].sort());
  if (attribute.NS !== undefined) return tagged('NS', attribute.NS.map(number).sort(bySize));
  if (attribute.B !== undefined) return tagged('B', base64(attribute.B));
  if (attribute.BS !== undefined) return tagged('BS', attribute.BS.map(base64).sort());
  throw new TypeError(`an attribute of type ${Object.keys(attribute).join(', ')} is none that FZIP knows`);
};

export const toAttributeValue = (value: Value): AttributeValue => {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumber(value)) return { N: numberText(value) };
  if (Array.isArray(value)) return { L: value.map(toAttributeValue) };
  return fromTag(value) ?? { M: toAttributeValues(value) };
};

/** What a tagged map stands for. A map that only looks like one, as a package from elsewhere may hold, is a map. */
const fromTag = (map: { [key: string]: Value }): AttributeValue | undefined => {
  const { [tag]: name, value } = map;
  if (name === undefined || value === undefined || Object.keys(map).length !== 2) return undefined;
  if (name === 'M') return isMap(value) ? { M: toAttributeValues(value) } : undefined;
  if (name === 'B') return isBase64(value) ? { B: Buffer.from(value, 'base64') } : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (name === 'SS') return value.every(isText) && allDiffer(value) ? { SS: value } : undefined;
  if (name === 'BS') {
    if (!value.every(isBase64) || !allDiffer(value)) return undefined;
    return { BS: value.map((text) => Buffer.from(text, 'base64')) };
  }
  if (name !== 'NS' || !value.every(isNumber)) return undefined;
  const texts = value.map(numberText);
  return allDiffer(texts.map(normalDecimal)) ? { NS: texts } : undefined;
};

/** DynamoDB writes numbers as JSON does; a copy of it may write `+1` or `.5`. */
const number = (text: string): number | ExactNumber => {
  try {
    return exact(text);
  } catch {
    return exact(normalDecimal(text));
  }
};

const bySize = (a: number | ExactNumber, b: number | ExactNumber): number =>
  Number(numberText(a)) - Number(numberText(b)) || (numberText(a) < numberText(b) ? -1 : 1);

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const isText = (value: Value): value is string => typeof value === 'string';
const isBase64 = (value: Value): value is string =>
  isText(value) && Buffer.from(value, 'base64').toString('base64') === value;
const allDiffer = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;
