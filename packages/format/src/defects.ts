/** What is odd about a row and yet travels: values that no schema allows, references that lead nowhere. */
import type { z } from 'zod';
import { circleDefect, createCategoryCheck } from './category-check.ts';
import { type EntityKind, entityKinds, type FieldPath, kindRules } from './entities.ts';
import { everyText, valuesAt } from './fields.ts';
import { mostDefects, type Problem, problems } from './manifest.ts';
import type { Row } from './row.ts';

/** A statement of `known_defects`: so many rows of a kind lack a target, or hold an odd value, at a field. */
export type Defect =
  | { kind: EntityKind; field: FieldPath; missing: string; rows: number }
  | { kind: EntityKind; field: FieldPath; problem: Problem; rows: number };

export type OddValue = { field: FieldPath; problem: Problem; message: string };

/** What the kind's schema has against a row, once for each field and problem. Costs microseconds when there is nothing. */
export const oddValues = (kind: EntityKind, row: Row): OddValue[] => {
  const result = kindRules[kind].schema.safeParse(row);
  if (result.success) return [];
  const found = new Map<string, OddValue>();
  for (const issue of result.error.issues) {
    const odd = { field: fieldPath(issue.path), problem: problemOf(issue), message: issue.message };
    found.set(`${odd.field} ${odd.problem}`, odd);
  }
  return [...found.values()];
};

/** `['categories', 0, 'categoryId']` gives `categories[].categoryId`. */
const fieldPath = (path: readonly PropertyKey[]): FieldPath =>
  path.reduce<string>((field, step) => {
    if (typeof step === 'number') return `${field}[]`;
    return field === '' ? String(step) : `${field}.${String(step)}`;
  }, '');

const problemOf = (issue: z.core.$ZodIssue): Problem => {
  switch (issue.code) {
    case 'invalid_value':
      return 'enum';
    case 'invalid_format':
      return 'format';
    case 'too_big':
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'length' : 'range';
    case 'custom':
      return problems.find((problem) => problem === issue.params?.problem) ?? 'format';
    default:
      return 'type';
  }
};

export type Dangling = { field: FieldPath; to: EntityKind; id: string };

/** Every reference of a row, once for each field and target. Values that are no text are odd rather than dangling. */
export const referencesOf = (kind: EntityKind, row: Row): Dangling[] => {
  const found: Dangling[] = [];
  for (const { field, to } of kindRules[kind].references) {
    for (const id of new Set(valuesAt(row, field))) {
      if (typeof id === 'string') found.push({ field, to, id });
    }
  }
  return found;
};

/** Looks whether something holds for every reference of a row. */
export const everyReference = (kind: EntityKind, row: Row, holds: (to: EntityKind, id: string) => boolean): boolean =>
  referenceReaders[kind].every(({ to, everyId }) => everyId(row, (id) => holds(to, id)));

const referenceReaders = Object.fromEntries(
  entityKinds.map((kind) => [
    kind,
    kindRules[kind].references.map(({ field, to }) => ({ to, everyId: everyText(field) })),
  ]),
) as Record<EntityKind, { to: EntityKind; everyId: ReturnType<typeof everyText> }[]>;

/** One text for each thing that a defect can state, without the number of rows. */
export const defectKey = (defect: {
  kind: EntityKind;
  field: FieldPath;
  missing?: unknown;
  problem?: unknown;
}): string =>
  JSON.stringify([
    entityKinds.indexOf(defect.kind),
    defect.field,
    defect.problem === undefined ? 'missing' : 'problem',
    defect.problem ?? defect.missing,
  ]);

/** Counts defects row by row. Beyond `limit` distinct ones it stops and has `overflowed`: the backup must then fail. */
export class DefectLedger {
  readonly #found = new Map<string, Defect>();
  readonly #limit: number;
  readonly #categories = createCategoryCheck();
  #overflowed = false;

  constructor(limit = mostDefects) {
    this.#limit = limit;
  }

  get overflowed(): boolean {
    return this.#overflowed;
  }

  /**
   * @param ids knows the id of every row of the profile that can be referred to
   * @param isPlain it is known that no value of the row is odd
   */
  add(kind: EntityKind, row: Row, ids: { has(kind: EntityKind, id: string): boolean }, isPlain = false): void {
    if (kind === 'categories') this.#categories.row(row);
    if (isPlain && everyReference(kind, row, (to, id) => ids.has(to, id))) return;
    for (const { field, problem } of oddValues(kind, row)) this.#count({ kind, field, problem, rows: 1 });
    for (const { field, to, id } of referencesOf(kind, row)) {
      if (!ids.has(to, id)) this.#count({ kind, field, missing: id, rows: 1 });
    }
  }

  /** Every defect, in an order that does not depend on that of the rows. */
  list(): Defect[] {
    const inCircles = this.#categories.circles().reduce((sum, circle) => sum + circle.length, 0);
    const found = new Map(this.#found);
    if (inCircles > 0) {
      const key = defectKey(circleDefect);
      found.set(key, { ...circleDefect, rows: inCircles + (found.get(key)?.rows ?? 0) });
    }
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, defect]) => ({ ...defect }));
  }

  #count(defect: Defect): void {
    const key = defectKey(defect);
    const known = this.#found.get(key);
    if (known) known.rows += 1;
    else if (this.#found.size < this.#limit) this.#found.set(key, defect);
    else this.#overflowed = true;
  }
}
