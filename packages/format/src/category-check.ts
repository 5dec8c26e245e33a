/** Finds categories that are their own ancestors. */
import type { Row } from './row.ts';

export type CategoryCheck = {
  /** Looks at one row of `categories`. */
  row(row: Row): void;
  /** The circles found, each with the ids of its categories. */
  circles(): string[][];
};

export const createCategoryCheck = (): CategoryCheck => {
  const parents = new Map<string, string>();

  const row = ({ categoryId, parentCategoryId }: Row): void => {
    if (typeof categoryId === 'string' && typeof parentCategoryId === 'string')
      parents.set(categoryId, parentCategoryId);
  };

  const circles = (): string[][] => {
    const seen = new Set<string>();
    const found: string[][] = [];
    for (const start of parents.keys()) {
      const path = new Set<string>();
      let at: string | undefined = start;
      while (at !== undefined && !seen.has(at)) {
        seen.add(at);
        path.add(at);
        at = parents.get(at);
      }
      if (at !== undefined && path.has(at)) found.push([...path].slice([...path].indexOf(at)));
    }
    return found;
  };

  return { row, circles };
};

/** What a statement of `known_defects` says of circles: so many categories have a parent that is out of range. */
export const circleDefect = { kind: 'categories', field: 'parentCategoryId', problem: 'range' } as const;
