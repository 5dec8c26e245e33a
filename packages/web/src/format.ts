/** Numbers, dates and money as the reader's language writes them. */

/** Where a test or a reader wants another language than the browser's, it is given. */
type Locale = string | undefined;

export const number = (value: number, locale?: Locale): string => new Intl.NumberFormat(locale).format(value);

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.8 MB`: of a thousand each, as file managers and networks count. */
export const size = (bytes: number, locale?: Locale): string => {
  const step = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** step;
  const maximumFractionDigits = step === 0 || value >= 100 ? 0 : 1;
  const unitDisplay = step === 0 ? 'long' : 'short';
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[step] as string,
    unitDisplay,
    maximumFractionDigits,
  }).format(value);
};

export const percent = (value: number, locale?: Locale): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(Math.floor(value) / 100);

/** `3 Mar 2026, 14:05` */
export const moment = (ms: number, locale?: Locale): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);

/** A day of a package: it knows no time zone but UTC. */
export const day = (ms: number, locale?: Locale): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(ms);

const spans = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `in 3 hours`, `2 days ago`, `now`; never more than there is. */
export const relative = (ms: number, now: number, locale?: Locale): string => {
  const apart = ms - now;
  const found = spans.find(([, length]) => Math.abs(apart) >= length);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return found ? words.format(Math.trunc(apart / found[1]), found[0]) : words.format(0, 'second');
};

/** `about 40 seconds`, `about 3 minutes`: what is a guess is said as one. */
export const duration = (ms: number, locale?: Locale): string => {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  const [value, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 5_400
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3_600), 'hour'];
  const text = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  return `about ${text}`;
};

const decimal = /^-?\d{1,30}(\.\d{1,20})?$/;

/** An exact decimal with its currency. What is no decimal or no currency that the browser knows is shown as it came. */
export const money = (amount: string, currency?: string, locale?: Locale): string => {
  if (!decimal.test(amount)) return [amount, currency].filter(Boolean).join(' ');
  // As text it keeps every digit; as a number it would lose some.
  const exact = amount as `${number}`;
  const fraction = amount.split('.')[1]?.length ?? 0;
  const plain = () =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: fraction, maximumFractionDigits: fraction });
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency))
    return [plain().format(exact), currency].filter(Boolean).join(' ');
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
  }).resolvedOptions();
  const digits = { maximumFractionDigits: Math.max(fraction, maximumFractionDigits) };
  return new Intl.NumberFormat(locale, { style: 'currency', currency, ...digits }).format(exact);
};

export const plural = (count: number, one: string, many: string, locale?: Locale): string =>
  `${number(count, locale)} ${count === 1 ? one : many}`;

export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
