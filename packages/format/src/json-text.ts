/** JSON looked at as text, before it is parsed or beside that: how deep it is, where its texts end. */

/** The most objects and lists that are open at one place. */
export const levelsOf = (json: string): number => {
  let [levels, most] = [0, 0];
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === 0x22) at = endOfText(json, at);
    else if (code === 0x7b || code === 0x5b) most = Math.max(most, ++levels);
    else if (code === 0x7d || code === 0x5d) levels -= 1;
  }
  return most;
};

/** Where the quote stands that ends the text which begins at `at`; the end of all if none does. */
export const endOfText = (json: string, at: number): number => {
  for (let end = json.indexOf('"', at + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
};
