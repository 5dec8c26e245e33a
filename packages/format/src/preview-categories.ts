/** How deep a tree of categories is. */
import type { Row } from './row.ts';

export type CategoryDepth = {
  category(row: Row): void;
  /** Levels: 0 without categories. Categories that are their own ancestors end a path. */
  result(): number;
};

export const categoryDepth = (): CategoryDepth => {
  const parents = new Map<string, string>();
  let hasAny = false;
  return {
    category: ({ categoryId, parentCategoryId }) => {
      hasAny = true;
      if (typeof categoryId === 'string' && typeof parentCategoryId === 'string')
        parents.set(categoryId, parentCategoryId);
    },
    result: () => {
      const levels = new Map<string, number>();
      let deepest = hasAny ? 1 : 0;
      for (const id of parents.keys()) deepest = Math.max(deepest, levelOf(id, parents, levels));
      return deepest;
    },
  };
};

/** Walks up to what is known already, then writes the levels down on the way back: every category is passed once. */
const levelOf = (start: string, parents: ReadonlyMap<string, string>, levels: Map<string, number>): number => {
  const path: string[] = [];
  const passed = new Set<string>();
  let id: string | undefined = start;
  while (id !== undefined && !levels.has(id) && !passed.has(id)) {
    path.push(id);
    passed.add(id);
    id = parents.get(id);
  }
  let level = id === undefined ? 0 : (levels.get(id) ?? 0);
  for (const passedId of path.reverse()) {
    level += 1;
    levels.set(passedId, level);
  }
  return level;
};
