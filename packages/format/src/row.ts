/**
 * Rows: what one record of a profile is made of while FZIP holds it, and how it is spelled in a package.
 * Numbers are exact on every path: an integer that JavaScript holds without loss is a `number`,
 * anything else keeps the text it came with.
 */

import { sortedNames } from './sorted-names.ts';

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
export const formatValue = (value: Value): string => spelledAfter('', value);

/** What was spelled so far with a value behind it: one text that grows is made of fewer pieces than many put together. */
const spelledAfter = (text: string, value: Value): string => {
  if (typeof value === 'string') return mustEscape.test(value) ? text + JSON.stringify(value) : `${text}"${value}"`;
  if (typeof value === 'number') return text + value;
  if (value === null || typeof value === 'boolean') return text + String(value);
  if (value instanceof ExactNumber) return text + value.text;
  return Array.isArray(value) ? listAfter(text, value) : mapAfter(text, value);
};

const listAfter = (text: string, list: Value[]): string => {
  let spelled = `${text}[`;
  let separator = '';
  for (const value of list) {
    spelled = spelledAfter(spelled + separator, value);
    separator = ',';
  }
  return `${spelled}]`;
};

const mapAfter = (text: string, map: { [key: string]: Value }): string => {
  let spelled = `${text}{`;
  let separator = '';
  for (const name of sortedNames(map)) {
    spelled = spelledAfter(spelled + separator + formatName(name), map[name] as Value);
    separator = ',';
  }
  return `${spelled}}`;
};

/** Nearly every text is spelled as it is, which a pattern tells sooner than JSON.stringify does. Any surrogate is left to that. */
const mustEscape = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** A name with its colon. Rows are much alike, so the spelling of the first names is kept. */
const formatName = (name: string): string => {
  const known = spelledNames.get(name);
  if (known !== undefined) return known;
  const spelled = `${JSON.stringify(name)}:`;
  if (spelledNames.size < 1000 && name.length < 100) spelledNames.set(name, spelled);
  return spelled;
};
const spelledNames = new Map<string, string>();

/** A row as the one line that stands for it in a package, without the line end. */
export const formatRow = (row: Row): string => formatValue(row);
