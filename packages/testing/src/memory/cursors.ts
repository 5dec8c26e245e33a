/** Places in a listing, as opaque texts. */

/** A cursor that no listing gave. Bears the name that the adapters' own error has. */
export class BadCursor extends Error {
  constructor() {
    super('the cursor is none that an earlier page gave');
    this.name = 'BadCursor';
  }
}

export const writeCursor = (place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

/** The place a cursor stands for: texts and numbers, as many as there were. @throws BadCursor */
export const readCursor = (cursor: string, length: number): (string | number)[] => {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw new BadCursor();
  }
  if (!Array.isArray(place) || place.length !== length) throw new BadCursor();
  if (!place.every((part) => typeof part === 'string' || typeof part === 'number')) throw new BadCursor();
  return place;
};
