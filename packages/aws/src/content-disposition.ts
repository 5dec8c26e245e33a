/** RFC 6266: a plain name for old readers and the exact one beside it. */

const plain = (name: string): string => name.replace(/[^\x20-\x7e]|["\\%]/g, '_');

/** RFC 5987: what `encodeURIComponent` leaves alone and the grammar does not. */
const exact = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The header that saves what is downloaded under a name, whatever characters it has. */
export const attachment = (fileName: string): string =>
  `attachment; filename="${plain(fileName)}"; filename*=UTF-8''${exact(fileName)}`;
