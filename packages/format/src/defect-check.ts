/** Compares what is odd in a volume with what its manifest states. FORMAT.md, "Known defects". HouseF3's own packages state nothing. */
import { circleDefect } from './category-check.ts';
import { type Defect, defectKey, everyReference, oddValues, referencesOf } from './defects.ts';
import { dataEntry, type EntityKind, type FieldPath } from './entities.ts';
import type { Finding, RefusalCode } from './errors.ts';
import type { Report } from './findings.ts';
import { manifestEntry } from './manifest.ts';
import type { Volume } from './reader.ts';
import type { Row } from './row.ts';
import type { RowLine } from './rows.ts';
import { type Unwritable, unwritableKeys } from './writable.ts';

export type DefectCheck = {
  /**
   * Looks at one row, the `number`th of its kind; its id, or else the number, stands for it in errors, `path` gives its JSON path. Of a plain
   * row it is known that no value is odd.
   */
  row(
    kind: EntityKind,
    read: Pick<RowLine, 'row' | 'isPlain' | 'known'>,
    id: string | undefined,
    number: number,
    report: Report,
    path: RowPath,
  ): void;
  /** Categories that are one another's parents, by their ids. */
  circle(ids: string[], report: Report): void;
  /** All rows of a kind were seen: references to it are decided from now on. */
  kindRead(kind: EntityKind, report: Report): void;
  /** The rows of a kind could not be read to their end: references to it cannot be judged. */
  kindBroken(kind: EntityKind): void;
  /** Compares the statements with what was found in all rows looked at. */
  end(report: Report): void;
};

/** The JSON path of a row, or of a field in it. */
export type RowPath = (field?: string) => string;

type Waiting = {
  kind: EntityKind;
  field: FieldPath;
  to: EntityKind;
  id: string;
  rows: number;
  name: string;
  path: string;
};

/** Kinds that others refer to; they stand whole in volume 1, and their ids fit in memory. */
const targets: readonly EntityKind[] = ['accounts', 'categories', 'file_maps', 'transaction_files'];

/** Without its account HouseF3 refuses the whole package; any other target it can do without. */
const needsAccount = ({ kind, field }: Defect): boolean =>
  field === 'accountId' && (kind === 'transactions' || kind === 'file_maps');

/**
 * Undeclared defects are errors at once, too many of a declared one are an error in the end, too few a warning.
 * @param volumes whose rows will be looked at, in that order; their statements count together
 * @param isWhole they are all that there are: nothing else could hold a row that a statement counts
 */
export const createDefectCheck = (
  volumes: readonly Pick<Volume, 'manifest' | 'dialect'>[],
  isWhole: boolean,
): DefectCheck => {
  const dialect = volumes[0]?.dialect;
  // The small kinds stand in volume 1 alone, so without it nothing can be told to be missing.
  const knowsTargets = volumes[0]?.manifest.volume.number === 1;
  const ids = new Map<EntityKind, Set<string>>(targets.map((kind) => [kind, new Set()]));
  const done = new Set<EntityKind>();
  const unknown = new Set<EntityKind>();
  const waiting = new Map<string, Waiting>();
  const stated = new Map<string, { statement: Defect; found: number }>();
  for (const statement of volumes.flatMap(({ manifest }) => manifest.known_defects as Defect[])) {
    const key = defectKey(statement);
    const rows = (stated.get(key)?.statement.rows ?? 0) + statement.rows;
    stated.set(key, { statement: { ...statement, rows }, found: 0 });
  }

  const found = (
    defect: Defect,
    code: RefusalCode,
    name: string,
    message: string,
    report: Report,
    path?: string,
  ): void => {
    const known = stated.get(defectKey(defect));
    const finding: Finding = {
      code,
      message: `${defect.kind}: ${message}`,
      entry: dataEntry(defect.kind),
      id: name,
      ...(path !== undefined && { path }),
    };
    if (known) known.found += defect.rows;
    else if (dialect === 'housef3-2.5' && 'missing' in defect && !needsAccount(defect)) report.warn(finding);
    else report.error(finding);
  };

  const dangling = ({ kind, field, to, id, rows, name, path }: Waiting, report: Report): void => {
    if (ids.get(to)?.has(id)) return;
    const message = `${field} refers to ${JSON.stringify(id)}, which is not among ${to}${dialect === 'fzip-1.0' ? ', and known_defects does not say so' : ''}`;
    found({ kind, field, missing: id, rows }, 'DANGLING_REFERENCE', name, message, report, path);
  };

  const reference = (one: Waiting, report: Report): void => {
    if (done.has(one.to)) {
      dangling(one, report);
      return;
    }
    const key = JSON.stringify([one.kind, one.field, one.id]);
    const known = waiting.get(key);
    if (known) known.rows += 1;
    else waiting.set(key, one);
  };

  const isThere = (to: EntityKind, id: string): boolean =>
    unknown.has(to) || (done.has(to) && ids.get(to)?.has(id) === true);

  const oddities = (kind: EntityKind, row: Row, name: string, report: Report, path: RowPath): Unwritable[] => {
    const unwritable = unwritableKeys(kind, row);
    // No statement helps here: the table would not take the row.
    for (const { message, field } of unwritable)
      report.error({
        code: 'BAD_KEY',
        message: `${kind}: ${message}`,
        entry: dataEntry(kind),
        id: name,
        path: path(field),
      });
    for (const { field, problem, message } of oddValues(kind, row)) {
      if (unwritable.some((key) => key.field === field)) continue;
      found(
        { kind, field, problem, rows: 1 },
        'BAD_ROW',
        name,
        `${field} has a wrong ${problem}: ${message}`,
        report,
        path(field),
      );
    }
    return unwritable;
  };

  const row: DefectCheck['row'] = (kind, read, ownId, number, report, path) => {
    if (ownId !== undefined && knowsTargets) ids.get(kind)?.add(ownId);
    if (read.known && (!knowsTargets || read.known.everyReference(isThere))) return;
    const { row, isPlain } = read;
    const name = ownId ?? `row ${number}`;
    const unwritable = isPlain ? [] : oddities(kind, row, name, report, path);
    if (!knowsTargets || everyReference(kind, row, isThere)) return;
    for (const { field, to, id: target } of referencesOf(kind, row)) {
      if (unknown.has(to)) continue;
      if (unwritable.some((key) => key.field === field)) continue;
      reference({ kind, field, to, id: target, rows: 1, name, path: path(field) }, report);
    }
  };

  const circle: DefectCheck['circle'] = (circle, report) => {
    const name = circle.toSorted()[0] as string;
    const message = `${circle.length} of them are one another's parents, ${name} among them; allowed are trees`;
    found({ ...circleDefect, rows: circle.length }, 'CATEGORY_CYCLE', name, message, report);
  };

  const kindRead: DefectCheck['kindRead'] = (kind, report) => {
    done.add(kind);
    for (const [key, one] of waiting) {
      if (one.to !== kind) continue;
      waiting.delete(key);
      dangling(one, report);
    }
  };

  const kindBroken: DefectCheck['kindBroken'] = (kind) => {
    unknown.add(kind);
    for (const [key, { to }] of waiting) if (to === kind) waiting.delete(key);
  };

  const end: DefectCheck['end'] = (report) => {
    for (const { statement, found: rows } of stated.values()) {
      const where = `${statement.kind} ${statement.field} ${'problem' in statement ? statement.problem : JSON.stringify(statement.missing)}`;
      const message = `known_defects: ${where}: ${rows} rows, stated are ${statement.rows}`;
      const code: RefusalCode = 'problem' in statement ? 'BAD_ROW' : 'DANGLING_REFERENCE';
      if (rows > statement.rows) report.error({ code: 'BAD_STATEMENT', message, entry: manifestEntry });
      // Of a part, the statement may count rows of other volumes.
      else if (rows < statement.rows && isWhole)
        report.warn({ code: 'STALE_STATEMENT', message: `${message}: stale`, entry: manifestEntry });
      else if (rows > 0) report.warn({ code, message, entry: manifestEntry });
    }
  };

  return { row, circle, kindRead, kindBroken, end };
};
