/** Places in a listing, as opaque texts: base64url of JSON. They come back from outside, so they are parsed like anything else. */
import type { z } from 'zod';

/** A cursor that no listing gave. */
export class BadCursor extends Error {
  constructor() {
    super('the cursor is none that an earlier page gave');
    this.name = 'BadCursor';
  }
}

export const writeCursor = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** The place a cursor stands for. @throws BadCursor */
export const readCursor = <T>(schema: z.ZodType<T>, cursor: string): T => {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw new BadCursor();
  }
  const parsed = schema.safeParse(place);
  if (!parsed.success) throw new BadCursor();
  return parsed.data;
};
