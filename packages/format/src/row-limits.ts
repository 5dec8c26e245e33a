/** What no row of a DynamoDB table can be: too deep, too large, with numbers or texts that it cannot hold. */
import { isDecimal } from './decimal.ts';
import { PackageRefused } from './errors.ts';
import { ExactNumber, isNumber, numberText, type Row, type Value } from './row.ts';
import { withoutEnd } from './texts.ts';

/** Levels of objects and lists, the row's own among them. DynamoDB holds 32. */
export const deepest = 40;
export const tooDeep = (): PackageRefused =>
  new PackageRefused('TOO_DEEP', `a row of more than ${deepest} levels; allowed are ${deepest}`);
const largest = 400 * 1024;
/** No value takes more than three bytes for a UTF-16 unit of its JSON, so rows of so many units need no counting. */
export const longestPlainRow = Math.floor(largest / 3);
const loneSurrogate = /\\ud[89a-f]/i;

/** @param text the row's JSON @throws PackageRefused BAD_TEXT, BAD_NUMBER, TOO_DEEP or ROW_TOO_LARGE */
export const refuseUnfit = (row: Row, text: string): void => {
  refuseIn(row, deepest);
  // In valid UTF-8 only an escape can spell half a character.
  if (loneSurrogate.test(text) && !isWellFormed(row))
    throw new PackageRefused('BAD_TEXT', 'a text with half a character; allowed is well-formed Unicode');
  if (text.length <= longestPlainRow) return;
  const bytes = membersBytes(row, 0);
  if (bytes > largest)
    throw new PackageRefused('ROW_TOO_LARGE', `a row of ${bytes} bytes as DynamoDB counts; allowed are ${largest}`);
};

const refuseIn = (value: Value, levels: number): void => {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof ExactNumber) {
    if (isDecimal(value.text)) return;
    throw new PackageRefused('BAD_NUMBER', 'a number beyond 38 digits or exponents from -130 to 125, the most allowed');
  }
  if (levels === 0) throw tooDeep();
  for (const inner of Object.values(value)) refuseIn(inner, levels - 1);
};

/** Whether no text in a value ends in the middle of a character. */
export const isWellFormed = (value: Value): boolean => {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return true;
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && isWellFormed(inner));
};

/**
 * "DynamoDB item sizes and formats": names and texts in UTF-8; a number a byte for two significant digits and one more;
 * a list or map 3, and 1 for each member. The row itself is neither, so its attributes cost their names and values alone.
 */
const storedBytes = (value: Value): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value === null || typeof value === 'boolean') return 1;
  if (isNumber(value)) return Math.ceil(significantDigits(numberText(value)) / 2) + 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + storedBytes(inner) + 1, 3);
  return 3 + membersBytes(value, 1);
};

const membersBytes = (map: { [key: string]: Value }, each: number): number =>
  Object.entries(map).reduce((sum, [key, inner]) => sum + Buffer.byteLength(key) + storedBytes(inner) + each, 0);

const significantDigits = (text: string): number =>
  withoutEnd(text.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+/, ''), '0').length;
