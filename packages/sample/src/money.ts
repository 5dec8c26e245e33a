/** Money between minor units (cents, yen, satoshi), which add up exactly, and decimal text. */

/** The decimal text of an amount in minor units: `minorText(-1250, 2)` is "-12.50". */
export const minorText = (minor: number, decimals: number): string => {
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const sign = minor < 0 ? '-' : '';
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};
