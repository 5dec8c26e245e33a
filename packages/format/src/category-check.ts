/** Finds categories that are their own ancestors. */
import { dataEntry } from './entities.ts';
import type { Finding } from './errors.ts';
import type { Row } from './row.ts';

export type CategoryCheck = {
  /** Looks at one row of `categories`. */
  row(row: Row): void;
  /** One finding for each circle, named by its smallest id. */
  end(): Finding[];
};

export const createCategoryCheck = (): CategoryCheck => {
  const parents = new Map<string, string>();

  const row = ({ categoryId, parentCategoryId }: Row): void => {
    if (typeof categoryId === 'string' && typeof parentCategoryId === 'string')
      parents.set(categoryId, parentCategoryId);
  };

  const end = (): Finding[] => {
    const seen = new Set<string>();
    const found: Finding[] = [];
    for (const start of parents.keys()) {
      const path = new Set<string>();
      let at: string | undefined = start;
      while (at !== undefined && !seen.has(at)) {
        seen.add(at);
        path.add(at);
        at = parents.get(at);
      }
      if (at !== undefined && path.has(at)) found.push(finding([...path].slice([...path].indexOf(at))));
    }
    return found;
  };

  return { row, end };
};

const finding = (circle: string[]): Finding => {
  const id = circle.toSorted()[0] as string;
  const message = `categories: ${circle.length} of them are one another's parents, ${id} among them; allowed are trees`;
  return { code: 'CATEGORY_CYCLE', message, entry: dataEntry('categories'), id };
};
