/** Ids by kind, staged as gzip lines of kind and id: what rows refer to, and what of each kind a partial backup takes. */
import { createHash, hash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { EntityKind, entityKinds, everyReference, plainCheck, type Row, referencesOf } from '@fzip/format';
import type { Work } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { stagingPrefix } from '../staging.ts';

/** Ids of each kind. As many as a profile has accounts, categories, file maps and files: never as many as transactions. */
export type Ids = ReadonlyMap<EntityKind, Set<string>>;

export const noIds = (): Ids => new Map(entityKinds.map((kind) => [kind, new Set<string>()]));

export const addReferences = (ids: Ids, kind: EntityKind, row: Row): void => {
  for (const { to, id } of referencesOf(kind, row)) ids.get(to)?.add(id);
};

/** Characters of the ids that a chunk's record names: with them it stays a few KB. */
const namedAtMost = 8_000;

/** Whether nothing is odd about the rows of a chunk, and what they refer to as long as that is little. */
export const plainTally = (kind: EntityKind) => {
  const isPlain = plainCheck(kind);
  const found = noIds();
  let [holds, chars] = [true, 0];
  const note = (to: EntityKind, id: string): boolean => {
    const ids = found.get(to);
    if (!ids || ids.has(id)) return true;
    ids.add(id);
    chars += id.length;
    return chars <= namedAtMost;
  };
  return {
    add: (row: Row, line: string): void => {
      holds &&= isPlain(row, line) && everyReference(kind, row, note);
    },
    /** Undefined unless every row was plain. */
    ids: (): Partial<Record<EntityKind, string[]>> | undefined =>
      holds
        ? Object.fromEntries([...found].filter(([, ids]) => ids.size > 0).map(([to, ids]) => [to, [...ids]]))
        : undefined,
  };
};

const compress = promisify(gzip);

/** Stores ids under a name of their content, and gives its key. */
export const stageIds = async (ports: Ports, work: Work, name: string, ids: Ids): Promise<string> => {
  const lines = [...ids].flatMap(([kind, found]) => [...found].sort().map((id) => JSON.stringify([kind, id])));
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const key = `${stagingPrefix(work.jobId)}${work.attempt}/ids/${name}-${hash('sha256', content)}.ndjson.gz`;
  await ports.packages.put(key, await compress(content, { level: 1 }), { contentType: 'application/gzip' });
  return key;
};

/** Adds what was staged to `ids`. @throws Error if the object is not what was staged: a lost id would be a lost row */
export const readIds = async (ports: Ports, key: string, ids: Ids): Promise<void> => {
  const sha256 = createHash('sha256');
  const stored = await ports.packages.read(key);
  const plain = createGunzip();
  stored.on('error', (error) => plain.destroy(error));
  try {
    for await (const line of createInterface({ input: stored.pipe(plain) })) {
      sha256.update(`${line}\n`);
      const [kind, id] = JSON.parse(line) as [string, string];
      ids.get(EntityKind.parse(kind))?.add(id);
    }
  } finally {
    stored.destroy();
  }
  const found = sha256.digest('hex');
  if (!key.includes(found)) throw new Error(`${key}: the ids in it have the sha256 ${found}`);
};
