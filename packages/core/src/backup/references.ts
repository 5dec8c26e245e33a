/** Ids by kind, staged as gzip lines of kind and id: what rows refer to, and what of each kind a partial backup takes. */
import { createHash, hash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { EntityKind, entityKinds, everyReference, plainCheck, type Row } from '@fzip/format';
import type { Work } from '../messages.ts';
import type { Ports } from '../ports.ts';
import { stagingPrefix } from '../staging.ts';

/** Ids of each kind. As many as a profile has accounts, categories, file maps and files: never as many as transactions. */
export type Ids = ReadonlyMap<EntityKind, Set<string>>;

export const noIds = (): Ids => new Map(entityKinds.map((kind) => [kind, new Set<string>()]));

/** Characters of the ids that a chunk's record names: with them it stays a few KB. */
const namedAtMost = 8_000;

/** What rows refer to, and whether nothing is odd about them. */
export const referenceTally = (kind: EntityKind) => {
  const isPlain = plainCheck(kind);
  const ids = noIds();
  let [arePlain, chars] = [true, 0];
  const note = (to: EntityKind, id: string): boolean => {
    const found = ids.get(to);
    if (!found || found.has(id)) return true;
    found.add(id);
    chars += id.length;
    return true;
  };
  return {
    ids,
    add: (row: Row, line: string): void => {
      arePlain &&= isPlain(row, line);
      everyReference(kind, row, note);
    },
    /** The same ids for a chunk's record: undefined if they are many, or if a row was not plain. */
    plain: (): Partial<Record<EntityKind, string[]>> | undefined => {
      if (!arePlain || chars > namedAtMost) return undefined;
      return Object.fromEntries([...ids].flatMap(([to, found]) => (found.size === 0 ? [] : [[to, [...found]]])));
    },
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
