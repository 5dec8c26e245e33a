import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../src/config.ts';
import { partsOf } from '../src/escapes.ts';
import { duration, money, percent, relative, size } from '../src/format.ts';

const plainly = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ');

describe('what is shown', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_840_000, '1.8 MB'],
    [4_900_000_000, '4.9 GB'],
  ])('%i bytes', (bytes, shown) => expect(plainly(size(bytes, 'en-GB'))).toBe(shown));

  test('no more of a hundred than there is', () => {
    expect(percent(99.9, 'en')).toBe('99%');
    expect(percent(100, 'en')).toBe('100%');
  });

  test('money with every digit, in the way of the reader’s language', () => {
    expect(plainly(money('1234567890123456789.01', 'EUR', 'de'))).toBe('1.234.567.890.123.456.789,01 €');
    expect(plainly(money('-0.5', 'USD', 'en'))).toBe('-$0.50');
    expect(plainly(money('1000', 'JPY', 'ja'))).toMatch(/1,000$/);
    expect(plainly(money('12.345', undefined, 'en'))).toBe('12.345');
  });

  test.each([
    ['NaN', 'EUR', 'NaN EUR'],
    ['1', '<b>', '1 <b>'],
    ['1e9', 'EUR', '1e9 EUR'],
  ])('what is no money as it came: %s %s', (amount, currency, shown) =>
    expect(money(amount, currency, 'en')).toBe(shown),
  );

  test('times from now, never more than there is', () => {
    const hour = 3_600_000;
    expect(relative(2.9 * hour, 0, 'en')).toBe('in 2 hours');
    expect(relative(-25 * hour, 0, 'en')).toBe('yesterday');
    expect(relative(500, 0, 'en')).toBe('now');
    expect(duration(200, 'en')).toBe('about 1 second');
    expect(duration(180_000, 'en')).toBe('about 3 minutes');
  });
});

describe('a text from a package', () => {
  test('is shown with what it hides', () => {
    expect(partsOf('invoice\u202egpj.exe')).toEqual([{ text: 'invoice' }, { escape: 'U+202E' }, { text: 'gpj.exe' }]);
    expect(partsOf('a\u0000\u200b\u2066b')).toEqual([
      { text: 'a' },
      { escape: 'U+0000' },
      { escape: 'U+200B' },
      { escape: 'U+2066' },
      { text: 'b' },
    ]);
    expect(partsOf('\ud800')).toEqual([{ escape: 'U+D800' }]);
  });

  test.each(['Überweisung', 'שלום', '日本', '👩‍👧', 'नमस्ते', 'a\nb'])('keeps what belongs to a word: %s', (text) =>
    expect(partsOf(text)).toEqual([{ text }]),
  );
});

describe('config.json', () => {
  const good = {
    apiOrigin: 'https://api.example.com',
    issuer: 'https://id.example.com/pool',
    clientId: 'web',
    signOutUrl: 'https://id.example.com/logout',
  };
  test('names the API, the issuer and the client', () => {
    expect(settingsFrom({ ...good, later: 1 })).toEqual(good);
    expect(settingsFrom({ ...good, apiOrigin: 'http://127.0.0.1:8787' }).apiOrigin).toBe('http://127.0.0.1:8787');
  });
  test.each([
    [undefined, 'no JSON object'],
    [
      { ...good, apiOrigin: 'http://api.example.com' },
      'apiOrigin is "http://api.example.com"; allowed is an https address',
    ],
    [{ ...good, issuer: 'javascript:alert(1)' }, 'issuer is'],
    [{ ...good, clientId: '' }, 'clientId is ""'],
    [{ ...good, signOutUrl: undefined }, 'signOutUrl is undefined'],
  ])('is refused: %j', (json, message) => expect(() => settingsFrom(json)).toThrow(message));
});
