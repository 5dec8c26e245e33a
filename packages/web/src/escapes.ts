/** Makes visible what a text from a package could hide: control characters and those that turn the direction of writing. */

/** Control and format characters, line separators, private use, and what is no character. Joiners within words stay. */
const hidden = /(?!\u200C|\u200D|\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;

export type Part = { text: string } | { escape: string };

/** `⟨U+202E⟩` in the place of each such character; the rest as it is. */
export const partsOf = (text: string): Part[] => {
  const parts: Part[] = [];
  let plain = '';
  for (const character of text) {
    if (!hidden.test(character)) {
      plain += character;
      continue;
    }
    if (plain !== '') parts.push({ text: plain });
    plain = '';
    parts.push({ escape: `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}` });
  }
  if (plain !== '') parts.push({ text: plain });
  return parts;
};
