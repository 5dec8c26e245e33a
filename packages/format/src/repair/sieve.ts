/** Which rows of a damaged package may stand in a sound one, as canonical lines. */
import { DefectLedger, oddValues } from '../defects.ts';
import { type EntityKind, entityKinds, idOf, kindRules } from '../entities.ts';
import { createIdSet } from '../id-set.ts';
import { safeFileName } from '../names.ts';
import { normalizer } from '../normalize.ts';
import type { Row } from '../row.ts';
import { unwritableKeys } from '../writable.ts';
import { type DamagedRow, damagedRows } from './damaged-rows.ts';
import { dataBytes, soundly } from './data-bytes.ts';
import type { FoundData, Survey } from './survey.ts';
import type { Window } from './window.ts';

export type SavedRow = { row: Row; isPlain: boolean };
export type LostRow = { number: number; id?: string; reason: string };

/** Whether rows of an entry are taken at all. */
export const isUsable = ({ status }: FoundData, unproven: boolean): boolean => status !== 'broken' || unproven;

/** The rows of a kind that are kept, some at a time. The same ones every time. */
export const savedRows = async function* (
  window: Window,
  survey: Survey,
  found: FoundData,
  lose: (row: LostRow) => void,
): AsyncGenerator<SavedRow[]> {
  const { kind, place, isGzip, status } = found;
  const sieve = createSieve(kind, survey, status === 'broken', lose);
  const { json } = dataBytes(window, place, isGzip, status === 'broken' ? found.fine : soundly);
  for await (const rows of damagedRows(json, kind, survey.limits.lineBytes)) {
    yield rows.flatMap((row) => sieve(row) ?? []);
  }
};

const createSieve = (
  kind: EntityKind,
  { dialect }: Survey,
  isUnproven: boolean,
  lose: (row: LostRow) => void,
): ((found: DamagedRow) => SavedRow | undefined) => {
  const normalize = normalizer(kind, dialect);
  const ids = createIdSet();
  const needsId = kindRules[kind].id !== undefined;
  return (found) => {
    if ('fault' in found) {
      lose({ number: found.number, reason: found.fault });
      return undefined;
    }
    const { number, isPlain } = found;
    const row = isPlain ? found.row : normalize(found.row);
    const id = idOf(kind, row);
    const reason = isPlain ? undefined : faultOf(kind, row, isUnproven);
    const isSecond = id !== undefined && reason === undefined && !ids.add(id);
    if (reason === undefined && !isSecond && (id !== undefined || !needsId)) return { row, isPlain };
    const why = reason ?? (isSecond ? 'a second row of this id' : 'it has no id');
    lose({ number, ...(id !== undefined && { id }), reason: why });
    return undefined;
  };
};

/** No table takes a row with a bad key. What no checksum proves must at least be what its kind demands. */
const faultOf = (kind: EntityKind, row: Row, isUnproven: boolean): string | undefined => {
  const [unwritable] = unwritableKeys(kind, row);
  if (unwritable) return unwritable.message;
  const [odd] = isUnproven ? oddValues(kind, row) : [];
  return odd && `unproven, and ${odd.field} has a wrong ${odd.problem}`;
};

/** The small kinds, which others refer to. Their ids fit in memory. */
const targets: readonly EntityKind[] = ['accounts', 'categories', 'file_maps', 'transaction_files'];

export type Owner = { fileId: string; fileName: string };

export type KeptIds = {
  has(kind: EntityKind, id: string): boolean;
  /** Rows of transaction_files, by their id as entry names spell it. */
  owners: ReadonlyMap<string, Owner>;
};

/** Reads the small kinds, so that what refers to a lost row is known before the first row is written. */
export const keptIds = async (window: Window, survey: Survey, unproven: boolean): Promise<KeptIds> => {
  const ids = new Map<EntityKind, Set<string>>(entityKinds.map((kind) => [kind, new Set()]));
  const owners = new Map<string, Owner>();
  for (const kind of targets) {
    const found = survey.data.get(kind);
    if (!found || !isUsable(found, unproven)) continue;
    for await (const rows of savedRows(window, survey, found, () => {})) {
      for (const { row } of rows) {
        const id = idOf(kind, row);
        if (id === undefined) continue;
        ids.get(kind)?.add(id);
        if (kind === 'transaction_files')
          owners.set(safeFileName(id), { fileId: id, fileName: typeof row.fileName === 'string' ? row.fileName : '' });
      }
    }
  }
  return { has: (kind, id) => ids.get(kind)?.has(id) === true, owners };
};

/** As many as a manifest has room for. */
const mostDefects = 100_000;

export const createLedger = (): DefectLedger => new DefectLedger(mostDefects);
