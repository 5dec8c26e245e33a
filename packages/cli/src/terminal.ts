/** How things look: whatever a package says is escaped before it reaches a terminal; colours, tables, units. */
import { styleText } from 'node:util';

/** Controls, what turns or hides text, lines that end elsewhere, halves of characters. The two selectors only choose an emoji's look. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\u{fe0e}\u{fe0f}])\p{Default_Ignorable_Code_Point}/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const spelled = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A text that stays on its line, runs left to right, and commands no terminal. `\u202e` stands for such a character. */
export const escapeText = (text: string): string =>
  text.replace(unsafe, (character) => short[character] ?? spelled(character));

/** True for a character that `escapeText` would not let pass. */
export const isUnsafe = (character: string): boolean => escapeText(character) !== character;

/** A JSON text of which no character reaches a terminal that `escapeText` would keep from it. It means the same as before. */
export const escapeJson = (json: string): string =>
  json.replace(unsafe, (character) =>
    character === '\n' ? character : [...Array(character.length).keys()].map((at) => unit(character, at)).join(''),
  );

const unit = (text: string, at: number): string => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;

type Style = Parameters<typeof styleText>[0];
/** A text in a style. Plain strings are texts too; both are escaped when they are shown. */
export type Styled = { text: string; style: Style };
/** What is shown: one text, or several in a row. */
export type Text = string | Styled | readonly (string | Styled)[];

const styled =
  (style: Style) =>
  (text: string): Styled => ({ text, style });

export const bold = styled('bold');
export const dim = styled('dim');
export const red = styled('red');
export const green = styled('green');
export const yellow = styled('yellow');

const piecesOf = (text: Text): readonly (string | Styled)[] =>
  typeof text === 'string' || 'text' in text ? [text] : text;

/** As it goes to the terminal: escaped, and in colour if that is wanted. */
export const render = (text: Text, hasColor: boolean): string =>
  piecesOf(text)
    .map((piece) => {
      if (typeof piece === 'string') return escapeText(piece);
      const safe = escapeText(piece.text);
      return hasColor ? styleText(piece.style, safe, { validateStream: false }) : safe;
    })
    .join('');

/** Columns that a text takes on a terminal, escaped; characters of East Asia and emoji take two. */
export const widthOf = (text: Text): number => {
  let width = 0;
  for (const character of render(text, false)) width += columns(character);
  return width;
};

const columns = (character: string): number => {
  if (character < '\u{300}') return 1;
  if (/\p{Mn}|\p{Me}/u.test(character)) return 0;
  const isWide =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u{3000}-\u{303e}\u{ff01}-\u{ff60}]/u;
  return isWide.test(character) ? 2 : 1;
};

export type Align = 'left' | 'right';

/** Rows with their cells under one another. The last column is not filled up. */
export const aligned = (rows: readonly (readonly Text[])[], aligns: readonly Align[] = []): Text[] => {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row.flatMap((cell, column) => {
      const gap = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
      const isLast = column === row.length - 1;
      const filled = aligns[column] === 'right' ? [gap, ...piecesOf(cell)] : [...piecesOf(cell), isLast ? '' : gap];
      return column === 0 ? filled : ['  ', ...filled];
    }),
  );
};

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.2 MB` */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
};

/** `1 200` */
export const numberText = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');

/** `1 row`, `1 200 rows` */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${numberText(count)} ${count === 1 ? one : several}`;
