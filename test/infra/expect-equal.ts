/** What was found against what is expected, as a sentence for a list of problems. */
import { isDeepStrictEqual } from 'node:util';

export const differs = (what: string, found: unknown, expected: unknown): string[] =>
  isDeepStrictEqual(found, expected)
    ? []
    : [`${what} is ${JSON.stringify(found) ?? 'missing'}, expected ${JSON.stringify(expected)}`];
