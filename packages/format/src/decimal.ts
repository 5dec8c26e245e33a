/** Money: exact decimal numbers as text. No function here ever makes a float. */
import { withoutEnd } from './texts.ts';

/** Every character has one place where it can belong: no text, however long, is tried in more ways than one. */
const decimal = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

type Parts = { negative: boolean; digits: string; exponent: number };

/** DynamoDB holds at most 38 significant digits, with exponents from -130 to 125. */
const maxDigits = 38;

const parts = (text: string): Parts | undefined => {
  const match = decimal.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', behind = '', alone = '', power = '0'] = match;
  const fraction = behind + alone;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = withoutEnd(all, '0');
  return { negative: sign === '-', digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
};

/** What nearly all money looks like: of so few digits that there is nothing to count. */
const plainMoney = /^-?\d{1,20}(?:\.\d{1,18})?$/;

/** True for a decimal number that DynamoDB can hold exactly: at most 38 significant digits, exponents -130 to 125. */
export const isDecimal = (text: string): boolean => {
  if (plainMoney.test(text)) return true;
  const found = parts(text);
  if (!found) return false;
  const magnitude = found.digits.length + found.exponent;
  return found.digits === '' || (found.digits.length <= maxDigits && magnitude <= 126 && magnitude >= -129);
};

/**
 * The one spelling of a decimal without exponent, plus sign, leading or trailing zeros: "1E+2" and "100.00" give "100".
 * What is no decimal comes back as it was, so that nothing is lost.
 */
export const normalDecimal = (text: string): string => {
  const found = parts(text);
  if (!found || !isDecimal(text)) return text;
  const { negative, digits, exponent } = found;
  if (digits === '') return '0';
  return (negative ? '-' : '') + place(digits, exponent);
};

const place = (digits: string, exponent: number): string => {
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const point = digits.length + exponent;
  return point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${'0'.repeat(-point)}${digits}`;
};

/** Writes exponents out and leaves the rest alone: "1E+2" gives "100", "10.50" stays "10.50". */
export const plainDecimal = (text: string): string => (/[eE]/.test(text) ? normalDecimal(text) : text);

/**
 * The text that Python's `Decimal(text).normalize()` prints, which HouseF3 hashes: 100 is "1E+2", 0 is "0", -12.50 is "-12.5".
 * Scientific when the exponent is positive or the value is below 1e-6, as Python's to-scientific-string has it.
 */
export const pythonNormalized = (text: string): string => {
  const found = parts(text);
  if (!found) return text;
  const { negative, digits, exponent } = found;
  const sign = negative ? '-' : '';
  if (digits === '') return `${sign}0`;
  const adjusted = digits.length + exponent - 1;
  if (exponent <= 0 && adjusted >= -6) return sign + place(digits, exponent);
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${sign}${mantissa}E${adjusted >= 0 ? '+' : ''}${adjusted}`;
};
