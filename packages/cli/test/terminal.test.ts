import { stripVTControlCharacters } from 'node:util';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  aligned,
  bytesText,
  counted,
  escapeJson,
  escapeText,
  green,
  numberText,
  render,
  widthOf,
} from '../src/terminal.ts';
import { forbidden, fzip, packed, stored } from './packages.ts';

/** Every character that a terminal obeys, hides or turns, many times over. */
const hostileCodes = [
  ...[0x00, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x90, 0x9b, 0x9d, 0x9f, 0xad, 0x61c, 0x180e],
  ...[0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2064],
  ...[0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0xfeff, 0xd800, 0xdfff, 0xe0001, 0xe0041, 0x3164],
].map((code) => String.fromCodePoint(code));
const hostile = fc
  .array(
    fc.oneof(fc.constantFrom(...hostileCodes, '\u001b[2J', '\u009b31m'), fc.string({ unit: 'binary', maxLength: 3 })),
  )
  .map((parts) => parts.join(''));

describe('an escaped text', () => {
  test.prop([hostile])('holds nothing that a terminal obeys, and no line end', (text) => {
    const shown = escapeText(text);
    expect(shown).not.toMatch(forbidden);
    expect(shown).not.toContain('\n');
    expect(shown.isWellFormed()).toBe(true);
  });

  test.each(hostileCodes)('spells %j out', (character) => {
    expect(escapeText(character)).toMatch(/^\\(n|r|t|u[0-9a-f]{4}|u\{[0-9a-f]{5}\})$/);
  });

  test.each(['Käse 東京 حساب ₿ 🧧 ❤️', 'C:\\Users\\x', '"quoted"', ''])('leaves %j alone', (text) => {
    expect(escapeText(text)).toBe(text);
  });

  test.prop([hostile])('is the only thing that is coloured', (text) => {
    const shown = render(['a', green(text)], true);
    expect(stripVTControlCharacters(shown)).toBe(`a${escapeText(text)}`);
    expect(render(['a', green(text)], false)).toBe(`a${escapeText(text)}`);
  });
});

describe('escaped JSON', () => {
  test.prop([hostile, hostile])('means what it meant, and holds nothing that a terminal obeys', (key, text) => {
    const value = { [key]: [text] };
    const shown = escapeJson(JSON.stringify(value, undefined, 2));
    expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(shown).not.toMatch(forbidden);
  });
});

describe('a table', () => {
  test.prop([fc.array(fc.tuple(hostile, hostile), { minLength: 1 })])('begins each column at one place', (rows) => {
    const lines = aligned(rows.map(([first, second]) => [first, second, '|'])).map((line) => render(line, false));
    expect(new Set(lines.map((line) => widthOf(line))).size).toBe(1);
  });

  test('aligns to either side, by the columns that characters take', () => {
    const lines = aligned(
      [
        ['東京', '1', 'x'],
        ['abc', '100', 'y'],
      ],
      ['left', 'right'],
    );
    expect(lines.map((line) => render(line, false))).toEqual(['東京    1  x', 'abc   100  y']);
  });
});

test('numbers and units are spelled for people', () => {
  expect([0, 999, 1000, 1_234_567, 5e15].map(bytesText)).toEqual(['0 B', '999 B', '1.0 kB', '1.2 MB', '5000.0 TB']);
  expect(numberText(1_234_567)).toBe('1 234 567');
  expect([0, 1, 2].map((count) => counted(count, 'entry', 'entries'))).toEqual(['0 entries', '1 entry', '2 entries']);
});

test('colours are for terminals, and for whoever asks for them', async () => {
  const place = await stored(await packed());
  const isColoured = async (env: Record<string, string>, columns?: number): Promise<boolean> =>
    (await fzip(['verify', place], { env, ...(columns === undefined ? {} : { columns }) })).out.includes('\u001b');
  expect(await isColoured({}, 80)).toBe(true);
  expect(await isColoured({ TERM: 'dumb' }, 80)).toBe(false);
  expect(await isColoured({ NO_COLOR: '0', FORCE_COLOR: '1' }, 80)).toBe(false);
  expect(await isColoured({})).toBe(false);
  expect(await isColoured({ FORCE_COLOR: '0' })).toBe(false);
  expect(await isColoured({ FORCE_COLOR: '1' })).toBe(true);
});
