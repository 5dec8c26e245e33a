/** What a profile or a package says, whatever its ids are: so that a restore with new ids can be held against its package. */
import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  bufferSource,
  checkPackage,
  type EntityKind,
  entityKinds,
  formatRow,
  kindRules,
  mapAt,
  oneSet,
  openVolume,
  type Row,
  safeFileName,
  toPackageRow,
  type Volume,
} from '@fzip/format';
import type { Profile } from './profiles.ts';

/** Rows as a package spells them, sorted; and files by the id of their row. */
export type Contents = { lines: Record<EntityKind, string[]>; files: Map<string, string> };

const sum = (bytes: Buffer): string => `${bytes.length} bytes, sha256 ${hash('sha256', bytes).slice(0, 16)}`;

export const contentsOf = ({ rows, files }: Profile): Contents => ({
  lines: Object.fromEntries(
    entityKinds.map((kind) => [kind, rows[kind].map((row) => formatRow(toPackageRow(kind, row))).sort()]),
  ) as Contents['lines'],
  files: new Map(
    rows.transaction_files.flatMap(({ fileId, s3Key }) => {
      const bytes = files.get(String(s3Key));
      return bytes ? [[String(fileId), sum(bytes)] as const] : [];
    }),
  ),
});

/** What the strict reader finds in the volumes of one package; what it finds wrong comes as `errors`. */
export const contentsOfPackage = async (
  bytes: readonly Buffer[],
): Promise<Contents & { errors: string[]; failedFiles: string[] }> => {
  const opened = await Promise.all(bytes.map((one) => openVolume(bufferSource(one))));
  const set = oneSet(opened.map((volume, n) => ({ name: `volume ${n + 1}`, volume })));
  const volumes = set.map(({ volume }) => volume);
  const lines = Object.fromEntries(entityKinds.map((kind) => [kind, [] as string[]])) as Contents['lines'];
  const found = await checkPackage(volumes, { onRow: (kind, { row }) => void lines[kind].push(formatRow(row)) });
  for (const kind of entityKinds) lines[kind].sort();
  const errors = found.volumes.flatMap((volume) => volume.errors.map(({ message }) => message));
  if (!found.intact && errors.length === 0) errors.push('the set is not intact');
  const failedFiles = volumes.flatMap(({ manifest }) => manifest.failed_files.map(({ fileId }) => fileId));
  return { lines, files: await filesOf(volumes), errors, failedFiles };
};

const filesOf = async (volumes: readonly Volume[]): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const volume of volumes)
    for (const [id, entry] of volume.files) files.set(id, sum(await buffer(volume.body(entry))));
  return files;
};

/** The first thing in which two differ; undefined if they are the same. */
export const difference = (found: Contents, expected: Contents): string | undefined => {
  for (const kind of entityKinds) {
    const [here, there] = [found.lines[kind], expected.lines[kind]];
    if (here.length !== there.length) return `${kind}: ${here.length} rows, expected are ${there.length}`;
    const n = here.findIndex((line, place) => line !== there[place]);
    if (n !== -1) return `${kind}: ${here[n]}, expected is ${there[n]}`;
  }
  for (const [id, expectedSum] of expected.files)
    if (found.files.get(safeFileName(id)) !== expectedSum)
      return `file ${id}: ${found.files.get(safeFileName(id)) ?? 'nothing'}, expected are ${expectedSum}`;
  return found.files.size === expected.files.size
    ? undefined
    : `${found.files.size} files, expected are ${expected.files.size}`;
};

/** The same with every id replaced by what its row holds: of equal content are profiles that differ in their ids alone. */
export const withoutIds = ({ rows, files }: Profile): Contents => {
  const names = new Map<string, string>();
  // Twice, since some refer to one another: accounts to maps and maps to accounts.
  for (let look = 0; look < 3; look += 1) {
    const before = new Map(names);
    for (const kind of entityKinds)
      for (const row of rows[kind]) {
        const { id } = kindRules[kind];
        const old = id === undefined ? undefined : row[id];
        if (typeof old === 'string') names.set(`${kind} ${old}`, hash('sha256', nameless(kind, row, before)));
      }
  }
  const fileSums = rows.transaction_files.map(
    (row) => [nameless('transaction_files', row, names), sum(files.get(String(row.s3Key)) ?? Buffer.alloc(0))] as const,
  );
  // Objects that no row names would be a difference as well.
  const named = new Set(rows.transaction_files.map(({ s3Key }) => String(s3Key)));
  const strays = [...files].filter(([key]) => !named.has(key)).map(([key, bytes]) => [key, sum(bytes)] as const);
  return {
    lines: Object.fromEntries(
      entityKinds.map((kind) => [kind, rows[kind].map((row) => nameless(kind, row, names)).sort()]),
    ) as Contents['lines'],
    files: new Map([...fileSums, ...strays].map(([row, text]) => [hash('sha256', row), text])),
  };
};

/** Attributes that are made of ids, or name the owner. */
const derived = ['userId', 's3Key', 'pk', 'sk', 'transactionHash', 'statusDate'];

const nameless = (kind: EntityKind, row: Row, names: ReadonlyMap<string, string>): string => {
  const { id, references } = kindRules[kind];
  const gone = new Set([...derived, ...(id === undefined ? [] : [id])]);
  const kept = Object.fromEntries(Object.entries(toPackageRow(kind, row)).filter(([name]) => !gone.has(name)));
  const named = references.reduce(
    (changed, { field, to }) =>
      mapAt(changed, field, (value) => (typeof value === 'string' ? (names.get(`${to} ${value}`) ?? '') : value)),
    kept as Row,
  );
  return formatRow(named);
};
