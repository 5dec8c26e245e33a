/** Sums of money, exact. */
import { isDecimal, plainDecimal } from './decimal.ts';

/** Adds decimal numbers without losing a digit; spelled with as many places as the longest of them. */
export class DecimalSum {
  /** In units of 10 to the power of minus `#places`. */
  #units = 0n;
  #places = 0;

  /** @returns false, and adds nothing, if `text` is no decimal number that DynamoDB could hold */
  add(text: string): boolean {
    if (!isDecimal(text)) return false;
    const [whole = '', fraction = ''] = plainDecimal(text).replace('+', '').split('.');
    const places = Math.max(this.#places, fraction.length);
    this.#units *= 10n ** BigInt(places - this.#places);
    this.#units += signed(whole, fraction.padEnd(places, '0'));
    this.#places = places;
    return true;
  }

  text(): string {
    const sign = this.#units < 0n ? '-' : '';
    const digits = String(this.#units < 0n ? -this.#units : this.#units).padStart(this.#places + 1, '0');
    const point = digits.length - this.#places;
    return `${sign}${digits.slice(0, point)}${this.#places > 0 ? `.${digits.slice(point)}` : ''}`;
  }
}

const signed = (whole: string, fraction: string): bigint => {
  const units = BigInt(`${whole.replace('-', '')}${fraction}` || '0');
  return whole.startsWith('-') ? -units : units;
};
