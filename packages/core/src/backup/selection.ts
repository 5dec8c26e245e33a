/**
 * Which rows a backup takes. A complete one takes all. A partial one takes what its filters let through and whatever the
 * rows taken refer to, with all that those refer to, so that every package restores.
 */
import { type EntityKind, idOf, kindRules, type Row, referencesOf, valuesAt } from '@fzip/format';
import * as z from 'zod';
import { backupParameters, type Job } from '../jobs.ts';
import { scopeOf } from '../ledger.ts';
import { rowPages } from '../pages.ts';
import type { LedgerScope, Ports } from '../ports.ts';
import { collectedOf } from './collected.ts';
import type { BackupParameters } from './parameters.ts';
import { type Ids, noIds, readIds, stageIds } from './references.ts';
import { isRoot } from './types.ts';

/** `attributes`: what `takes` looks at. Nothing can be taken where `none` is true, so nothing has to be read. */
export type Selection = { takes(row: Row): boolean; attributes: readonly string[]; none: boolean };

const all: Selection = { takes: () => true, attributes: [], none: false };
const nothing: Selection = { takes: () => false, attributes: [], none: true };

export const selectionOf = async (ports: Ports, job: Job, kind: EntityKind): Promise<Selection> => {
  const parameters = backupParameters(job);
  if (kind === 'transactions') return isRoot(parameters, kind) ? filtered(parameters) : nothing;
  if (isRoot(parameters, kind)) return all;
  if (kind === 'transaction_files') return within(kind, await referredTo(ports, job, ['transactions']));
  const ids = await closed(ports, job);
  return kind === 'analytics' ? ofAccounts(parameters, ids) : within(kind, ids);
};

/** Where a transaction names its categories. */
const categoryFields = kindRules.transactions.references.filter(({ to }) => to === 'categories');

const filtered = ({ accountIds, categoryIds }: BackupParameters): Selection => {
  if (!accountIds && !categoryIds) return all;
  const accounts = accountIds && new Set<unknown>(accountIds);
  const categories = categoryIds && new Set<unknown>(categoryIds);
  const isOfCategory = (row: Row): boolean =>
    categoryFields.some(({ field }) => valuesAt(row, field).some((id) => categories?.has(id)));
  return {
    takes: (row) => (!accounts || accounts.has(row.accountId)) && (!categories || isOfCategory(row)),
    attributes: ['accountId', ...categoryFields.map(({ field }) => field.replace(/[[.].*$/, ''))],
    none: false,
  };
};

const within = (kind: EntityKind, ids: Ids): Selection => {
  const wanted = ids.get(kind) ?? new Set();
  return { takes: (row) => wanted.has(idOf(kind, row) ?? ''), attributes: [], none: wanted.size === 0 };
};

/** Analytics of the accounts taken; those of no account in particular speak of the whole profile. */
const ofAccounts = (parameters: BackupParameters, ids: Ids): Selection => ({
  takes: ({ accountId }) =>
    accountId === undefined ||
    accountId === null ||
    isRoot(parameters, 'accounts') ||
    (ids.get('accounts')?.has(String(accountId)) ?? false),
  attributes: ['accountId'],
  none: false,
});

const readAtOnce = 8;

/** What the collected rows of some kinds refer to. */
const referredTo = async (ports: Ports, job: Job, kinds: readonly EntityKind[]): Promise<Ids> => {
  const ids = noIds();
  for (const kind of kinds) {
    const keys = (await collectedOf(ports, job, kind)).chunks.flatMap(({ refers }) => refers ?? []);
    for (let at = 0; at < keys.length; at += readAtOnce) {
      await Promise.all(keys.slice(at, at + readAtOnce).map((key) => readIds(ports, key, ids)));
    }
  }
  return ids;
};

const closedScope = (job: Job): LedgerScope => scopeOf(job, 'backup-collect', 'selection');
const Closed = z.object({ key: z.string() });

/**
 * The accounts, categories and file maps that transactions and files refer to or that the request names, and in turn
 * what those refer to. Found once, so that all pieces take the same.
 */
const closed = async (ports: Ports, job: Job): Promise<Ids> => {
  const kept = await ports.ledger.get(closedScope(job), 0);
  const { key } = Closed.parse(
    kept ?? (await ports.ledger.put(closedScope(job), 0, { key: await stageClosed(ports, job) })),
  );
  const ids = noIds();
  await readIds(ports, key, ids);
  return ids;
};

const stageClosed = async (ports: Ports, job: Job): Promise<string> => {
  const parameters = backupParameters(job);
  const ids = await referredTo(ports, job, ['transactions', 'transaction_files']);
  for (const id of parameters.accountIds ?? []) ids.get('accounts')?.add(id);
  for (const id of parameters.categoryIds ?? []) ids.get('categories')?.add(id);
  const graph = await readGraph(ports, job.userId);
  for (const kind of linked) {
    if (isRoot(parameters, kind)) for (const id of graph.get(kind)?.keys() ?? []) ids.get(kind)?.add(id);
  }
  follow(graph, ids);
  return stageIds(ports, job, 'selection', ids);
};

/** Kinds whose rows refer to one another. */
const linked = ['accounts', 'categories', 'file_maps'] as const;

/** By kind and id: what a row refers to. */
type Graph = Map<EntityKind, Map<string, { to: EntityKind; id: string }[]>>;

const readGraph = async (ports: Ports, userId: string): Promise<Graph> => {
  const graph: Graph = new Map();
  for (const kind of linked) {
    const rows = new Map<string, { to: EntityKind; id: string }[]>();
    graph.set(kind, rows);
    const { id = '', references } = kindRules[kind];
    const attributes = [id, ...references.map(({ field }) => field)];
    for await (const page of rowPages(ports, { userId, kind, attributes }))
      for (const row of page) rows.set(idOf(kind, row) ?? '', referencesOf(kind, row));
  }
  return graph;
};

const follow = (graph: Graph, ids: Ids): void => {
  const open = linked.flatMap((kind) => [...(ids.get(kind) ?? [])].map((id) => ({ to: kind as EntityKind, id })));
  for (let next = open.pop(); next; next = open.pop()) {
    for (const reference of graph.get(next.to)?.get(next.id) ?? []) {
      const known = ids.get(reference.to);
      if (!known || known.has(reference.id)) continue;
      known.add(reference.id);
      open.push(reference);
    }
  }
};
