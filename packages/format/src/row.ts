/**
 * Rows: what one record of a profile is made of while FZIP holds it, and how it is spelled in a package.
 * Numbers are exact on every path: an integer that JavaScript holds without loss is a `number`,
 * anything else keeps the text it came with.
 */

import { orderOf } from './order.ts';

/** A number that a JavaScript `number` would change. `text` is its source text, a JSON number. */
export class ExactNumber {
  readonly text: string;

  /** @throws TypeError if `text` is no JSON number */
  constructor(text: string) {
    if (!jsonNumber.test(text)) throw new TypeError(`"${text}" is no number; allowed are JSON numbers`);
    this.text = text;
  }
}

export type Value = null | boolean | string | number | ExactNumber | Value[] | { [key: string]: Value };

/** One record of an entity kind: an object of any attributes, known to us or not. */
export type Row = { [attribute: string]: Value };

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The value of a JSON number's source text: a `number` where that is lossless, else an ExactNumber. */
export const exact = (text: string): number | ExactNumber => {
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : new ExactNumber(text);
};

/** The source text of a number in a row. */
export const numberText = (value: number | ExactNumber): string =>
  value instanceof ExactNumber ? value.text : String(value);

export const isNumber = (value: unknown): value is number | ExactNumber =>
  typeof value === 'number' || value instanceof ExactNumber;

// TypeScript's library does not know the reviver's third argument yet; Node has it since 21.
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const losslessNumbers: Reviver = (_key, value, context) =>
  typeof value === 'number' && context.source !== undefined ? exact(context.source) : value;

const parseSlowly = (text: string): Value =>
  JSON.parse(text, losslessNumbers as (key: string, value: unknown) => unknown);

/** Finds every number within JSON that a `number` might change. Digits in strings may be found too, which costs only time. */
const numberAtRisk = /[:,[]\s*(-?\d{16,}[\d.eE+-]*|-?\d+[.eE][\d.eE+-]*|-0)/g;

/**
 * Parses JSON without losing a digit. @throws SyntaxError
 * @param parsed what JSON.parse made of the text, if that is known already; it may be changed
 *
 * The reviver costs several times the parsing, so it is spared where no number is at risk, or one long integer alone:
 * a transaction's hash. Then whatever came out unsafe can only be that one.
 */
export const parseJson = (text: string, parsed?: unknown): Value => {
  const [first, second] = text.matchAll(numberAtRisk);
  const digits = first?.[1];
  if (second !== undefined || (digits !== undefined && !/^-?\d+$/.test(digits)) || digits === '-0')
    return parseSlowly(text);
  const value = (parsed ?? JSON.parse(text)) as Value;
  if (typeof value === 'number') return parseSlowly(text);
  if (digits !== undefined) replaceUnsafe(value, digits);
  return value;
};

const replaceUnsafe = (value: Value, digits: string): void => {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as { [key: string]: Value };
  for (const key of Object.keys(holder)) {
    const inner = holder[key] as Value;
    if (typeof inner === 'number') {
      if (!Number.isSafeInteger(inner)) holder[key] = exact(digits);
    } else replaceUnsafe(inner, digits);
  }
};

/** Parses one line of a data file. @param parsed as for `parseJson` @throws SyntaxError if it is no JSON object */
export const parseRow = (line: string, parsed?: unknown): Row => {
  const value = parseJson(line, parsed);
  if (!isMap(value)) throw new SyntaxError(`a row is a JSON object, found ${describe(value)}`);
  return value;
};

/** True for a JSON object, false for arrays, numbers and scalars. */
export const isMap = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

const describe = (value: Value): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;

/** The canonical spelling of a value: keys sorted by UTF-16 code unit, no white space, numbers by their text. */
export const formatValue = (value: Value): string => {
  if (value instanceof ExactNumber) return value.text;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const ready = Array.isArray(value) ? undefined : asItIs(value);
  if (ready !== undefined) return JSON.stringify(ready);
  const ordered = inOrder(value);
  return ordered === undefined ? spelled(value) : JSON.stringify(ordered);
};

/**
 * A map that has its order already, as JSON.stringify spells it, as rows out of a table have; undefined of any other. One number may keep
 * its text: a transaction's hash.
 */
const asItIs = (map: { [key: string]: Value }): object | undefined => {
  let last = '';
  let long: { name: string; value: ExactNumber } | undefined;
  for (const name in map) {
    if (name < last) return undefined;
    last = name;
    const value = map[name];
    if (typeof value !== 'object' || value === null) continue;
    if (value instanceof ExactNumber) {
      if (long !== undefined) return undefined;
      long = { name, value };
    } else if (!isInOrder(value)) return undefined;
  }
  return long === undefined ? map : { ...map, [long.name]: rawJSON(long.value.text) };
};

/** Whether JSON.stringify spells a value canonically. */
const isInOrder = (value: Value[] | { [key: string]: Value }): boolean => {
  if (Array.isArray(value)) {
    return value.every(
      (inner) => typeof inner !== 'object' || inner === null || (!(inner instanceof ExactNumber) && isInOrder(inner)),
    );
  }
  let last = '';
  for (const name in value) {
    if (name < last) return false;
    last = name;
    const inner = value[name];
    if (typeof inner !== 'object' || inner === null) continue;
    if (inner instanceof ExactNumber || !isInOrder(inner)) return false;
  }
  return true;
};

/**
 * A list or map as JSON.stringify spells it canonically, which it does in half the time that we need; undefined if no object can
 * have that order.
 */
const inOrder = (value: Value[] | { [key: string]: Value }): object | undefined => {
  if (Array.isArray(value)) {
    if (value.length === 0) return value;
    const list = value.map(orderedValue);
    return list.includes(undefined) ? undefined : list;
  }
  const { names, isKept } = orderOf(value);
  if (!isKept) return undefined;
  const map: { [key: string]: unknown } = {};
  for (const name of names) {
    const ordered = orderedValue(value[name] as Value);
    if (ordered === undefined) return undefined;
    map[name] = ordered;
  }
  return map;
};

const orderedValue = (value: Value): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  return value instanceof ExactNumber ? rawJSON(value.text) : inOrder(value);
};

// TypeScript's library does not know it yet; Node has it since 21.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const spelled = (value: Value): string => {
  if (Array.isArray(value)) return `[${value.map(formatValue).join()}]`;
  if (!isMap(value)) return formatValue(value);
  const spellOne = (name: string): string => `${JSON.stringify(name)}:${formatValue(value[name] as Value)}`;
  return `{${orderOf(value).names.map(spellOne).join()}}`;
};

/** A row as the one line that stands for it in a package, without the line end. */
export const formatRow = (row: Row): string => formatValue(row);
