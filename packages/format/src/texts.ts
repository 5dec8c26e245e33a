/** Texts cut, trimmed and kept; in one pass each, however long they are. */

/** A text without the characters at its end that are among some. By a loop: a pattern would begin anew at each of them. */
export const withoutEnd = (text: string, some: string): string => {
  let end = text.length;
  while (end > 0 && some.includes(text[end - 1] as string)) end -= 1;
  return text.slice(0, end);
};

/**
 * A text as it is told and kept: a package may hold names of megabytes, and what is said of it has to fit where it is kept.
 * @param most characters, whole ones
 */
export const shortText = (text: string, most = 300): string => {
  if (text.length <= most) return text;
  // Half a character is none.
  const end = /[\ud800-\udbff]/.test(text[most - 2] ?? '') ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
};

/** A copy of a short text: as it was found it is a piece of a block, which would be held as long as the text. */
export const ownText = (text: string): string => Buffer.from(text).toString();
