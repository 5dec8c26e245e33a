/** Repairs within memory, and holds what came of it against what there was. */
import { expect } from 'vitest';
import {
  bufferSource,
  checkVolume,
  type EntityKind,
  entityKinds,
  openVolume,
  PackageRefused,
  type Repaired,
  surveyPackage,
  type VolumeCheck,
  writeRepaired,
} from '../src/index.ts';
import { memorySink, unpack } from './packing.ts';

export type Saved = Repaired & { zip: Buffer; check: VolumeCheck };

/** What is saved of some bytes; undefined if nothing can be. The outcome is always intact. */
export const saved = async (bytes: Buffer, options: { unproven?: boolean } = {}): Promise<Saved | undefined> => {
  const { sink, bytes: written } = memorySink();
  try {
    const survey = await surveyPackage(bufferSource(bytes));
    const repaired = await writeRepaired(survey, { sink, now: new Date('2026-04-01T00:00:00Z'), ...options });
    const zip = written();
    const check = await checkVolume(await openVolume(bufferSource(zip)));
    expect(check.errors).toEqual([]);
    expect(check.intact).toBe(true);
    return { ...repaired, zip, check };
  } catch (error) {
    if (error instanceof PackageRefused && error.code === 'NOTHING_SAVED') return undefined;
    throw error;
  }
};

export type Rows = Record<EntityKind, string[]>;

/** The lines of an intact package. */
export const linesOf = async (zip: Buffer): Promise<Rows> => {
  const volume = await openVolume(bufferSource(zip));
  const found = {} as Rows;
  for (const kind of entityKinds) {
    found[kind] = [];
    for await (const { line } of volume.rows(kind)) found[kind].push(line);
  }
  return found;
};

/** Nothing in it that was not in the other, and every file byte by byte. */
export const expectPartOf = async (
  part: Buffer,
  whole: { lines: Rows; entries: Map<string, Buffer> },
): Promise<Rows> => {
  const lines = await linesOf(part);
  for (const kind of entityKinds) {
    const known = new Set(whole.lines[kind]);
    for (const line of lines[kind]) if (!known.has(line)) throw new Error(`${kind}: a row that never was: ${line}`);
  }
  for (const [name, bytes] of await unpack(part)) {
    if (name.startsWith('files/') && !whole.entries.get(name)?.equals(bytes)) throw new Error(`${name} was changed`);
  }
  return lines;
};
