/** What differs between two packages: rows by id or, where ids were made anew, by content; files by their bytes. */
import { createHash, hash } from 'node:crypto';
import { dataEntry, type EntityKind, entityKinds, idOf } from '../entities.ts';
import { PackageRefused } from '../errors.ts';
import { safeFileName } from '../names.ts';
import type { Volume } from '../reader.ts';
import type { Row, Value } from '../row.ts';
import { matchByContent, namingKey, type Tokens, withoutIds } from './by-content.ts';
import { type ChangedField, changedFields } from './changed-fields.ts';
import { comparable, nameOf } from './comparable.ts';
import type { Side } from './key-table.ts';
import { type Compared, type Counts, type Matched, matchByKey, type RowDifference, type Sides } from './matching.ts';

export type DiffKind = EntityKind | 'files';
export const diffKinds: readonly DiffKind[] = [...entityKinds, 'files'];

/** `id` is the row's in its own package; of a changed row, that in the first. `name` is what the row calls itself. */
export type Difference = { kind: DiffKind; id: string | undefined; name?: string } & (
  | { change: 'added' | 'removed' }
  | { change: 'changed'; fields: ChangedField[] }
);

export type DiffOptions = {
  /** `auto` compares by content if the packages have rows of the small kinds and not one id of them in common. */
  by?: 'auto' | 'id' | 'content';
  /** Differences of each kind that are handed on; all are counted. */
  limit?: number;
  onDifference?: (difference: Difference) => void | Promise<void>;
  /** Hears of bytes read so far, those that are read twice among them. */
  onProgress?: (bytes: number) => void;
};

export type PackageDiff = { equal: boolean; by: 'id' | 'content'; kinds: Record<DiffKind, Counts> };

/**
 * Compares two packages, each of all its volumes. The first is the older one: what only the second has was added. Not compared are
 * `userId` and `s3Key`, which every restore makes anew; null is absent, and numbers are equal by value.
 * @throws PackageRefused if one of them is damaged, or holds an id twice; whatever the sources fail with
 */
export const diffPackages = async (
  a: readonly Volume[],
  b: readonly Volume[],
  options: DiffOptions = {},
): Promise<PackageDiff> => {
  const reader = { a: rowReader(a, options.onProgress), b: rowReader(b, options.onProgress) };
  const by = options.by === undefined || options.by === 'auto' ? await chooseBy(reader) : options.by;
  const kinds = Object.fromEntries(diffKinds.map((kind) => [kind, none()])) as PackageDiff['kinds'];
  const tell = async (kind: DiffKind, { counts, differences }: Matched): Promise<void> => {
    kinds[kind] = counts;
    await tellOf(kind, counts, differences(), options);
  };
  await (by === 'id' ? compareById(reader, tell) : compareByContent(reader, tell));
  const equal = Object.values(kinds).every(({ changed, added, removed }) => changed + added + removed === 0);
  return { equal, by, kinds };
};

const none = (): Counts => ({ same: 0, changed: 0, added: 0, removed: 0 });
type Tell = (kind: DiffKind, matched: Matched) => Promise<void>;

const tellOf = async (
  kind: DiffKind,
  { changed, added, removed }: Counts,
  found: AsyncGenerator<RowDifference>,
  { limit = Number.POSITIVE_INFINITY, onDifference }: DiffOptions,
): Promise<void> => {
  let left = Math.min(limit, changed + added + removed);
  if (!onDifference || left === 0) return;
  for await (const difference of found) {
    await onDifference(inWords(kind, difference));
    left -= 1;
    if (left === 0) return;
  }
};

const inWords = (kind: DiffKind, difference: RowDifference): Difference => {
  const { id, shown } = difference.change === 'changed' ? difference.a : difference.row;
  const name = kind === 'files' ? textOf(shown.name) : nameOf(kind, shown);
  const head = { kind, id, ...(name === undefined ? {} : { name }) };
  if (difference.change !== 'changed') return { ...head, change: difference.change };
  const { a, b } = difference;
  return { ...head, change: 'changed', fields: changedFields(a.row, b.row, { a: a.shown, b: b.shown }) };
};

const textOf = (value: Value | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

type RowReader = {
  rows(kind: EntityKind): AsyncGenerator<Row>;
  /** Each file with the size and sha256 of its bytes. */
  files(): AsyncGenerator<{ fileId: string; row: Row; shown: Row }>;
};
type Readers = Record<Side, RowReader>;

const rowReader = (volumes: readonly Volume[], onProgress: DiffOptions['onProgress']): RowReader => {
  let read = 0;
  const progress = (bytes: number): void => {
    read += bytes;
    onProgress?.(read);
  };
  return {
    rows: async function* (kind) {
      for (const volume of volumes) {
        for await (const { row, line } of volume.rows(kind)) {
          progress(line.length);
          yield row;
        }
      }
    },
    files: async function* () {
      for (const volume of volumes) {
        for (const [fileId, entry] of volume.files) {
          const sha256 = createHash('sha256');
          for await (const chunk of volume.body(entry) as AsyncIterable<Buffer>) {
            sha256.update(chunk);
            progress(chunk.length);
          }
          const row = { bytes: entry.size, sha256: sha256.digest('hex') };
          yield { fileId, row, shown: { ...row, name: entry.name } };
        }
      }
    },
  };
};

const smallKinds = ['accounts', 'categories', 'file_maps', 'transaction_files'] as const;

/** A restore that makes ids anew makes all of them anew. */
const chooseBy = async ({ a, b }: Readers): Promise<'id' | 'content'> => {
  const ids = new Set<string>();
  for (const kind of smallKinds) for await (const row of a.rows(kind)) ids.add(`${kind} ${idOf(kind, row)}`);
  let count = 0;
  for (const kind of smallKinds) {
    for await (const row of b.rows(kind)) {
      if (ids.has(`${kind} ${idOf(kind, row)}`)) return 'id';
      count += 1;
    }
  }
  return ids.size > 0 && count > 0 ? 'content' : 'id';
};

const compareById = async (reader: Readers, tell: Tell): Promise<void> => {
  const stream = (side: Side, kind: EntityKind) =>
    async function* (): AsyncGenerator<Compared> {
      for await (const shown of reader[side].rows(kind)) {
        const id = idOf(kind, shown);
        if (id === undefined) throw new PackageRefused('BAD_ROW', 'a row has no id', dataEntry(kind));
        yield { key: id, id, row: comparable(kind, shown), shown };
      }
    };
  for (const kind of entityKinds) {
    const refuse = (_side: Side, { id }: Compared): never => {
      throw new PackageRefused('DUPLICATE_ID', `two rows share the id ${id}; allowed is one`, dataEntry(kind));
    };
    await tell(kind, await matchByKey({ a: stream('a', kind), b: stream('b', kind) }, { onDouble: refuse }));
  }
  await tell('files', await matchByKey(fileSides(reader, (_side, fileId) => fileId)));
};

const fileSides = (reader: Readers, keyOf: (side: Side, fileId: string) => string): Sides => {
  const stream = (side: Side) =>
    async function* (): AsyncGenerator<Compared> {
      for await (const { fileId, row, shown } of reader[side].files()) {
        const key = keyOf(side, fileId);
        yield { key, id: fileId, row: { ...row, file: key }, shown };
      }
    };
  return { a: stream('a'), b: stream('b') };
};

const compareByContent = async (reader: Readers, tell: Tell): Promise<void> => {
  const tokens: Record<Side, Tokens> = { a: new Map(), b: new Map() };
  for (const side of ['a', 'b'] as const) tokens[side].set('categories', await categoryPaths(reader[side]));
  const sides = (kind: EntityKind, leftOut: readonly string[] = []): Sides => {
    const stream = (side: Side) =>
      async function* (): AsyncGenerator<Compared> {
        for await (const shown of reader[side].rows(kind)) {
          const row = withoutIds(kind, comparable(kind, shown), tokens[side], leftOut);
          yield { key: namingKey(kind, row), id: idOf(kind, shown), row, shown };
        }
      };
    return { a: stream('a'), b: stream('b') };
  };
  const keepTokens = async (kind: EntityKind, matched: Awaited<ReturnType<typeof matchByContent>>): Promise<void> => {
    for (const side of ['a', 'b'] as const) tokens[side].set(kind, await matched.tokens(side));
  };
  // Accounts and file maps refer to one another: accounts are known without their maps first, and compared with them later.
  await keepTokens('accounts', await matchByContent(sides('accounts', ['defaultFileMapId'])));
  const fileMaps = await matchByContent(sides('file_maps'));
  await keepTokens('file_maps', fileMaps);
  await tell('accounts', await matchByContent(sides('accounts')));
  await tell('file_maps', fileMaps);
  for (const kind of ['categories', 'transaction_files'] as const) {
    const matched = await matchByContent(sides(kind));
    if (kind === 'transaction_files') await keepTokens(kind, matched);
    await tell(kind, matched);
  }
  for (const kind of ['transactions', 'analytics'] as const) await tell(kind, await matchByContent(sides(kind)));
  // Rows that are alike share what stands for them, so their files are counted by content as the rows are.
  await tell('files', await matchByContent(fileSides(reader, fileTokens(tokens))));
};

/** A file's entry goes by the id of its row, spelled as entry names are. */
const fileTokens = (tokens: Record<Side, Tokens>): ((side: Side, fileId: string) => string) => {
  const safe = (side: Side) =>
    new Map([...(tokens[side].get('transaction_files') ?? [])].map(([id, token]) => [safeFileName(id), token]));
  const known = { a: safe('a'), b: safe('b') };
  return (side, fileId) => known[side].get(fileId) ?? `${side}${fileId}`;
};

/** A category is known by its name and those of its ancestors, so that a changed rule of a parent is no change of its children. */
const categoryPaths = async (reader: RowReader): Promise<Map<string, string>> => {
  const found = new Map<string, { name: string; parent: string | undefined }>();
  for await (const row of reader.rows('categories')) {
    const id = idOf('categories', row);
    if (id !== undefined)
      found.set(id, { name: JSON.stringify([row.name, row.type].map(String)), parent: textOf(row.parentCategoryId) });
  }
  const paths = new Map<string, string>();
  // A digest, since a path may be as long as there are categories.
  const below = (above: string, id: string): string =>
    hash('sha256', `${above}\n${found.get(id)?.name}`, 'hex').slice(0, 32);
  for (const id of found.keys()) {
    const open: string[] = [];
    const seen = new Set<string>();
    let at: string | undefined = id;
    while (at !== undefined && found.has(at) && !paths.has(at) && !seen.has(at)) {
      seen.add(at);
      open.push(at);
      at = found.get(at)?.parent;
    }
    // A circle has no beginning: each in it is known by its own name, wherever it was entered.
    if (at !== undefined && seen.has(at))
      for (const one of open.splice(open.indexOf(at))) paths.set(one, below('(circle)', one));
    let above = at === undefined ? '' : (paths.get(at) ?? '(nowhere)');
    for (const one of open.reverse()) {
      above = below(above, one);
      paths.set(one, above);
    }
  }
  return paths;
};
